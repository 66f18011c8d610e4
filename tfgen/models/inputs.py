"""Checks of the arrays that users pass to a model. What would give a meaningless number is refused."""

from typing import Any

import numpy as np
import tensorflow as tf

from tfgen.errors import ConfigError

#: How far a float may lie outside [0, 1] by rounding.
TOLERANCE = 1e-4


def check_examples(examples: Any, event_shape: tuple[int, ...], levels: int | None) -> Any:
    """Return examples as an array or tensor, after a check of their shape, their type and the range of their values.

    While a function is traced, the values are not known, and the shape may be known in part. What is known is checked.

    Args:
        examples: images or points [n, *event_shape], as an array, a tensor or nested lists.
        event_shape: shape of one example, (H, W, C) or (D,).
        levels: number of intensity levels of images; None for points.

    Raises:
        ConfigError: if the shape is another; if images are no integers 0 … levels − 1 and no floats in [0, 1]; or if
            points are not finite.
    """
    name = "images" if levels else "points"
    array = _checked_array(examples, event_shape, name)
    if not _has_values(array):
        return array
    low, high = _range(array)
    if not levels:
        if not (np.isfinite(low) and np.isfinite(high)):
            raise ConfigError(f"{name}: expected finite numbers. Received: infinite numbers or NaN")
        return array
    is_float = np.issubdtype(_dtype(array), np.floating)
    limit, slack = (1.0, TOLERANCE) if is_float else (levels - 1, 0)
    if not (low >= -slack and high <= limit + slack):
        kind = "floats" if is_float else "integers"
        raise ConfigError(
            f"{name}: expected floats in [0, 1], or integers from 0 to {levels - 1}. Received: {kind} from {low:g} to "
            f"{high:g}"
        )
    return array


def check_latents(latents: Any, latent_shape: tuple[int, ...]) -> Any:
    """Return latents as an array or tensor, after a check of their shape and type.

    Args:
        latents: [n, *latent_shape], as an array, a tensor or nested lists.
        latent_shape: shape of one latent.

    Raises:
        ConfigError: if the shape is another, or the latents are no numbers.
    """
    array = _checked_array(latents, latent_shape, "latents")
    # Networks compute in float32, and integers have no gradient.
    return array if isinstance(array, tf.Tensor) else np.asarray(array, np.float32)


def check_count(n: Any) -> int:
    """Return a number of samples. Raises `ConfigError` if it is no integer of at least 1 that fits in 31 bits."""
    return _integer("n", n, 1)


def check_seed(seed: Any) -> int:
    """Return a seed. Raises `ConfigError` if it is no integer. Seeds wrap around at 2³¹."""
    return _integer("seed", seed, None)


def check_temperature(temperature: Any) -> float:
    """Return a temperature. Raises `ConfigError` if it is no number of at least 0 that float32 holds."""
    try:
        value = float("nan") if isinstance(temperature, str | bytes) else float(temperature)
    except (TypeError, ValueError):
        value = float("nan")
    if not 0.0 <= value <= float(np.finfo(np.float32).max):
        raise ConfigError(f"temperature: expected a finite number, 0 or more. Received: {temperature!r:.80}")
    return value


def _integer(name: str, value: Any, low: int | None) -> int:
    expected = "an integer" if low is None else f"an integer from {low} to {2**31 - 1}"
    try:
        number = value.__index__() if not isinstance(value, bool | np.bool_) else None
    except (AttributeError, TypeError):
        number = None
    if number is None or (low is not None and not low <= number < 2**31):
        raise ConfigError(f"{name}: expected {expected}. Received: {str(value)[:80]!r}")
    return number


def _checked_array(value: Any, event_shape: tuple[int, ...], name: str) -> Any:
    """Return an array or tensor of numbers [n, *event_shape]."""
    shape = "[n, " + ", ".join(map(str, event_shape)) + "]"
    array = value
    if not (hasattr(value, "shape") and hasattr(value, "dtype")):
        try:
            array = np.asarray(value)
        except ValueError:
            message = f"{name}: expected an array of shape {shape}. Received: lists of unequal length"
            raise ConfigError(message) from None
    dtype = _dtype(array)
    if not (np.issubdtype(dtype, np.integer) or np.issubdtype(dtype, np.floating)):
        raise ConfigError(f"{name}: expected numbers in an array of shape {shape}. Received: values of type {dtype}")
    sides = tuple(array.shape) if getattr(array.shape, "rank", 0) is not None else None
    if sides is None:
        return array
    fits = len(sides) == len(event_shape) + 1 and all(
        side in (None, expected) for side, expected in zip(sides[1:], event_shape, strict=True)
    )
    if not fits or sides[0] == 0:
        hint = " A single one needs a first axis: x[None]" if sides == event_shape else ""
        raise ConfigError(f"{name}: expected an array of shape {shape}. Received: shape {list(sides)}.{hint}")
    return array


def _dtype(array: Any) -> np.dtype:
    dtype = getattr(array.dtype, "as_numpy_dtype", array.dtype)
    # bfloat16 is no type of NumPy's own.
    return np.dtype(np.float32) if "bfloat16" in str(array.dtype) else np.dtype(dtype)


def _has_values(array: Any) -> bool:
    return isinstance(array, np.ndarray) or (isinstance(array, tf.Tensor) and hasattr(array, "numpy"))


def _range(array: Any) -> tuple[float, float]:
    """Smallest and largest value; NaN if there is a NaN."""
    values = array if isinstance(array, np.ndarray) else array.numpy()
    return float(values.min()), float(values.max())
