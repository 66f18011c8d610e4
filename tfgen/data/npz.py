"""Data sets in .npz and .npy files of NumPy arrays."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from tfgen.data.arrays import array_description, read_arrays, reason
from tfgen.data.memory import check_memory
from tfgen.data.sets import ImageSet
from tfgen.data.split import Source, hold_out, permutation
from tfgen.data.stored import IN_MEMORY_BYTES, StoredImages
from tfgen.errors import DataError

#: Images of a large .npy file that its digest covers.
_DIGEST_IMAGES = 1000
_NAMES = ("images", "labels", "x_train", "y_train", "x_test", "y_test", "levels")
_EXPECTED = "either images (and labels), or x_train and x_test (and y_train, y_test), and optionally levels"


def load_npz(path: str | os.PathLike[str], seed: int = 0) -> Source:
    """Read images from an .npz file that `np.savez` has written. Pickled objects are never loaded.

    The file contains one of two groups of arrays:

    - `images`, and optionally `labels`: split at random, 80 % / 10 % / 10 %.
    - `x_train` and `x_test`, and optionally `y_train` and `y_test`: x_train is split at random, 90 % for training and
      10 % for validation.

    Images are uint8 [N, H, W], [N, H, W, 1] or [N, H, W, 3]. Labels are integers [N] or [N, 1]. The file may also
    contain `levels`, one integer, which is 256 by default.

    Args:
        path: file.
        seed: seed of the split.

    Raises:
        DataError: if the file is damaged or not an .npz file, or if an array is missing or has a wrong shape or type.
            The message names the file and the array.
    """
    path = Path(path)
    arrays, names = read_arrays(path, _NAMES)
    keys = set(arrays)
    found = ", ".join(names) or "nothing"
    if ("images" in keys) == bool(keys & {"x_train", "x_test"}) or len(keys & {"x_train", "x_test"}) == 1:
        raise DataError(f"{path}: expected {_EXPECTED}. Found: {found}")
    levels = 256
    if "levels" in keys:
        if arrays["levels"].size != 1 or arrays["levels"].dtype.kind not in "iu":
            raise DataError(
                f"{path}: expected levels to be one integer. Received: {array_description(arrays['levels'])}"
            )
        levels = int(arrays["levels"].item())
    if "images" in keys:
        return hold_out(path.stem, _set(path, arrays, "images", "labels", levels), None, seed)
    pool, test = _set(path, arrays, "x_train", "y_train", levels), _set(path, arrays, "x_test", "y_test", levels)
    if pool.event_shape != test.event_shape:
        raise DataError(
            f"{path}: expected x_test of images {list(pool.event_shape)} as in x_train. "
            f"Received: {list(test.event_shape)}"
        )
    pool = pool[permutation(len(pool), seed)]
    return Source(path.stem, pool, test, max(1, len(pool) // 10))


def load_npy(path: str | os.PathLike[str], seed: int = 0) -> Source:
    """Use images of an .npy file, uint8 [N, H, W] or [N, H, W, C], which stay in the file if they are many.

    The images are split at random, 80 % / 10 % / 10 %. They have no labels and 256 levels.

    Raises:
        DataError: if the file is damaged or not an .npy file, or the array has a wrong shape or type.
    """
    path = Path(path)
    try:
        stored = StoredImages.from_npy(path)
    except Exception as error:  # a damaged header can raise almost any error, see `tfgen.data.arrays.read_header`
        raise DataError(
            f"{path}: expected an .npy file of images [N, H, W, C]. Received a damaged or other file ({reason(error)})"
        ) from error
    _check_images(path, "images", stored.dtype, stored.shape)
    if stored.nbytes <= IN_MEMORY_BYTES or stored.ndim != 4:
        check_memory(stored.nbytes, str(path), "An array [N, H, W, 1] or [N, H, W, 3] stays in its file")
        images = _set(path, {"images": stored[:]}, "images", "labels", 256)
        return hold_out(path.stem, images, None, seed)
    # Not all images are read for the digest, which would take as long as the disk needs for the file.
    some = stored[np.unique(np.linspace(0, len(stored) - 1, _DIGEST_IMAGES).astype(np.int64))]
    digest = hashlib.sha256(repr(stored.shape).encode() + some.tobytes()).hexdigest()
    return replace(hold_out(path.stem, ImageSet(stored, 256), None, seed), digest=digest)


def _set(path: Path, arrays: dict[str, np.ndarray], images_key: str, labels_key: str, levels: int) -> ImageSet:
    """Return the images and, if there are any, the labels under these names."""
    images, labels = arrays[images_key], arrays.get(labels_key)
    _check_images(path, images_key, images.dtype, images.shape)
    if images.ndim == 3:
        images = images[..., None]
    if labels is not None and labels.shape == (len(images), 1):
        labels = labels[:, 0]
    try:
        return ImageSet(images, levels, labels)
    except DataError as error:
        raise DataError(f"{path}, {images_key}: {error}") from error


def _check_images(path: Path, key: str, dtype: np.dtype, shape: tuple[int, ...]) -> None:
    """Raise `DataError` if an array does not consist of images."""
    received = f"{dtype} {list(shape)}"
    if dtype != np.uint8:
        hint = ""
        if dtype.kind == "f":
            hint = ". Convert it, for values in [0, 1] with (255 * images).round().astype('uint8')"
        raise DataError(f"{path}: expected {key} of type uint8. Received: {received}{hint}")
    if len(shape) not in (3, 4) or (len(shape) == 4 and shape[3] not in (1, 3)) or 0 in shape:
        raise DataError(
            f"{path}: expected {key} of shape [N, H, W], [N, H, W, 1] or [N, H, W, 3]. Received: {received}"
        )
