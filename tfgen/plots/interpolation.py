"""Interpolations: each path from one image to another as a row of images."""

from pathlib import Path

import numpy as np

from tfgen.errors import DataError
from tfgen.plots.grid import BACKGROUND, TARGET, enlarged, save_pixels, to_bytes

#: Grey level and width in pixels of the frame around the two ends of a path, and the distance between two frames.
END, FRAME, GAP = 225, 2, 4


def strips(images, scale: int | None = None) -> np.ndarray:
    """Draw each path as a row of images, with a light grey frame around its first and last image.

    Args:
        images: floats [pairs, steps, H, W, C] in [0, 1], steps ≥ 2, C = 1 or 3.
        scale: side of the square that each pixel becomes. None makes the result about 800 pixels wide or high.

    Returns:
        uint8 [pairs · (scale H + 8) + 4, steps · (scale W + 8) + 4, C]: 2 for each frame, 4 between two frames.

    Raises:
        DataError: if the shape is different, or see `plots.grid.to_bytes`.
    """
    pixels = to_bytes(images)
    if pixels.ndim != 5 or pixels.shape[1] < 2:
        raise DataError(f"Expected strips of shape [pairs, steps ≥ 2, H, W, C]. Received: {list(pixels.shape)}")
    pairs, steps, height, width, channels = pixels.shape
    scale = scale or max(1, round(TARGET / max(pairs * height, steps * width)))
    high, wide, edge = scale * height, scale * width, FRAME + GAP // 2
    tiles = np.full((pairs, steps, high + 2 * edge, wide + 2 * edge, channels), BACKGROUND, np.uint8)
    tiles[:, [0, -1], GAP // 2 : -GAP // 2, GAP // 2 : -GAP // 2] = END
    tiles[:, :, edge:-edge, edge:-edge] = enlarged(pixels, scale)
    picture = np.concatenate(np.concatenate(tiles, axis=1), axis=1)
    margin = GAP // 2
    return np.pad(picture, ((margin, margin), (margin, margin), (0, 0)), constant_values=BACKGROUND)


def save_interpolation(images, path: str | Path, scale: int | None = None) -> None:
    """Write `strips` as a PNG.

    Raises:
        DataError: see `strips`.
        OSError: if the file cannot be written.
    """
    save_pixels(strips(images, scale), path)
