"""Data sets in folders of picture files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import numpy as np

from tfgen.data.picture import is_color, read_picture
from tfgen.data.sets import ImageSet
from tfgen.data.split import Source, hold_out, permutation
from tfgen.errors import DataError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff")
# Picture formats that are not read. They are an error: ignoring the files would train on a part of the folder only.
_OTHER_PICTURES = (".avif", ".heic", ".heif", ".jp2", ".jxl", ".psd", ".svg", ".tga")
_VALIDATION_NAMES = ("validation", "valid", "val")


def load_folder(
    folder: str | os.PathLike[str],
    image_size: int | None = None,
    color: Literal["grey", "rgb"] | None = None,
    seed: int = 0,
) -> Source:
    """Read every picture (png, jpg, bmp, gif, webp, tif) in a folder and its sub-folders as images of 256 levels.

    The images are in the order of their relative paths. Hidden files, and files whose suffix is not that of a picture,
    are ignored. `tfgen.data.picture.read_picture` says how a picture becomes pixels.

    Labels: if every picture lies in a sub-folder, the names of the first-level sub-folders are the labels, in
    alphabetical order.

    Split: if the first-level sub-folders are called `train` and `test`, and perhaps one of `validation`, `valid` or
    `val`, they are the split. The labels are then the names of the sub-folders inside. Otherwise the split is random,
    80 % / 10 % / 10 %.

    Args:
        folder: the folder.
        image_size: side in pixels: crop each picture to its central square and resize. None requires pictures of one
            size.
        color: "grey" or "rgb" converts the pictures. None makes the set grey if all pictures are grey, else rgb.
        seed: seed of the split, if the folder has none of its own.

    Raises:
        DataError: if there are no pictures or too few for a split, if a picture cannot be read, or if sizes differ and
            `image_size` is None. The message names the file.
    """
    folder = Path(folder)
    paths = _pictures(folder)
    sections = {path.relative_to(folder).parts[0] for path in paths}
    validation_names = sections & set(_VALIDATION_NAMES)
    has_split = {"train", "test"} <= sections and sections - {"train", "test"} == validation_names
    if not has_split or len(validation_names) > 1:
        labels, label_names = _labels(folder, paths)
        images = _read(paths, image_size, color)
        return hold_out(folder.resolve().name, ImageSet(images, 256, labels), label_names, seed)

    # The splits are read as one set, because their labels, sizes and colours must agree.
    validation = next(iter(validation_names), None)
    order = ["train", "test"] if validation is None else ["train", validation, "test"]
    parts = [[path for path in paths if path.relative_to(folder).parts[0] == section] for section in order]
    paths = [path for part in parts for path in part]
    labels, label_names = _labels(folder, paths, depth=1)
    whole = ImageSet(_read(paths, image_size, color), 256, labels)
    n_pool, n_train = len(whole) - len(parts[-1]), len(parts[0])
    validation_size = max(1, n_train // 10) if validation is None else len(parts[1])
    # Shuffled: the paths are sorted by class, and sizes select the first examples.
    pool = whole[np.concatenate([permutation(n_train, seed), np.arange(n_train, n_pool)])]
    return Source(folder.resolve().name, pool, whole[n_pool:], validation_size, label_names)


def _pictures(folder: Path) -> list[Path]:
    """Return the paths of all pictures in a folder and its sub-folders, sorted by their parts."""
    paths, others, seen = [], set(), set()
    for root, directories, files in os.walk(folder, followlinks=True):
        if (real := os.path.realpath(root)) in seen:  # a link to a parent folder would be followed without end
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
    """Return labels [N] and their names from the sub-folders at a depth; (None, None) if a picture lies in none."""
    parts = [path.relative_to(folder).parts for path in paths]
    if any(len(part) < depth + 2 for part in parts):
        return None, None
    names, labels = np.unique([part[depth] for part in parts], return_inverse=True)
    return labels.astype(np.int64), tuple(str(name) for name in names)


def _read(paths: list[Path], image_size: int | None, color: Literal["grey", "rgb"] | None) -> np.ndarray:
    """Read pictures of one size as uint8 [N, H, W, C]."""
    if color is None:
        color = "rgb" if any(is_color(path) for path in paths) else "grey"
    # The array is filled in place. A list of arrays and its stack would need twice the memory.
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
