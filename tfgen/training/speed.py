"""The speed of a training, measured on a few steps, and the number of steps that fit in a time."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tfgen.training.loop import EVALUATION_BATCH

if TYPE_CHECKING:
    from tfgen.training.loop import Loop

#: Share of the time that validations may take, and bounds of the number of epochs, each of which ends with one.
VALIDATION_SHARE, FEWEST_EPOCHS, MOST_EPOCHS = 0.1, 1, 50
#: Duration of the diagnostics, in seconds, from which on they are not measured twice.
SLOW_SECONDS = 5.0


@dataclass(frozen=True)
class Speed:
    """The durations of the parts of a training.

    Attributes:
        step: seconds of a training step.
        validation: seconds of the validation and the diagnostics that end an epoch.
        compilation: seconds that the first step took longer than a further one.
    """

    step: float
    validation: float = 0.0
    compilation: float = 0.0

    def epoch(self, steps: int) -> float:
        """Seconds of an epoch of so many steps with its validation."""
        return steps * self.step + self.validation


def measure_speed(loop: "Loop", seconds: float = 0.5) -> Speed:
    """Time some training steps and a part of the validation of a new training, and restore its state.

    Args:
        loop: a loop that has not trained yet. Its compiled functions are used again by the training.
        seconds: time to measure for, after the first step, which includes the compilation.
    """
    state = [(variable, variable.numpy()) for variable in loop.model.state]
    first = _duration(lambda: loop.run_steps(1))
    step, count = first, 1
    spent = 0.0
    while spent < seconds and spent + 2 * count * step < 4 * max(seconds, first) and count < 2**20:
        elapsed = _duration(lambda n=count: loop.run_steps(n))  # type: ignore[misc]
        step, spent, count = elapsed / count, spent + elapsed, 2 * count
    with loop.model.averaged_weights():
        validation = _validation(loop) + _diagnostics(loop)
    for variable, value in state:
        variable.assign(value)
    loop.model.reset_metrics()
    return Speed(step, validation, max(0.0, first - step))


def _validation(loop: "Loop") -> float:
    """Seconds of a validation, from the time of its first batch."""
    if loop.validation is None or not loop.model.can("log_prob"):
        return 0.0
    first = loop.validation[slice(EVALUATION_BATCH)]
    loop.evaluate(first)
    return _duration(lambda: loop.evaluate(first)) * math.ceil(len(loop.validation) / len(first))


def _diagnostics(loop: "Loop") -> float:
    """Seconds of the diagnostics that end an epoch. The first call compiles; if it is slow, it is the measurement."""
    first = _duration(loop.diagnostics)
    return first if first > SLOW_SECONDS else _duration(loop.diagnostics)


def _duration(function: Callable[[], object]) -> float:
    started = time.monotonic()
    function()
    return time.monotonic() - started


def steps_in(minutes: float, speed: Speed) -> tuple[int, int]:
    """The numbers of steps and of epochs that fit in a time, each epoch with its validation.

    The number of steps does not fall if the time rises.

    Returns:
        (steps, epochs), both at least 1.
    """
    time = max(0.0, 60.0 * minutes - speed.compilation)
    longest = MOST_EPOCHS * speed.validation
    validating = min(max(VALIDATION_SHARE * time, FEWEST_EPOCHS * speed.validation), longest)
    epochs = MOST_EPOCHS
    if speed.validation > 0.0:
        epochs = min(MOST_EPOCHS, max(FEWEST_EPOCHS, int(validating / speed.validation)))
    return max(1, int((time - validating) / max(speed.step, 1e-6))), epochs
