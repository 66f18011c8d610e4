"""MNIST and Fashion-MNIST: from a folder of their four idx files, or else from Keras's own download and cache."""

from __future__ import annotations

import gzip
import math
import os
import zlib
from pathlib import Path

import numpy as np

from tfgen.data.sets import ImageSet
from tfgen.data.split import Source
from tfgen.errors import DataError

FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
LABEL_NAMES = {
    "mnist": tuple("0123456789"),
    "fashion_mnist": (
        "T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
    ),
}  # fmt: skip
# The two sets use the same four file names, so a folder does not say which it holds; the first test labels do.
_FIRST_TEST_LABELS = {
    "mnist": (7, 2, 1, 0, 4, 1, 4, 9, 5, 9),
    "fashion_mnist": (9, 2, 1, 1, 6, 1, 4, 6, 5, 7),
}
_UNSIGNED_BYTE = 0x08


def load_mnist(name: str, data_dir: str | os.PathLike[str] | None = None) -> Source:
    """MNIST or Fashion-MNIST, uint8 [60000 and 10000, 28, 28, 1] of 256 levels with labels 0 to 9.

    The four idx files, gzipped or not, are looked for in `data_dir`, or else in the folder that the environment
    variable TFGEN_DATA names; either may be the folder of the files or the parent of a folder called `name`. Without
    `data_dir`, where TFGEN_DATA is unset or has none of the files, Keras downloads the set or takes it from its cache.

    Validation is a twelfth of the training images unless sizes are given: 5,000 of 60,000.

    Args:
        name: "mnist" or "fashion_mnist".
        data_dir: the folder, or None.

    Raises:
        DataError: if files are missing, damaged or those of the other set, or the download fails.
    """
    folder = data_dir if data_dir is not None else os.environ.get("TFGEN_DATA") or None
    paths = None
    if folder is not None:
        paths = _find(Path(folder).expanduser(), name, "data_dir" if data_dir is not None else "TFGEN_DATA")
    if paths is None:
        if data_dir is not None:
            raise DataError(
                f"{data_dir}: expected the four files {', '.join(FILES)} (each may end in .gz), there or in a folder "
                f"{name} there. Found: {_listing(Path(data_dir).expanduser())}"
            )
        train, test = _from_keras(name)
    else:
        train, test = _read_set(paths[0], paths[1]), _read_set(paths[2], paths[3])
        (other,) = _FIRST_TEST_LABELS.keys() - {name}
        assert test.labels is not None
        if tuple(test.labels[:10]) == _FIRST_TEST_LABELS[other]:
            raise DataError(
                f"{paths[3]}: expected the labels of {name}. Received those of {other}. Pass the folder of {name} with "
                "--data-dir, or unset TFGEN_DATA to download it"
            )
        if train.event_shape != test.event_shape:
            raise DataError(
                f"{paths[2]}: expected images of {train.event_shape[:2]} pixels as in {paths[0]}. "
                f"Received: {test.event_shape[:2]}"
            )
    return Source(name, train, test, max(1, len(train) // 12), LABEL_NAMES[name])


def is_local(data_dir: str | os.PathLike[str] | None = None) -> bool:
    """Whether `load_mnist` would look for files on this machine, instead of asking Keras to download them."""
    return data_dir is not None or bool(os.environ.get("TFGEN_DATA"))


def is_there(name: str, data_dir: str | os.PathLike[str] | None = None) -> bool:
    """Whether the four files that `load_mnist` would read are there; what is in them it says itself."""
    folder = data_dir if data_dir is not None else os.environ.get("TFGEN_DATA") or None
    try:
        return folder is not None and _find(Path(folder).expanduser(), name, "") is not None
    except DataError:
        return False


def read_idx(path: str | os.PathLike[str], rank: int) -> np.ndarray:
    """Read one idx file of unsigned bytes, gzipped or not.

    The format: two zero bytes, a type code (0x08, unsigned byte), the rank, then one big-endian uint32 for each
    dimension and the values, row-major. Described at http://yann.lecun.com/exdb/mnist/.

    Args:
        path: the file; whether it is gzipped is seen from its content, since browsers unpack files and keep the name.
        rank: the number of dimensions it must have, 3 for images and 1 for labels.

    Returns:
        uint8, of the shape that the file declares.

    Raises:
        DataError: if the file cannot be read, or its bytes are not exactly what its header declares.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            f"{path}: expected a complete gzip file. Received a truncated or damaged one ({error})"
        ) from error
    except OSError as error:
        raise DataError(f"{path}: expected a readable idx file. Received: {error.strerror or error}") from error

    expected = bytes([0, 0, _UNSIGNED_BYTE, rank])
    if content[:4] != expected:
        raise DataError(
            f"{path}: expected an idx file that starts with the bytes {expected.hex(' ')} (unsigned bytes, rank {rank})"
            f". Received: {content[:4].hex(' ') or 'an empty file'}"
        )
    header = 4 + 4 * rank
    if len(content) < header:
        raise DataError(f"{path}: expected a header of {header} bytes. Received a file of {len(content)} bytes")
    shape = tuple(int(size) for size in np.frombuffer(content, ">u4", rank, offset=4))
    if 0 in shape:
        raise DataError(f"{path}: expected at least one value. Received the shape {list(shape)}")
    if len(content) - header != math.prod(shape):
        raise DataError(
            f"{path}: expected {math.prod(shape)} bytes of values for the declared shape {list(shape)}. "
            f"Received: {len(content) - header}"
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def _read_set(images_path: Path, labels_path: Path) -> ImageSet:
    images, labels = read_idx(images_path, rank=3), read_idx(labels_path, rank=1)
    if len(labels) != len(images):
        raise DataError(
            f"{labels_path}: expected {len(images)} labels, one for each image of {images_path}. "
            f"Received: {len(labels)}"
        )
    if labels.max() > 9:
        raise DataError(f"{labels_path}: expected labels 0 to 9. Received a label of {labels.max()}")
    return ImageSet(images[..., None], 256, labels.astype(np.int64))


def _find(folder: Path, name: str, origin: str) -> list[Path] | None:
    """The four files in `folder`/`name` or in `folder`; None where it has none of them."""
    if not folder.is_dir():
        raise DataError(
            f"{folder} ({origin}): expected a folder. Received {'a file' if folder.exists() else 'nothing'}"
        )
    for place in (folder / name, folder):
        candidates = [[place / file, place / f"{file}.gz"] for file in FILES]
        found = [next((path for path in both if path.is_file()), None) for both in candidates]
        if all(found):
            return [path for path in found if path is not None]
        if any(found):
            missing = [file for file, path in zip(FILES, found, strict=True) if path is None]
            raise DataError(
                f"{place} ({origin}): expected the four files {', '.join(FILES)} (each may end in .gz). "
                f"Missing: {', '.join(missing)}"
            )
    return None


def _listing(folder: Path) -> str:
    names = sorted(path.name + "/" * path.is_dir() for path in folder.iterdir())
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "") if names else "nothing"


def _from_keras(name: str) -> tuple[ImageSet, ImageSet]:
    import keras

    try:
        (x_train, y_train), (x_test, y_test) = getattr(keras.datasets, name).load_data()
    except Exception as error:  # Keras raises a bare Exception where the network fails
        raise DataError(
            f"{name}: expected to download it through Keras, or to find it in Keras's cache. Received: {error}. "
            f"Without a network, put the four files {', '.join(FILES)} into a folder and pass it with --data-dir or "
            "name it in TFGEN_DATA"
        ) from error
    return (
        ImageSet(x_train[..., None], 256, y_train.astype(np.int64)),
        ImageSet(x_test[..., None], 256, y_test.astype(np.int64)),
    )
