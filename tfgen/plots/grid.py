"""Images side by side, pixel for pixel."""

import math
from pathlib import Path

import numpy as np
from PIL import Image

from tfgen.errors import DataError
from tfgen.files import replacing

#: Grey level between and around images: neither the black nor the white of most backgrounds.
BACKGROUND = 88
#: Width or height, whichever is larger, that an enlarged picture comes near to.
TARGET = 800
# Rounding in a decoder's last operators may overstep the range of intensities by this much, and no more.
SLACK = 1e-3


def to_bytes(images) -> np.ndarray:
    """Intensities as bytes, round(255 x).

    Args:
        images: floats [..., H, W, C] in [0, 1], C = 1 or 3.

    Returns:
        uint8 of the same shape.

    Raises:
        DataError: on another type or shape, no image at all, a value that is not finite or outside [0, 1].
    """
    images = np.asarray(images)
    if images.dtype.kind != "f":
        raise DataError(f"Expected images as floats in [0, 1]. Received: {images.dtype} {list(images.shape)}")
    if images.ndim < 4 or images.shape[-1] not in (1, 3) or 0 in images.shape:
        raise DataError(f"Expected images of shape [n, H, W, 1] or [n, H, W, 3]. Received: {list(images.shape)}")
    finite = np.isfinite(images).all(axis=(-3, -2, -1))
    if not finite.all():
        raise DataError(
            f"Expected finite pixels. Received: {np.count_nonzero(~finite)} of {finite.size} images with NaN or "
            "infinite ones"
        )
    low, high = float(images.min()), float(images.max())
    if low < -SLACK or high > 1 + SLACK:
        raise DataError(f"Expected pixels in [0, 1]. Received: {low:g} to {high:g}")
    return np.round(255.0 * np.clip(images, 0.0, 1.0)).astype(np.uint8)


def image_grid(images, columns: int | None = None, border: int = 1) -> np.ndarray:
    """Images in rows, read like a page, with a border between and around them.

    Args:
        images: floats [n, H, W, C] in [0, 1], C = 1 or 3.
        columns: images in a row; by default the smallest square that holds all, 8 for 64.
        border: its width in pixels.

    Returns:
        uint8 [rows · (H + border) + border, columns · (W + border) + border, C]; places left over are background.

    Raises:
        DataError: see `to_bytes`.
    """
    pixels = to_bytes(images)
    n, height, width, channels = pixels.shape
    columns = columns or math.ceil(math.sqrt(n))
    rows = -(-n // columns)
    grid = np.full(
        (rows * (height + border) + border, columns * (width + border) + border, channels), BACKGROUND, np.uint8
    )
    for index, image in enumerate(pixels):
        row, column = divmod(index, columns)
        top, left = border + row * (height + border), border + column * (width + border)
        grid[top : top + height, left : left + width] = image
    return grid


def save_grid(images, path: str | Path, columns: int | None = None, border: int = 1, scale: int | None = None) -> None:
    """Write `image_grid` as a PNG in which every pixel is an exact square.

    Args:
        images, columns, border: see `image_grid`.
        path: of the PNG.
        scale: side of that square; by default what makes the picture about 800 pixels wide or high.

    Raises:
        DataError: see `to_bytes`.
        OSError: if the file cannot be written.
    """
    grid = image_grid(images, columns, border)
    save_pixels(enlarged(grid, scale or max(1, round(TARGET / max(grid.shape[:2])))), path)


def enlarged(pixels: np.ndarray, scale: int) -> np.ndarray:
    """Bytes [..., H, W, C] → [..., scale H, scale W, C], each pixel a square of one value."""
    return pixels.repeat(scale, axis=-3).repeat(scale, axis=-2)


def save_pixels(pixels: np.ndarray, path: str | Path) -> None:
    """Write bytes [H, W, 1 or 3] as a PNG, unchanged. Raises OSError if the file cannot be written."""
    with replacing(path) as fresh:
        Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(fresh, format="PNG")
