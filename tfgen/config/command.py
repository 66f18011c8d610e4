"""The command line that trains a given configuration."""

import shlex
from typing import Any

from tfgen.config.auto import has_rules, options_of_rules
from tfgen.config.presets import preset_config, run_config
from tfgen.config.run import RunConfig


def to_command(config: RunConfig) -> str | None:
    """The command that trains a run of this configuration.

    The command of a run of the preset auto states every option that the rules have chosen, so that it gives the same
    configuration whatever the data, the machine and the version of the rules.

    Returns:
        The command. None if no flag can express one of the values, or the training has several phases.
    """
    if config.earlier:
        return None
    start, plain = preset_config(config), run_config(config.model, config.preset)
    # A preset has no start; that of the preset auto follows the run's.
    stated = {"init_from", *options_of_rules(config.model)} if has_rules(config) else set()
    words = ["tfgen", "train", "--model", config.model, "--preset", config.preset]
    arch = getattr(config.architecture, "arch", None)
    if arch and (arch != plain.architecture.arch or "arch" in stated):
        words += ["--arch", arch]
    if config.data.data != plain.data.data:
        words += ["--data", config.data.data]
    for section, usual in zip(config.sections, start.sections, strict=True):
        for option in section.options().values():
            value = getattr(section, option.name)
            if value == getattr(usual, option.name):
                # No flag sets an option to nothing, which is its default.
                if option.name not in stated or option.name == "arch" or value in (None, ()):
                    continue
            elif value in (None, ()):
                return None
            words += _words(option.flag, value)
    return shlex.join(words)


def _words(flag: str, value: Any) -> list[str]:
    """The words that set an option."""
    if isinstance(value, bool):
        return [flag if value else f"--no-{flag[2:]}"]
    return [flag, *map(str, value if isinstance(value, tuple) else (value,))]
