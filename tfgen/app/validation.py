"""Checks of the values that a page or a program sends to a handler.

Every check returns the value, or raises a `ConfigError` that names the argument, the expected range and the value.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from tfgen.errors import ConfigError, UndefinedError

if TYPE_CHECKING:
    from tfgen.models.contract import GenerativeModel

#: Longest representation of a received value in a message, in characters.
MAX_SHOWN = 80


def int_in_range(name: str, value: Any, low: int, high: int) -> int:
    """Return an integer from `low` to `high`. A float without a fraction counts as an integer, as in JSON."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ConfigError(f"{name}: expected an integer from {low} to {high}. Received: {_shortened(value)}")
    return value


def float_in_range(name: str, value: Any, low: float, high: float) -> float:
    """Return a number from `low` to `high`."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise ConfigError(f"{name}: expected a number from {low:g} to {high:g}. Received: {_shortened(value)}")
    return float(value)


def seed(value: Any, name: str = "seed") -> int:
    """Return a seed: an integer of 32 bits with sign."""
    return int_in_range(name, value, -(2**31), 2**31 - 1)


def temperature(value: Any) -> float:
    """Return a temperature: a factor from 0 to 2 on the standard deviation of the latent noise."""
    return float_in_range("temperature", value, 0.0, 2.0)


def one_of(name: str, value: Any, allowed: Iterable[str]) -> str:
    """Return one of the allowed words."""
    allowed = list(allowed)
    if value not in allowed:
        raise ConfigError(f"{name}: expected one of {', '.join(allowed)}. Received: {_shortened(value)}")
    return value


def expect_images(model: "GenerativeModel", task: str) -> None:
    """Raise `UndefinedError` if the model generates points instead of images.

    Args:
        model: the model to check.
        task: what needs images, for the message. Example: "an interpolation".
    """
    if not model.is_image:
        raise UndefinedError(f"{task} needs a model of images, and this model generates points in the plane")


def _shortened(value: Any) -> str:
    """Return the representation of a received value, cut to `MAX_SHOWN` characters."""
    try:
        text = repr(value)
    except ValueError:  # Python does not convert an integer of more than 4,300 digits to text.
        return "an integer out of range"
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"
