"""Picture files of the user: one file becomes one array of 8-bit pixels."""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from tfgen.data.pixels import Conversion, background_color
from tfgen.errors import DataError

#: Formats that Pillow recognises but reads not at all, or only through another program.
_NOT_READ = {"BUFR", "EPS", "GRIB", "HDF5", "MPEG", "PDF", "WMF"}
#: Suffixes of picture formats that Pillow may not read. Pictures of these types count as broken.
OTHER_PICTURES = (".avif", ".heic", ".heif", ".jp2", ".jxl", ".psd", ".svg", ".tga", ".eps", ".raw", ".dng", ".cr2")
_USUAL = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
_ORIENTATION = 0x0112
_TURNED = (5, 6, 7, 8)


@cache
def suffixes() -> tuple[str, ...]:
    """Return the suffixes, in lower case with the dot, of the picture files that the installed Pillow reads."""
    registered = Image.registered_extensions()
    return tuple(sorted(end for end, kind in registered.items() if kind in Image.OPEN and kind not in _NOT_READ))


@dataclass(frozen=True)
class Header:
    """What the header of a picture file says.

    Attributes:
        height, width: size in pixels, of the picture turned upright.
        mode: Pillow's mode of the pixels, for example "RGB", "L" or "P".
        is_color: whether the picture declares colours.
        has_transparency: whether the header declares transparent pixels.
    """

    height: int
    width: int
    mode: str
    is_color: bool
    has_transparency: bool


def read_header(file: Path | BinaryIO, name: str | None = None) -> Header:
    """Read the header of a picture file.

    Args:
        file: path or open file.
        name: name of the file for errors; None for the path.

    Raises:
        DataError: if the file is no picture, animated, or too large.
    """
    with _open(file, name or str(file)) as picture:
        _check_frames(picture, name or str(file))
        width, height = picture.size
        if picture.format in ("JPEG", "MPO", "TIFF", "WEBP") and picture.getexif().get(_ORIENTATION) in _TURNED:
            width, height = height, width
        return Header(height, width, picture.mode, _is_color(picture), picture.has_transparency_data)


def read_picture(
    file: Path | BinaryIO,
    image_size: int | tuple[int, int] | None,
    color: Literal["grey", "rgb"],
    *,
    fit: Literal["crop", "pad"] = "crop",
    background: str = "white",
    name: str | None = None,
) -> np.ndarray:
    """Read one picture as uint8 [H, W, C], turned upright by its EXIF orientation, on a background.

    16-bit grey is scaled to 8 bits.

    Args:
        file: path or open file, in a format that Pillow reads. The format is detected from the content.
        image_size: side in pixels, or (height, width). None keeps the size.
        color: "grey" for C = 1 or "rgb" for C = 3.
        fit, background: see `tfgen.data.pixels.Conversion`.
        name: name of the file for errors; None for the path.

    Raises:
        DataError: if the file is no picture, damaged, too large, animated, or has more than 16 bits per channel.
    """
    size = (image_size, image_size) if isinstance(image_size, int) else image_size
    return decode(file, Conversion(size, color, fit, background), name or str(file))


def decode(file: Path | BinaryIO, conversion: Conversion, name: str) -> np.ndarray:
    """As `read_picture`, with a `Conversion` that has a colour."""
    with _open(file, name) as picture:
        _check_frames(picture, name)
        picture.load()
        upright = _eight_bit(ImageOps.exif_transpose(picture), name)
        if upright.has_transparency_data:
            layer = upright.convert("RGBA")
            page = Image.new("RGBA", layer.size, background_color(conversion.background, "RGBA"))
            upright = Image.alpha_composite(page, layer).convert("RGB")
        upright = conversion.resize(upright.convert("L" if conversion.color == "grey" else "RGB"))
        pixels = np.asarray(upright)
        return pixels[..., None] if pixels.ndim == 2 else pixels


def is_color(file: Path | BinaryIO) -> bool:
    """Return whether the file of a picture declares colours. Only its header is read.

    Raises:
        DataError: see `read_picture`.
    """
    with _open(file, str(file)) as picture:
        return _is_color(picture)


@contextmanager
def bomb_errors() -> Iterator[None]:
    """Make Pillow's warning about too many pixels an error, and silence its other warnings, in the `with` block.

    Filters of warnings belong to the process. A program with several threads enters this block once around them.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def _is_color(picture: Image.Image) -> bool:
    return picture.mode not in ("1", "L", "LA", "La", "F") and not picture.mode.startswith("I")


def _check_frames(picture: Image.Image, name: str) -> None:
    # Phones write "MPO" files, which are jpegs with a preview or depth map as a second frame.
    frames = getattr(picture, "n_frames", 1)
    if frames > 1 and picture.format != "MPO":
        raise DataError(f"{name}: expected a picture of one frame. Received: {frames} frames")


def _eight_bit(picture: Image.Image, name: str) -> Image.Image:
    """Scale 16-bit grey to 8 bits and leave other pictures unchanged."""
    # Pillow's own conversion of these modes clips at 255 instead of scaling.
    if picture.mode.startswith("I;16") or (picture.mode == "I" and picture.format == "PNG"):
        return Image.fromarray((np.asarray(picture).astype(np.float64) / 257).round().astype(np.uint8))
    if picture.mode in ("I", "F"):
        raise DataError(f"{name}: expected a picture of 8 or 16 bits a channel. Received: 32 bits")
    return picture


@contextmanager
def _open(file: Path | BinaryIO, name: str) -> Iterator[Image.Image]:
    """Open a picture; turn every error of Pillow in the `with` block into a `DataError`.

    Pillow's warning about too many pixels is an error inside `bomb_errors`, and for a path.
    """
    try:
        if isinstance(file, Path):
            with bomb_errors(), _identified(file) as picture:
                yield picture
        else:
            with _identified(file) as picture:
                yield picture
    except DataError:
        raise
    except UnidentifiedImageError as error:
        what = "an empty file" if _is_empty(file) else "a file that is no picture, or a damaged one"
        raise DataError(f"{name}: expected a picture. Received {what}") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DataError(
            f"{name}: expected a picture of at most {Image.MAX_IMAGE_PIXELS} pixels. Received: {error}"
        ) from error
    except (
        OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError, KeyError, AttributeError, struct.error,
        NotImplementedError, OverflowError, MemoryError,
    ) as error:  # fmt: skip
        raise DataError(
            f"{name}: expected a complete picture. Received a truncated or damaged one ({error})"
        ) from error


def _identified(file: Path | BinaryIO) -> Image.Image:
    """Open a picture; the usual formats are tried first, because some of the others are slow to say no."""
    try:
        return Image.open(file, formats=_USUAL)
    except UnidentifiedImageError:
        return Image.open(file)


def _is_empty(file: Path | BinaryIO) -> bool:
    if isinstance(file, Path):
        return file.stat().st_size == 0
    return file.seek(0, io.SEEK_END) == 0
