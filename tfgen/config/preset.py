"""The class of presets."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Preset:
    """A named set of options from which a run starts.

    Attributes:
        expected_result: what a run with these options gives, in plain sentences.
        options: options of the model, the data and the training, by name.
        by_arch: further options that apply to one value of the option `arch` only.
    """

    expected_result: str
    options: dict[str, Any]
    by_arch: dict[str, dict[str, Any]] = field(default_factory=dict)


#: Names the source of the presets "tutorial".
TUTORIAL = "Settings of the University of Amsterdam's Deep Learning course 2020, assignment 3."
