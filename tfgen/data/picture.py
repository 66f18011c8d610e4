"""Picture files of the user: one file becomes one array of 8-bit pixels."""

from __future__ import annotations

import io
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
#: Tag of TIFF.
_MAX_SAMPLE_VALUE = 281


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
        largest: of 16-bit grey the largest value that the file declares or has; 0 for other pictures.
    """

    height: int
    width: int
    mode: str
    is_color: bool
    has_transparency: bool
    largest: int = 0


def read_header(file: Path | BinaryIO, name: str | None = None) -> Header:
    """Read the header of a picture file; of 16-bit grey also the pixels, because few files declare their range.

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
        mode, color, transparency = picture.mode, _is_color(picture), picture.has_transparency_data
        return Header(height, width, mode, color, transparency, _largest(picture) if _is_deep(picture) else 0)


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

    16-bit grey is scaled to 8 bits, from the number of bits that its values use (see `white_of`).

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
        white = (conversion.white or white_of(_largest(picture))) if _is_deep(picture) else None
        upright = _eight_bit(ImageOps.exif_transpose(picture), name, white)
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
    if picture.mode in ("P", "PA"):
        palette = np.array(picture.getpalette("RGB") or [0, 0, 0]).reshape(-1, 3)
        return bool((palette != palette[:, :1]).any())
    return picture.mode not in ("1", "L", "LA", "La", "F") and not picture.mode.startswith("I")


def white_of(largest: int) -> int:
    """Return the value of white in 16-bit grey whose largest value is given: of 8, 10, 12, 14 or 16 bits.

    Cameras and microscopes store 12 bits in 16. Scaled by the range of 16 bits, such pictures would be nearly black.
    """
    return next((2**bits - 1 for bits in (8, 10, 12, 14) if 0 < largest < 2**bits), 2**16 - 1)


def _is_deep(picture: Image.Image) -> bool:
    """Whether a picture is 16-bit grey."""
    return picture.mode.startswith("I;16") or (picture.mode == "I" and picture.format == "PNG")


def _largest(picture: Image.Image) -> int:
    """Return the largest value of 16-bit grey: the one that a TIFF declares, or that of the pixels."""
    declared = getattr(picture, "tag_v2", {}).get(_MAX_SAMPLE_VALUE)
    if isinstance(declared, tuple):
        declared = max(declared, default=None)
    return int(declared if isinstance(declared, int) and declared > 0 else np.asarray(picture).max())


def _check_frames(picture: Image.Image, name: str) -> None:
    # Phones write "MPO" files, which are jpegs with a preview or depth map as a second frame.
    frames = getattr(picture, "n_frames", 1)
    if frames > 1 and picture.format != "MPO":
        raise DataError(f"{name}: expected a picture of one frame. Received: {frames} frames")


def _eight_bit(picture: Image.Image, name: str, white: int | None) -> Image.Image:
    """Scale 16-bit grey, in which white is `white`, to 8 bits; leave a picture with `white` None unchanged."""
    if white is not None:
        # Pillow's own conversion of these modes clips at 255 instead of scaling.
        scaled = (np.asarray(picture).astype(np.float64) * 255 / white).round()
        return Image.fromarray(np.minimum(scaled, 255).astype(np.uint8))
    if picture.mode.startswith("I") or picture.mode == "F":
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
    except Exception as error:  # the formats of Pillow raise almost any error for a damaged file
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise DataError(
            f"{name}: expected a complete picture. Received a truncated or damaged one ({reason})"
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
