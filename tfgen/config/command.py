"""The command line that trains a given configuration."""

import shlex

from tfgen.config.presets import preset_config, run_config
from tfgen.config.run import RunConfig


def to_command(config: RunConfig) -> str | None:
    """The command that trains a run of this configuration; None if no flag can express one of its values."""
    start, plain = preset_config(config), run_config(config.model, config.preset)
    words = ["tfgen", "train", "--model", config.model, "--preset", config.preset]
    arch = getattr(config.architecture, "arch", None)
    if arch and arch != plain.architecture.arch:
        words += ["--arch", arch]
    if start.data != plain.data:
        words += ["--data", config.data.data]
    for section, usual in zip(config.sections, start.sections, strict=True):
        for option in section.options().values():
            value = getattr(section, option.name)
            if value == getattr(usual, option.name):
                continue
            if value is None:
                return None
            if isinstance(value, bool):
                words.append(option.flag if value else f"--no-{option.flag[2:]}")
            else:
                words += [option.flag, *map(str, value if isinstance(value, tuple) else (value,))]
    return shlex.join(words)
