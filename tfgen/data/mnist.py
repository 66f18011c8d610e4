"""MNIST and the data sets in its format, from a local folder of four idx files or from Keras's download and cache."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from tfgen.data.idx import read_idx
from tfgen.data.keras_download import load_from_keras
from tfgen.data.sets import ImageSet
from tfgen.data.split import Source
from tfgen.errors import DataError
from tfgen.files import user_path

FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
LABEL_NAMES = {
    "mnist": tuple("0123456789"),
    "fashion_mnist": (
        "T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
    ),
    "kmnist": ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
}  # fmt: skip
_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# The classes of EMNIST in the order of its labels; "balanced" and "bymerge" have no small letters that look like
# capitals. Cohen et al.: EMNIST: an extension of MNIST to handwritten letters. IJCNN 2017.
_EMNIST_CLASSES = {
    "balanced": "0123456789" + _CAPITALS + "abdefghnqrt",
    "bymerge": "0123456789" + _CAPITALS + "abdefghnqrt",
    "byclass": "0123456789" + _CAPITALS + _CAPITALS.lower(),
    "letters": _CAPITALS,
    "digits": "0123456789",
    "mnist": "0123456789",
}
# MNIST and Fashion-MNIST use the same file names. Their first test labels tell them apart.
_FIRST_TEST_LABELS = {
    "mnist": (7, 2, 1, 0, 4, 1, 4, 9, 5, 9),
    "fashion_mnist": (9, 2, 1, 1, 6, 1, 4, 6, 5, 7),
}


def load_mnist(name: str, data_dir: str | os.PathLike[str] | None = None, download: bool = True) -> Source:
    """Load MNIST or a data set in its format: uint8 images [N, 28, 28, 1] of 256 levels with labels 0, 1, ….

    MNIST, Fashion-MNIST and KMNIST have 60,000 examples for training and validation and 10,000 for the test. Validation
    is a twelfth of the training examples unless sizes are given: 5,000 of 60,000.

    The four idx files, gzipped or not, are read from `data_dir`. Without `data_dir` they are read from the folder in
    the environment variable TFGEN_DATA. Either folder may contain the files, or a folder called `name` that contains
    them. Without `data_dir`, and if TFGEN_DATA is unset or has none of the files, Keras downloads mnist and
    fashion_mnist or takes them from its cache. Keras has no KMNIST and no EMNIST.

    The files of EMNIST are called `emnist-balanced-train-images-idx3-ubyte` and so on. They contain the images with
    rows and columns exchanged; this function turns them.

    Args:
        name: "mnist", "fashion_mnist", "kmnist", "emnist" (which stands for "emnist_balanced"), "emnist_byclass",
            "emnist_bymerge", "emnist_letters", "emnist_digits" or "emnist_mnist".
        data_dir: folder of the files, or None.
        download: False makes an error of files that Keras would have to download.

    Raises:
        DataError: if files are missing, damaged or belong to another data set, or if the download fails.
    """
    folder = _folder(data_dir)
    paths = None
    if folder is not None:
        paths = _find(folder, name, "data_dir" if data_dir is not None else "TFGEN_DATA")
    if paths is None:
        files = ", ".join(_files(name))
        if data_dir is not None:
            raise DataError(
                f"{data_dir}: expected the four files {files} (each may end in .gz), there or in a folder "
                f"{name} there. Found: {_listing(user_path(data_dir))}"
            )
        if name not in _FIRST_TEST_LABELS:
            raise DataError(
                f"{name}: expected the four files {files} (each may end in .gz) in a folder that --data-dir or "
                "TFGEN_DATA names. Received: no such files"
            )
        train, test = _from_keras(name, download)
    else:
        train, test = _from_files(name, paths)
    return Source(name, train, test, max(1, len(train) // 12), _label_names(name))


def _emnist_part(name: str) -> str | None:
    """The part of EMNIST that a name stands for, or None."""
    if name == "emnist":
        return "balanced"
    return name.removeprefix("emnist_") if name.startswith("emnist_") else None


def _label_names(name: str) -> tuple[str, ...]:
    part = _emnist_part(name)
    return LABEL_NAMES[name] if part is None else tuple(_EMNIST_CLASSES[part])


def _files(name: str) -> tuple[str, ...]:
    """The names of the four files of a data set."""
    part = _emnist_part(name)
    return FILES if part is None else tuple(f"emnist-{part}-{file.replace('t10k', 'test')}" for file in FILES)


def has_local_files(name: str, data_dir: str | os.PathLike[str] | None = None) -> bool:
    """Return whether the four local files that `load_mnist` would read exist. Their content is not checked."""
    folder = _folder(data_dir)
    try:
        return folder is not None and _find(folder, name, "") is not None
    except DataError:
        return False


def _folder(data_dir: str | os.PathLike[str] | None) -> Path | None:
    """Return `data_dir`, or else the folder in TFGEN_DATA, or else None."""
    folder = data_dir if data_dir is not None else os.environ.get("TFGEN_DATA") or None
    return None if folder is None else user_path(folder)


def _from_files(name: str, paths: list[Path]) -> tuple[ImageSet, ImageSet]:
    """Read the training and the test examples from the files in the order of `FILES`."""
    train, test = _read_set(name, paths[0], paths[1]), _read_set(name, paths[2], paths[3])
    assert test.labels is not None
    for other, labels in _FIRST_TEST_LABELS.items():
        if other != name and _emnist_part(name) is None and tuple(test.labels[:10]) == labels:
            raise DataError(
                f"{paths[3]}: expected the labels of {name}. Received those of {other}. Pass the folder of {name} with "
                "--data-dir, or unset TFGEN_DATA to download it"
            )
    if train.event_shape != test.event_shape:
        raise DataError(
            f"{paths[2]}: expected images of {train.event_shape[:2]} pixels as in {paths[0]}. "
            f"Received: {test.event_shape[:2]}"
        )
    return train, test


def _read_set(name: str, images_path: Path, labels_path: Path) -> ImageSet:
    images, labels = read_idx(images_path, rank=3), read_idx(labels_path, rank=1)
    if len(labels) != len(images):
        raise DataError(
            f"{labels_path}: expected {len(images)} labels, one for each image of {images_path}. "
            f"Received: {len(labels)}"
        )
    labels = labels.astype(np.int64)
    if _emnist_part(name) is not None:
        images = np.ascontiguousarray(images.transpose(0, 2, 1))
    if _emnist_part(name) == "letters":
        labels = labels - 1  # the letters are numbered from 1
    largest = len(_label_names(name)) - 1
    if labels.min() < 0 or labels.max() > largest:
        raise DataError(f"{labels_path}: expected labels 0 to {largest}. Received a label of {labels.max()}")
    return ImageSet(images[..., None], 256, labels)


def _find(folder: Path, name: str, origin: str) -> list[Path] | None:
    """Return the four files in `folder`/`name` or in `folder`, in the order of `_files`; None if there are none.

    Raises:
        DataError: if `folder` is not a folder, or contains some of the files but not all. `origin` says in the message
            where the folder was named.
    """
    if not folder.is_dir():
        raise DataError(
            f"{folder} ({origin}): expected a folder. Received {'a file' if folder.exists() else 'nothing'}"
        )
    files = _files(name)
    for place in (folder / name, folder):
        candidates = [[place / file, place / f"{file}.gz"] for file in files]
        found = [next((path for path in both if path.is_file()), None) for both in candidates]
        if all(found):
            return [path for path in found if path is not None]
        if any(found):
            missing = [file for file, path in zip(files, found, strict=True) if path is None]
            raise DataError(
                f"{place} ({origin}): expected the four files {', '.join(files)} (each may end in .gz). "
                f"Missing: {', '.join(missing)}"
            )
    return None


def _listing(folder: Path) -> str:
    """Return the first ten names in a folder, for an error message."""
    names = sorted(path.name + "/" * path.is_dir() for path in folder.iterdir())
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "") if names else "nothing"


def _from_keras(name: str, download: bool) -> tuple[ImageSet, ImageSet]:
    (x_train, y_train), (x_test, y_test) = load_from_keras(
        name, f"put the four files {', '.join(FILES)} into a folder and pass it", download
    )
    return (
        ImageSet(x_train[..., None], 256, y_train.astype(np.int64)),
        ImageSet(x_test[..., None], 256, y_test.astype(np.int64)),
    )
