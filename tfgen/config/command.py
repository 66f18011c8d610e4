"""The command line of `train.py`, generated from the configuration's dataclasses."""

import dataclasses
import shlex

from tfgen.config import RunConfig
from tfgen.config.presets import run_config


def to_command(config: RunConfig) -> str | None:
    """The command whose `TrainArguments` has this configuration; None where no option can say one of its values."""
    arch = getattr(config.architecture, "arch", None)
    start = run_config(config.model, config.preset, **({"arch": arch} if arch else {}))
    plain = run_config(config.model, config.preset)
    words = ["python", "train.py", "--model", config.model, "--preset", config.preset]
    if arch and arch != plain.architecture.arch:
        words += ["--arch", arch]
    for section, usual in zip(config.sections, start.sections, strict=True):
        for spec in dataclasses.fields(section):
            value, flag = getattr(section, spec.name), spec.name.replace("_", "-")
            if value == getattr(usual, spec.name):
                continue
            if value is None:
                return None
            if isinstance(value, bool):
                words.append(f"--{flag}" if value else f"--no-{flag}")
            else:
                words += [f"--{flag}", *map(str, value if isinstance(value, tuple) else (value,))]
    return shlex.join(words)
