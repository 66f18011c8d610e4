"""Images side by side in a grid, without any resampling of their pixels."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tfgen.errors import DataError
from tfgen.files import atomic_write

#: Grey level between and around the images. It differs from black and white, the usual backgrounds of images.
BACKGROUND = 88
#: Approximate width or height, whichever is larger, of an enlarged picture in pixels.
TARGET = 800
#: Height of the names of rows, smallest and largest, and the distance to the grid, in pixels.
SMALLEST_NAME, LARGEST_NAME, NAME_GAP = 8, 22, 6
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


def image_grid(images, columns: int | None = None, border: int = 1, rows=None) -> np.ndarray:
    """Arrange images in rows, from left to right and from top to bottom, with a border between and around them.

    Args:
        images: floats [n, H, W, C] in [0, 1], C = 1 or 3.
        columns: images per row. None: ⌈√n⌉, the side of the smallest square that has room for all images.
        border: width of the border in pixels.
        rows: row of each image, integers [n] from 0, for example its class. The images of a row keep their order.
            None fills one row after the other.

    Returns:
        uint8 [rows · (H + border) + border, columns · (W + border) + border, C]. Cells without an image have the grey
        level `BACKGROUND`.

    Raises:
        DataError: see `to_bytes`.
    """
    pixels = to_bytes(images)
    return _arranged(pixels, *_cells(len(pixels), columns, rows), border, BACKGROUND)


def position_at(
    pixel: tuple[int, int],
    shape: tuple[int, int, int],
    columns: int | None = None,
    border: int = 1,
    scale: int | None = None,
    rows=None,
    names: Sequence[str] = (),
) -> int | None:
    """Return which image has a pixel of the picture that `save_grid` writes.

    Args:
        pixel: (column, row) of the pixel, from 0 at the upper left corner.
        shape: (n, H, W), the number of images and their size.
        columns, border, scale, rows, names: as for `save_grid`.

    Returns:
        The position of the image, 0 to n − 1. None for a border, a cell without an image, the names of the rows, and a
        pixel outside of the picture.
    """
    n, height, width = shape
    numbers = np.broadcast_to(np.arange(n)[:, None, None, None], (n, height, width, 1))
    # The positions are arranged as `image_grid` arranges the images.
    positions = _arranged(numbers, *_cells(n, columns, rows), border, -1)[..., 0]
    scale = scale or scale_for(positions)
    margin = _margin(names, scale * len(positions))
    column, row = (pixel[0] - margin) // scale, pixel[1] // scale
    if not (0 <= row < positions.shape[0] and 0 <= column < positions.shape[1]) or positions[row, column] < 0:
        return None
    return int(positions[row, column])


def _cells(n: int, columns: int | None, rows) -> tuple[np.ndarray, tuple[int, int]]:
    """Return (row, column) of each image, int [n, 2], and the number of rows and columns."""
    if rows is None:
        columns = columns or math.ceil(math.sqrt(n))
        return np.stack(np.divmod(np.arange(n), columns), axis=1), (math.ceil(n / columns), columns)
    cells = _cells_of_rows(np.asarray(rows))
    down, across = (cells.max(axis=0) + 1).tolist()
    return cells, (down, across)


def _arranged(images: np.ndarray, cells: np.ndarray, size: tuple[int, int], border: int, background: int) -> np.ndarray:
    """Put images [n, H, W, C] into the cells that `_cells` returns. All other pixels have the value `background`."""
    _, height, width, channels = images.shape
    down, across = size
    shape = (down * (height + border) + border, across * (width + border) + border, channels)
    grid = np.full(shape, background, images.dtype)
    for (row, column), image in zip(cells, images, strict=True):
        top, left = border + row * (height + border), border + column * (width + border)
        grid[top : top + height, left : left + width] = image
    return grid


def _cells_of_rows(rows: np.ndarray) -> np.ndarray:
    """Return (row, column) of each image, where the images of a row take its columns in their order."""
    cells, taken = np.zeros((len(rows), 2), int), np.zeros(rows.max() + 1, int)
    for index, row in enumerate(rows):
        cells[index] = row, taken[row]
        taken[row] += 1
    return cells


def save_grid(
    images,
    path: str | Path,
    columns: int | None = None,
    border: int = 1,
    scale: int | None = None,
    rows=None,
    names: Sequence[str] = (),
) -> None:
    """Write `image_grid` as a PNG in which every pixel of an image is a square.

    Args:
        images, columns, border, rows: see `image_grid`.
        path: PNG file to write.
        scale: side of the square in pixels. None makes the longer side of the file about `TARGET` pixels.
        names: names of the rows, for example of the classes, written on their left. () writes none.

    Raises:
        DataError: see `to_bytes`.
        OSError: if the file cannot be written.
    """
    grid = image_grid(images, columns, border, rows)
    save_pixels(with_row_names(enlarged(grid, scale or scale_for(grid)), names), path)


def with_row_names(pixels: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Add a margin with the name of each row on the left of a grid.

    Args:
        pixels: bytes [H, W, 1 or 3] of a grid whose rows have equal heights.
        names: a name for each row, from the top. () adds nothing.

    Returns:
        Bytes [H, W + margin, 1 or 3].
    """
    if not names:
        return pixels
    height = pixels.shape[0] / len(names)
    font, margin = _font(names, len(pixels)), _margin(names, len(pixels))
    picture = Image.new("L", (margin, pixels.shape[0]), BACKGROUND)
    draw = ImageDraw.Draw(picture)
    for row, name in enumerate(names):
        draw.text((margin - NAME_GAP, (row + 0.5) * height), name, fill=255, font=font, anchor="rm")
    channels = np.asarray(picture)[..., None].repeat(pixels.shape[-1], axis=-1)
    return np.concatenate([channels, pixels], axis=1)


def _font(names: Sequence[str], height: int):
    """Return the font of the names of the rows of a grid of `height` pixels."""
    return ImageFont.load_default(size=float(np.clip(0.6 * height / len(names), SMALLEST_NAME, LARGEST_NAME)))


def _margin(names: Sequence[str], height: int) -> int:
    """Return the width of the margin that `with_row_names` adds to a grid of `height` pixels."""
    if not names:
        return 0
    font = _font(names, height)
    return math.ceil(max(font.getlength(name) for name in names)) + 2 * NAME_GAP


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
