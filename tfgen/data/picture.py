"""Picture files of the user: one file becomes one array of 8-bit pixels."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from tfgen.data.pixels import crop_and_resize
from tfgen.errors import DataError


def read_picture(path: Path, image_size: int | None, color: Literal["grey", "rgb"]) -> np.ndarray:
    """Read one picture as uint8 [H, W, C], turned upright by its EXIF orientation, on white where it is transparent.

    16-bit grey is scaled to 8 bits.

    Args:
        path: file in a format that Pillow reads. The format is detected from the content.
        image_size: side in pixels: crop to the central square and resize. None keeps the size.
        color: "grey" for C = 1 or "rgb" for C = 3.

    Raises:
        DataError: if the file is no picture, damaged, too large, animated, or has more than 16 bits per channel.
    """
    with _open(path) as picture:
        # Phones write "MPO" files, which are jpegs with a preview or depth map as a second frame.
        frames = getattr(picture, "n_frames", 1)
        if frames > 1 and picture.format != "MPO":
            raise DataError(f"{path}: expected a picture of one frame. Received: {frames} frames")
        picture.load()
        upright = _eight_bit(ImageOps.exif_transpose(picture), path)
        if upright.has_transparency_data:
            layer = upright.convert("RGBA")
            page = Image.new("RGBA", layer.size, "white")
            upright = Image.alpha_composite(page, layer).convert("RGB")
        upright = upright.convert("L" if color == "grey" else "RGB")
        if image_size is not None:
            upright = crop_and_resize(upright, image_size)
        pixels = np.asarray(upright)
        return pixels[..., None] if pixels.ndim == 2 else pixels


def is_color(path: Path) -> bool:
    """Return whether the file of a picture declares colours. Only its header is read.

    Raises:
        DataError: see `read_picture`.
    """
    with _open(path) as picture:
        return picture.mode not in ("1", "L", "LA", "La", "F") and not picture.mode.startswith("I")


def _eight_bit(picture: Image.Image, path: Path) -> Image.Image:
    """Scale 16-bit grey to 8 bits and leave other pictures unchanged."""
    # Pillow's own conversion of these modes clips at 255 instead of scaling.
    if picture.mode.startswith("I;16") or (picture.mode == "I" and picture.format == "PNG"):
        return Image.fromarray((np.asarray(picture).astype(np.float64) / 257).round().astype(np.uint8))
    if picture.mode in ("I", "F"):
        raise DataError(f"{path}: expected a picture of 8 or 16 bits a channel. Received: 32 bits")
    return picture


@contextmanager
def _open(path: Path) -> Iterator[Image.Image]:
    """Open a picture; turn every error or warning of Pillow in the `with` block into a `DataError`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as picture:
                yield picture
    except DataError:
        raise
    except UnidentifiedImageError as error:
        what = "an empty file" if path.stat().st_size == 0 else "a file that is no picture, or a damaged one"
        raise DataError(f"{path}: expected a picture. Received {what}") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DataError(
            f"{path}: expected a picture of at most {Image.MAX_IMAGE_PIXELS} pixels. Received: {error}"
        ) from error
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError, struct.error) as error:
        raise DataError(
            f"{path}: expected a complete picture. Received a truncated or damaged one ({error})"
        ) from error
