"""Images side by side in a grid, without any resampling of their pixels."""

import math
from pathlib import Path

import numpy as np
from PIL import Image

from tfgen.errors import DataError
from tfgen.files import atomic_write

#: Grey level between and around the images. It differs from black and white, the usual backgrounds of images.
BACKGROUND = 88
#: Approximate width or height, whichever is larger, of an enlarged picture in pixels.
TARGET = 800
# The last operators of a decoder can leave [0, 1] by rounding errors. Larger deviations are an error.
TOLERANCE = 1e-3


def to_bytes(images) -> np.ndarray:
    """Convert intensities x to bytes, round(255 x).

    Args:
        images: floats [..., n, H, W, C] in [0, 1], C = 1 or 3.

    Returns:
        uint8 of the same shape.

    Raises:
        DataError: if the type or shape is different, there is no image, or a value is not finite or outside [0, 1].
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
    if low < -TOLERANCE or high > 1 + TOLERANCE:
        raise DataError(f"Expected pixels in [0, 1]. Received: {low:g} to {high:g}")
    return np.round(255.0 * np.clip(images, 0.0, 1.0)).astype(np.uint8)


def image_grid(images, columns: int | None = None, border: int = 1) -> np.ndarray:
    """Arrange images in rows, from left to right and from top to bottom, with a border between and around them.

    Args:
        images: floats [n, H, W, C] in [0, 1], C = 1 or 3.
        columns: images per row. None: ⌈√n⌉, the side of the smallest square that has room for all images.
        border: width of the border in pixels.

    Returns:
        uint8 [rows · (H + border) + border, columns · (W + border) + border, C]. Cells without an image have the grey
        level `BACKGROUND`.

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
    """Write `image_grid` as a PNG in which every pixel of an image is a square.

    Args:
        images, columns, border: see `image_grid`.
        path: PNG file to write.
        scale: side of the square in pixels. None makes the longer side of the file about `TARGET` pixels.

    Raises:
        DataError: see `to_bytes`.
        OSError: if the file cannot be written.
    """
    grid = image_grid(images, columns, border)
    save_pixels(enlarged(grid, scale or scale_for(grid)), path)


def scale_for(pixels: np.ndarray, target: int = TARGET) -> int:
    """Return the integer factor, at least 1, that enlarges [H, W, C] to about `target` pixels on the longer side."""
    return max(1, round(target / max(pixels.shape[:2])))


def enlarged(pixels: np.ndarray, scale: int) -> np.ndarray:
    """Enlarge bytes [..., H, W, C] to [..., scale H, scale W, C] by nearest neighbour."""
    return pixels.repeat(scale, axis=-3).repeat(scale, axis=-2)


def save_pixels(pixels: np.ndarray, path: str | Path) -> None:
    """Write bytes [H, W, 1 or 3] as a PNG. Raises OSError if the file cannot be written."""
    with atomic_write(path) as temporary:
        to_picture(pixels).save(temporary, format="PNG")


def to_picture(pixels: np.ndarray) -> Image.Image:
    """Return bytes [H, W, 1 or 3] as a picture of mode L or RGB."""
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
