"""The facts from which the preset auto chooses options, and a choice with its reason."""

import math
from dataclasses import dataclass
from typing import Any, Literal

#: Duration in minutes for which the preset auto plans a training if nothing else is asked for.
DEFAULT_MINUTES = 30.0


@dataclass(frozen=True)
class Facts:
    """What the rules of the preset auto know.

    Attributes:
        height, width, channels: shape of a picture.
        levels: number of intensity levels of a pixel.
        examples: number of training pictures.
        classes: number of classes of a conditional model; 0 for a model without labels.
        device: kind of device that trains.
        replicas: number of devices that share a batch.
        minutes: time for which the training is planned.
        bfloat16_speedup: how many times faster a CPU computes products with factors in bfloat16 than in float32.
    """

    height: int
    width: int
    channels: int
    levels: int
    examples: int
    classes: int = 0
    device: Literal["cpu", "gpu"] = "cpu"
    replicas: int = 1
    minutes: float = DEFAULT_MINUTES
    bfloat16_speedup: float = 1.0

    @property
    def side(self) -> int:
        """The longer side of a picture, in pixels."""
        return max(self.height, self.width)

    @property
    def pixels(self) -> int:
        """Number of pixels of a picture."""
        return self.height * self.width


@dataclass(frozen=True)
class Choice:
    """The value that a rule gives to an option, and the reason as a clause without a full stop."""

    option: str
    value: Any
    reason: str


def power_of_two_up_to(limit: float) -> int:
    """The largest power of two that is at most `limit`, and at least 1."""
    return 2 ** max(0, math.floor(math.log2(max(limit, 1.0))))


def batch_choice(wanted: int, facts: Facts, reason: str) -> Choice:
    """The choice of the batch size: `wanted`, or what the training set can fill, as a multiple of the replicas."""
    size = wanted
    if facts.examples < wanted:
        size, reason = power_of_two_up_to(facts.examples), "the training set has no more pictures"
    return Choice("batch_size", max(facts.replicas, size - size % facts.replicas), reason)
