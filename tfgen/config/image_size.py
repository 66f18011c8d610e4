"""The size of images as users write it: N for a square, or HxW."""

from __future__ import annotations

import re

from tfgen.errors import ConfigError

ImageSize = int | str


def sides(size: ImageSize | tuple[int, int]) -> tuple[int, int]:
    """Return (height, width) in pixels of a size.

    Args:
        size: a number N or its text, for N×N pixels; "HxW", for H rows of W pixels; or the pair (H, W).

    Raises:
        ConfigError: if it is none of these, or a side is below 1.
    """
    if isinstance(size, tuple) and len(size) == 2:
        height, width = size
    elif isinstance(size, int) and not isinstance(size, bool):
        height = width = size
    elif isinstance(size, str) and (match := re.fullmatch(r"(\d{1,6})(?:[x×X](\d{1,6}))?", size.strip())):
        height, width = int(match[1]), int(match[2] or match[1])
    else:
        raise ConfigError(f"image_size: expected N or HxW (rows x columns), such as 64 or 48x64. Received: {size!r}")
    if height < 1 or width < 1:
        raise ConfigError(f"image_size: expected an image size of at least 1. Received: image_size={size}")
    return height, width


def checked_size(size: object, low: int, high: int) -> ImageSize | None:
    """Return a size as configurations store it: N for a square, "HxW" for other sizes, None as it is.

    Raises:
        ConfigError: if it is no size, or a side is not in [`low`, `high`].
    """
    if size is None:
        return None
    height, width = sides(size)  # type: ignore[arg-type]
    if not (low <= height <= high and low <= width <= high):
        raise ConfigError(f"image_size: expected {low} to {high}. Received: {size!r}")
    return height if height == width else f"{height}x{width}"
