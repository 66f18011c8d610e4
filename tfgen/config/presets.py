"""The configuration of a preset."""

import warnings
from typing import Any

from tfgen.config.data import DataConfig, is_point_data
from tfgen.config.families import AUTO, config_class, find_family, find_preset
from tfgen.config.gan import AdversarialConfig
from tfgen.config.migration import current_preset
from tfgen.config.run import RunConfig
from tfgen.config.train import TrainConfig
from tfgen.errors import ConfigError

#: The data set of a run that names none, and the preset whose recipe it has.
DEFAULT_DATA, QUICK = DataConfig().data, "quick"


def default_preset(data: str | None, init_from: str | None = None) -> str:
    """The preset of a run that names none: quick for digits and points, whose recipes are fixed, otherwise auto.

    Args:
        data: name or path of the data set, or None.
        init_from: a run or model whose weights the training starts from, which also determines the architecture.
    """
    name = data or DEFAULT_DATA
    return QUICK if init_from is None and (name == DEFAULT_DATA or is_point_data(name)) else AUTO


def run_config(model: str, preset: str = QUICK, **options: Any) -> RunConfig:
    """The configuration of a preset with some options replaced.

    The preset auto has the options of the preset quick for digits and points. For other data it has the default of
    every option: `tfgen.config.auto.auto_config` chooses the options once the data are known.

    Args:
        model: name of a family, a key of `tfgen.config.families.FAMILIES`.
        preset: name of a preset of this family. The names of version 0.1 are accepted with a warning.
        **options: options of the model, the data set and the training.

    Raises:
        ConfigError: on an unknown name, a value out of range, or a preset or networks of images for points.
    """
    config = _config(model, preset, **options)
    _check_takes_points(config)
    return config


def _config(model: str, preset: str, **options: Any) -> RunConfig:
    """`run_config` without the checks that a run of an earlier version may fail."""
    find_family(model)
    if (name := current_preset(model, preset)) != preset:
        warnings.warn(f"The preset {preset!r} of a {model} is now called {name!r}.", FutureWarning, stacklevel=3)
    has_recipe = default_preset(options.get("data"), options.get("init_from")) == QUICK
    chosen = find_preset(model, QUICK if name == AUTO and has_recipe else name)
    data = chosen.data if options.get("data") in (None, chosen.data.get("data")) else {}
    if options.get("split") is not None:
        # A named split has sizes of its own.
        data = {name: value for name, value in data.items() if name not in ("train_size", "validation_size")}
    first = chosen.data.get("data", DEFAULT_DATA)
    architecture = config_class(model, is_point_data(first))()
    arch = options.get("arch", chosen.options.get("arch", getattr(architecture, "arch", None)))
    start = RunConfig(model, name, architecture, DataConfig(), TrainConfig())
    by_arch = chosen.by_arch.get(str(arch), {})
    # In steps: options of the preset that a flow of other data does not have are dropped, others are refused.
    start = start.with_options({"data": first, **chosen.options, **by_arch})
    return start.replace(data=DataConfig()).with_options({**data, **options})


def _check_takes_points(config: RunConfig) -> None:
    """Raise `ConfigError` if options of images, which have no effect on points, are asked for points."""
    data, family = config.data.data, find_family(config.model)
    if not is_point_data(data):
        return
    if family.point_config is not None and config.preset not in (QUICK, AUTO):
        suited = [name for name, each in family.presets.items() if is_point_data(each.data.get("data", ""))]
        if config.preset not in suited:
            raise ConfigError(
                f"preset: expected {' or '.join([QUICK, *suited])} for the points {data}. "
                f"Received: {config.preset}, of images"
            )
    if isinstance(config.architecture, AdversarialConfig) and config.architecture.arch != "mlp":
        raise ConfigError(
            f"arch: expected mlp for the points {data}. Received: {config.architecture.arch}, networks of images"
        )


def preset_config(config: RunConfig) -> RunConfig:
    """The configuration of the preset of a run, for networks of the same kind as the run's.

    The two have the same value of the option `arch`, and data sets that both consist of images or both of points, so
    that their sections have the same options.
    """
    plain = _config(config.model, config.preset)
    options: dict[str, Any] = {}
    if arch := getattr(config.architecture, "arch", None):
        options["arch"] = arch
    if config.data.data != plain.data.data:
        options["data"] = config.data.data
    if config.preset == AUTO and config.train.init_from is not None:
        # The preset auto has a fixed recipe only for trainings that start from random weights.
        options["init_from"] = config.train.init_from
    return _config(config.model, config.preset, **options)
