"""The configuration of a preset."""

import warnings
from typing import Any

from tfgen.config.data import DataConfig, is_point_data
from tfgen.config.families import config_class, find_family, find_preset
from tfgen.config.migration import current_preset
from tfgen.config.run import RunConfig
from tfgen.config.train import TrainConfig


def run_config(model: str, preset: str = "quick", **options: Any) -> RunConfig:
    """The configuration of a preset with some options replaced.

    Args:
        model: name of a family, a key of `tfgen.config.families.FAMILIES`.
        preset: name of a preset of this family. The names of version 0.1 are accepted with a warning.
        **options: options of the model, the data set and the training.

    Raises:
        ConfigError: on an unknown name, or a value out of range.
    """
    find_family(model)
    if (name := current_preset(model, preset)) != preset:
        warnings.warn(f"The preset {preset!r} of a {model} is now called {name!r}.", FutureWarning, stacklevel=2)
    chosen = find_preset(model, name)
    architecture = config_class(model, is_point_data(chosen.options.get("data", "digits")))()
    arch = options.get("arch", chosen.options.get("arch", getattr(architecture, "arch", None)))
    start = RunConfig(model, name, architecture, DataConfig(), TrainConfig())
    # In two steps: options of the preset that a flow of other data does not have are dropped, others are refused.
    return start.with_options({**chosen.options, **chosen.by_arch.get(str(arch), {})}).with_options(options)


def preset_config(config: RunConfig) -> RunConfig:
    """The configuration of the preset of a run, for networks of the same kind as the run's.

    The two have the same value of the option `arch`, and data sets that both consist of images or both of points, so
    that their sections have the same options.
    """
    plain = run_config(config.model, config.preset)
    options: dict[str, Any] = {}
    if arch := getattr(config.architecture, "arch", None):
        options["arch"] = arch
    if is_point_data(config.data.data) != is_point_data(plain.data.data):
        options["data"] = config.data.data
    return run_config(config.model, config.preset, **options)
