"""A folder of the user's own pictures."""

from __future__ import annotations

import os
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from tfgen.data.pixels import crop_and_resize
from tfgen.data.sets import ImageSet
from tfgen.data.split import Source, hold_out, permutation
from tfgen.errors import DataError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff")
# Pictures too, but not read: leaving them out in silence would train on part of what the user sees in the folder.
_OTHER_PICTURES = (".avif", ".heic", ".heif", ".jp2", ".jxl", ".psd", ".svg", ".tga")
_VALIDATION_NAMES = ("validation", "valid", "val")


def load_folder(
    folder: str | os.PathLike[str],
    image_size: int | None = None,
    color: Literal["grey", "rgb"] | None = None,
    seed: int = 0,
) -> Source:
    """Read every picture (png, jpg, bmp, gif, webp, tif) under a folder, however deep, as 256-level images.

    The order is that of the relative paths. Hidden files and files that are no pictures by their suffix are ignored.
    Where all pictures lie in sub-folders, the names of the first-level ones are the labels, in alphabetical order.
    Where these are called `train` and `test` (and perhaps `validation`, `valid` or `val`), they are the split, and the
    labels are the folders within.

    Pictures are turned upright by their EXIF orientation. 16-bit grey is scaled to 8 bits. Transparent pictures are
    laid on white, the page most of them were drawn for. The set is grey if all pictures are, otherwise rgb.

    Args:
        folder: the folder.
        image_size: side of the central square in pixels after resizing; None requires pictures of one size.
        color: "grey" or "rgb" to convert, None to decide as said above.
        seed: draws the split of a folder that has none.

    Raises:
        DataError: if there are no pictures or too few to split, if one is damaged, animated, too large to be safe or of
            an unknown depth, or if sizes differ and `image_size` is None. The message names the file.
    """
    folder = Path(folder)
    paths = _pictures(folder)
    sections = {path.relative_to(folder).parts[0] for path in paths}
    validation_names = sections & set(_VALIDATION_NAMES)
    has_split = {"train", "test"} <= sections and sections - {"train", "test"} == validation_names
    if not has_split or len(validation_names) > 1:
        labels, label_names = _labels(folder, paths)
        images = _read(folder, paths, image_size, color)
        return hold_out(folder.resolve().name, ImageSet(images, 256, labels), label_names, seed)

    # The labels of the sections must agree, and so must sizes and colour: read them as one set, then cut it.
    validation = next(iter(validation_names), None)
    order = ["train", "test"] if validation is None else ["train", validation, "test"]
    parts = [[path for path in paths if path.relative_to(folder).parts[0] == section] for section in order]
    paths = [path for part in parts for path in part]
    labels, label_names = _labels(folder, paths, depth=1)
    whole = ImageSet(_read(folder, paths, image_size, color), 256, labels)
    n_pool, n_train = len(whole) - len(parts[-1]), len(parts[0])
    validation_size = max(1, n_train // 10) if validation is None else len(parts[1])
    # Mixed, because paths are sorted by class and sizes take the first or the last examples.
    pool = whole[np.concatenate([permutation(n_train, seed), np.arange(n_train, n_pool)])]
    return Source(folder.resolve().name, pool, whole[n_pool:], validation_size, label_names)


def _pictures(folder: Path) -> list[Path]:
    paths, others, seen = [], set(), set()
    for root, directories, files in os.walk(folder, followlinks=True):
        if (real := os.path.realpath(root)) in seen:  # a link to a parent would be walked for ever
            directories.clear()
            continue
        seen.add(real)
        directories[:] = [name for name in directories if not name.startswith(".")]
        for file in files:
            path = Path(root, file)
            suffix = path.suffix.lower()
            if file.startswith("."):
                continue
            if suffix in _OTHER_PICTURES:
                raise DataError(
                    f"{path}: expected pictures of type {', '.join(SUFFIXES)}. Received: {suffix}; convert it"
                )
            if suffix in SUFFIXES:
                paths.append(path)
            else:
                others.add(suffix or file)
    if not paths:
        found = f"only files of type {', '.join(sorted(others)[:10])}" if others else "no files"
        raise DataError(f"{folder}: expected pictures of type {', '.join(SUFFIXES)}. Found: {found}")
    return sorted(paths, key=lambda path: path.relative_to(folder).parts)


def _labels(folder: Path, paths: list[Path], depth: int = 0) -> tuple[np.ndarray | None, tuple[str, ...] | None]:
    """Labels [N] and their names from the sub-folders at a depth; None, None where a picture lies in none."""
    parts = [path.relative_to(folder).parts for path in paths]
    if any(len(part) < depth + 2 for part in parts):
        return None, None
    names, labels = np.unique([part[depth] for part in parts], return_inverse=True)
    return labels.astype(np.int64), tuple(str(name) for name in names)


def _read(folder: Path, paths: list[Path], image_size: int | None, color: Literal["grey", "rgb"] | None) -> np.ndarray:
    if color is None:
        color = "rgb" if any(_is_colour(path) for path in paths) else "grey"
    # Filled in place: a list of arrays and their stack would need the memory twice.
    images: np.ndarray | None = None
    for i, path in enumerate(paths):
        pixels = read_picture(path, image_size, color)
        if images is None:
            images = np.empty((len(paths), *pixels.shape), np.uint8)
        if pixels.shape != images.shape[1:]:
            raise DataError(
                f"{path}: expected a picture of {images.shape[2]}×{images.shape[1]} pixels like {paths[0]}. Received: "
                f"{pixels.shape[1]}×{pixels.shape[0]}. Pass --image-size to crop and resize all pictures to one size"
            )
        images[i] = pixels
    assert images is not None
    return images


def _is_colour(path: Path) -> bool:
    with _open(path) as picture:
        return picture.mode not in ("1", "L", "LA", "La", "F") and not picture.mode.startswith("I")


def read_picture(path: Path, image_size: int | None, color: Literal["grey", "rgb"]) -> np.ndarray:
    """One picture, upright and without transparency, uint8 [H, W, C].

    Args:
        path: of a file of one of `SUFFIXES`, whatever its name ends in.
        image_size: crop to the central square and resize to this many pixels a side; None keeps the size.
        color: "grey" or "rgb".

    Raises:
        DataError: if it is no picture, damaged, too large, animated, or of more than 16 bits a channel.
    """
    with _open(path) as picture:
        # A phone's "MPO" jpeg holds a preview or a depth map as a further frame; its first is the picture.
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


def _eight_bit(picture: Image.Image, path: Path) -> Image.Image:
    # Pillow's own conversion of these modes clips at 255 instead of scaling.
    if picture.mode.startswith("I;16") or (picture.mode == "I" and picture.format == "PNG"):
        return Image.fromarray((np.asarray(picture).astype(np.float64) / 257).round().astype(np.uint8))
    if picture.mode in ("I", "F"):
        raise DataError(f"{path}: expected a picture of 8 or 16 bits a channel. Received: 32 bits")
    return picture


@contextmanager
def _open(path: Path) -> Iterator[Image.Image]:
    """Open a picture; whatever Pillow has to say about it while it is open becomes a DataError that names the file."""
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
