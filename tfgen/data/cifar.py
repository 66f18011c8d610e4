"""CIFAR-10 and CIFAR-100, from a local folder of the binary version or from Keras's download and cache."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from tfgen.data.keras_download import load_from_keras
from tfgen.data.sets import ImageSet
from tfgen.data.split import Source
from tfgen.errors import DataError
from tfgen.files import user_path

SIDE = 32
#: Name → training files, test files, file of the names of the classes, bytes of labels before the pixels of an image.
_FILES = {
    "cifar10": (tuple(f"data_batch_{i}.bin" for i in range(1, 6)), ("test_batch.bin",), "batches.meta.txt", 1),
    "cifar100": (("train.bin",), ("test.bin",), "fine_label_names.txt", 2),
}
_FOLDERS = {"cifar10": "cifar-10-batches-bin", "cifar100": "cifar-100-binary"}
CIFAR10_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def load_cifar(name: str, data_dir: str | os.PathLike[str] | None = None, download: bool = True) -> Source:
    """Load CIFAR-10 or CIFAR-100: uint8 images [N, 32, 32, 3] of 256 levels with 10 or 100 classes.

    There are 50,000 images for training and validation, of which the last 5,000 are for validation unless sizes are
    given, and 10,000 for the test.

    The binary version of the data set is read from `data_dir`, else from the folder in the environment variable
    TFGEN_DATA, there or in a folder called cifar-10-batches-bin, cifar-100-binary or `name`. Without these files, Keras
    downloads the data set or takes it from its cache. The version for Python consists of pickles, which could run any
    program, and is not read.

    Args:
        name: "cifar10" or "cifar100".
        data_dir: folder of the files, or None.
        download: False makes an error of files that Keras would have to download.

    Raises:
        DataError: if files are missing or damaged, or if the download fails.

    Source:
        A. Krizhevsky: Learning multiple layers of features from tiny images. 2009.
    """
    train_files, test_files, names_file, _ = _FILES[name]
    chosen = data_dir if data_dir is not None else os.environ.get("TFGEN_DATA") or None
    folder = None if chosen is None else _find(user_path(chosen), name, (*train_files, *test_files))
    if folder is not None:
        train = _read(name, [folder / file for file in train_files])
        test = _read(name, [folder / file for file in test_files])
        names = _class_names(name, folder / names_file)
    elif data_dir is not None:
        raise DataError(
            f"{data_dir}: expected the binary version of {name}, the files {', '.join((*train_files, *test_files))}, "
            f"there or in a folder {_FOLDERS[name]} there. Received: no such files"
        )
    else:
        train, test = _from_keras(name, download)
        names = CIFAR10_CLASSES if name == "cifar10" else None
    return Source(name, train, test, max(1, len(train) // 10), names)


def _find(folder: Path, name: str, files: tuple[str, ...]) -> Path | None:
    """Return the folder that contains the files; None if none of them exists."""
    for place in (folder / _FOLDERS[name], folder / name, folder):
        missing = [file for file in files if not (place / file).is_file()]
        if not missing:
            return place
        if len(missing) < len(files):
            raise DataError(f"{place}: expected the files {', '.join(files)}. Missing: {', '.join(missing)}")
    return None


def _read(name: str, paths: list[Path]) -> ImageSet:
    label_bytes = _FILES[name][3]
    row = label_bytes + 3 * SIDE * SIDE
    parts = []
    for path in paths:
        content = np.fromfile(path, np.uint8)
        if not len(content) or len(content) % row:
            raise DataError(
                f"{path}: expected a multiple of {row} bytes, the size of an image. Received: {len(content)}"
            )
        parts.append(content.reshape(-1, row))
    rows = np.concatenate(parts)
    # The last byte before the pixels is the label; CIFAR-100 has its superclass before that.
    labels = rows[:, label_bytes - 1].astype(np.int64)
    classes = 10 if name == "cifar10" else 100
    if labels.max() >= classes:
        raise DataError(f"{paths[0].parent}: expected labels 0 to {classes - 1}. Received a label of {labels.max()}")
    images = rows[:, label_bytes:].reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1)
    return ImageSet(np.ascontiguousarray(images), 256, labels)


def _class_names(name: str, path: Path) -> tuple[str, ...] | None:
    if path.is_file():
        names = tuple(line.strip() for line in path.read_text().splitlines() if line.strip())
        if len(names) == (10 if name == "cifar10" else 100):
            return names
    return CIFAR10_CLASSES if name == "cifar10" else None


def _from_keras(name: str, download: bool) -> tuple[ImageSet, ImageSet]:
    (x_train, y_train), (x_test, y_test) = load_from_keras(
        name, f"unpack the binary version ({_FOLDERS[name]}) and pass its folder", download
    )
    return (
        ImageSet(x_train, 256, y_train.reshape(-1).astype(np.int64)),
        ImageSet(x_test, 256, y_test.reshape(-1).astype(np.int64)),
    )
