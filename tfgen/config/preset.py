"""The class of presets."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Preset:
    """A named set of options from which a run starts.

    Attributes:
        expected_result: what a run with these options gives, in plain sentences.
        options: options of the model and the training, by name.
        data: the data set of the expected result, and the part of it that is used, as options of `DataConfig`. They
            apply if no other data set is named.
        by_arch: further options that apply to one value of the option `arch` only.
    """

    expected_result: str
    options: dict[str, Any]
    data: dict[str, Any] = field(default_factory=dict)
    by_arch: dict[str, dict[str, Any]] = field(default_factory=dict)


#: Names the source of the presets "tutorial".
TUTORIAL = "Settings of the University of Amsterdam's Deep Learning course 2020, assignment 3."
