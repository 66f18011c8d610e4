"""The configuration of a preset."""

import warnings
from typing import Any

from tfgen.config.data import DataConfig, is_point_data
from tfgen.config.families import AUTO, config_class, find_family, find_preset
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
        ConfigError: on an unknown name, a value out of range, or a preset of a flow of images for points.
    """
    find_family(model)
    if (name := current_preset(model, preset)) != preset:
        warnings.warn(f"The preset {preset!r} of a {model} is now called {name!r}.", FutureWarning, stacklevel=2)
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
    _check_takes_points(model, name, options.get("data"), first)
    # In steps: options of the preset that a flow of other data does not have are dropped, others are refused.
    start = start.with_options({"data": first, **chosen.options, **by_arch})
    return start.replace(data=DataConfig()).with_options({**data, **options})


def _check_takes_points(model: str, preset: str, data: str | None, first: str) -> None:
    """Raise `ConfigError` if a preset of a flow of images is asked for points, for which nothing of the flow remains.

    Args:
        model, preset: names of the family and of the preset.
        data: data set of the run, or None.
        first: data set of the preset.
    """
    points = None if data is None else config_class(model, is_point_data(data))
    if points is None or preset in (QUICK, AUTO) or points is config_class(model) or is_point_data(first):
        return
    presets = find_family(model).presets
    suited = [name for name, each in presets.items() if name == QUICK or is_point_data(each.data.get("data", ""))]
    raise ConfigError(f"preset: expected {' or '.join(suited)} for the points {data}. Received: {preset}, of images")


def preset_config(config: RunConfig) -> RunConfig:
    """The configuration of the preset of a run, for networks of the same kind as the run's.

    The two have the same value of the option `arch`, and data sets that both consist of images or both of points, so
    that their sections have the same options.
    """
    plain = run_config(config.model, config.preset)
    options: dict[str, Any] = {}
    if arch := getattr(config.architecture, "arch", None):
        options["arch"] = arch
    if config.data.data != plain.data.data:
        options["data"] = config.data.data
    if config.preset == AUTO and config.train.init_from is not None:
        # The preset auto has a fixed recipe only for trainings that start from random weights.
        options["init_from"] = config.train.init_from
    return run_config(config.model, config.preset, **options)
