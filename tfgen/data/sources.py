"""The sources of data sets: built-in names, files and folders of pictures, arrays, and other packages' data sets."""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tfgen.errors import ConfigError, DataError
from tfgen.files import user_path

if TYPE_CHECKING:
    from tfgen.data.pictures import Reading
    from tfgen.data.sets import Dataset
    from tfgen.data.split import Source

#: Names of data sets that consist of files in the format of MNIST.
IDX_NAMES = ("mnist", "fashion_mnist", "kmnist", "emnist")
EMNIST_NAMES = tuple(f"emnist_{part}" for part in ("balanced", "byclass", "bymerge", "digits", "letters", "mnist"))
CIFAR_NAMES = ("cifar10", "cifar100")
IMAGE_NAMES = ("digits", *IDX_NAMES, *CIFAR_NAMES, "stacked_mnist")
POINT_NAMES = ("bimodal", "moons", "checkerboard", "rings", "ring8", "grid25")
NAMES = IMAGE_NAMES + POINT_NAMES
#: Named splits: data sets that have them, and numbers of training and validation images.
SPLITS = {"tutorial": (("mnist", "fashion_mnist"), 45_000, 5_000)}


def load(
    name: str | os.PathLike[str],
    *,
    data_dir: str | os.PathLike[str] | None = None,
    split: Literal["tutorial"] | None = None,
    image_size: int | str | tuple[int, int] | None = None,
    fit: Literal["crop", "pad"] = "crop",
    background: str = "white",
    color: Literal["grey", "rgb"] | None = None,
    labels: str | os.PathLike[str] | None = None,
    skip_broken: bool = False,
    cache: bool = True,
    train_size: int | None = None,
    validation_size: int | None = None,
    conditional: bool = False,
    clusters: int | None = None,
    seed: int = 0,
    download: bool = True,
) -> Dataset:
    """Load a data set, split into training, validation and test examples.

    | name | examples | training / validation / test |
    |---|---|---|
    | digits | 8×8×1, 17 levels | 1,297 / 200 / 300 |
    | mnist, fashion_mnist, kmnist | 28×28×1, 256 levels | 55,000 / 5,000 / 10,000 |
    | emnist, emnist_letters, … | 28×28×1, 256 levels | 11/12 and 1/12 of its training images / its test images |
    | cifar10, cifar100 | 32×32×3, 256 levels | 45,000 / 5,000 / 10,000 |
    | stacked_mnist | 28×28×3, 256 levels: each channel is a digit of mnist | 128,000 / 2,000 / 26,000 |
    | bimodal, moons, checkerboard, rings, ring8, grid25 | points in the plane | 10,000 / 2,000 / 10,000 |
    | path of a folder, .zip or .tar of pictures | H×W×1 or H×W×3, 256 levels | the source's own, or 80 / 10 / 10 % |
    | name-{000..003}.tar, or a folder of .tar files: shards of a WebDataset | as a folder | as a folder |
    | path of an .npz or .npy file | H×W×1 or H×W×3 | the file's own, or 80 / 10 / 10 % |
    | tfds:NAME | images of TensorFlow Datasets, by name or folder | its own, or 80 / 10 / 10 % |
    | hf:NAME | images of Hugging Face Datasets, by name or folder | its own, or 80 / 10 / 10 % |

    Args:
        name: one of `NAMES`, or a path. A built-in name has priority over a path of the same spelling: write `./digits`
            for a folder called digits.
        data_dir: for the data sets of files in the formats of MNIST and CIFAR, the folder of the files; see
            `tfgen.data.mnist.load_mnist` and `tfgen.data.cifar.load_cifar`. For tfds, its folder of data sets.
        split: "tutorial" for the 45,000 training and 5,000 validation images of mnist.
        image_size: N for N×N pixels, or "HxW" or (H, W) for H rows of W pixels. None keeps the size.
        fit: with `image_size`, "crop" cuts a picture to the shape of the images, "pad" keeps all of it.
        background: colour behind transparent pixels and of the border of "pad".
        color: "grey" or "rgb" converts the images. None keeps their colours.
        labels: CSV file with the columns file and label. None: the labels of the source.
        skip_broken: leave out pictures that cannot be read. They are listed in the attribute `skipped`.
        cache: keep decoded pictures in the cache folder of the user. Sets larger than memory need it.
        train_size: number of training examples: the first ones of those that are available. None takes all that the
            validation split leaves.
        validation_size: number of validation examples: those that follow the training examples. None takes the number
            in the table, 0 makes no validation split.
        conditional: require labels.
        clusters: number of clusters of similar pictures that take the place of labels; see
            `tfgen.data.clusters.with_clusters`. None keeps the labels.
        seed: seed of the points of a toy density, of the digits of stacked_mnist, and of the split of pictures that
            have no split of their own. The other data sets have one split for all seeds. This seed is not the seed of
            the training: runs can be compared only if they share the test split.
        download: False makes an error of data that Keras or another package would have to download.

    Returns:
        The data set. `validation` is None if its size is 0.

    Raises:
        DataError: if the name is unknown, the data is missing or damaged, or an argument does not fit the data set.

    Example:
        >>> tutorial = load("mnist", split="tutorial")
        >>> len(tutorial.train), tutorial.event_shape, tutorial.levels
        (45000, (28, 28, 1), 256)
    """
    from tfgen.config.image_size import sides

    name = os.fspath(name)
    if not name:
        raise DataError("Expected the name or the path of a data set. Received an empty name")
    try:
        size = None if image_size is None else sides(image_size)
    except ConfigError as error:
        raise DataError(str(error)) from None
    _check(name, data_dir, image_size, color, labels, fit)
    if split is not None:
        train_size, validation_size = _sizes_of_split(name, split, train_size, validation_size)
    try:
        if name in POINT_NAMES:
            from tfgen.data.toys import load_toy

            dataset = load_toy(name, train_size, validation_size, seed)
        elif name == "stacked_mnist":
            from tfgen.data.stacked import load_stacked

            dataset = load_stacked(data_dir, train_size, validation_size, seed, download)
        else:
            from tfgen.data.pictures import Reading
            from tfgen.data.pixels import Conversion
            from tfgen.data.split import split as split_source

            reading = Reading(Conversion(size, color, fit, background), labels, skip_broken, cache)
            dataset = split_source(_source(name, data_dir, reading, seed, download), train_size, validation_size)
    except OSError as error:
        where = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else name
        raise DataError(f"{where}: expected data that can be read. Received: {error.strerror or error}") from error
    if clusters is not None:
        from tfgen.data.clusters import with_clusters

        dataset = with_clusters(dataset, clusters)
    elif conditional:
        _check_labels(dataset)
    return dataset


def takes_data_dir(name: str) -> bool:
    """Whether `data_dir` has a meaning for a data set."""
    return name in (*IDX_NAMES, *EMNIST_NAMES, *CIFAR_NAMES, "stacked_mnist") or name.startswith("tfds:")


def _sizes_of_split(name: str, split: str, train_size: int | None, validation_size: int | None) -> tuple[int, int]:
    """The sizes of a named split."""
    if split not in SPLITS:
        raise DataError(f"split: expected one of {', '.join(SPLITS)}. Received: {split!r}")
    names, train, validation = SPLITS[split]
    if name not in names:
        raise DataError(f"split: expected {split} with {' or '.join(names)} only. Received: {name!r}")
    if train_size is not None or validation_size is not None:
        raise DataError(
            f"split: expected no train_size or validation_size with {split}, which sets both. Received: "
            f"train_size={train_size}, validation_size={validation_size}"
        )
    return train, validation


def _check_labels(dataset: Dataset) -> None:
    """Raise `DataError` if a data set cannot train a class-conditional model."""
    import numpy as np

    labels = dataset.train.labels
    if labels is None:
        raise DataError(
            " ".join(
                [
                    f"{dataset.name}: expected labels, for --conditional. Received none. Labels are the names of "
                    "sub-folders, the entries of a dataset.json, an array in an .npz, or a CSV file (--labels).",
                    *dataset.notes,
                ]
            )
        )
    classes = len(np.unique(labels))
    if classes < 2:
        raise DataError(f"{dataset.name}: expected at least two classes, for --conditional. Received: {classes}")
    if classes < len(dataset.classes):
        missing = sorted(set(range(len(dataset.classes))) - set(np.unique(labels).tolist()))
        names = ", ".join(dataset.classes[k] for k in missing[:5])
        raise DataError(
            f"{dataset.name}: expected a training example of each of {len(dataset.classes)} classes, for "
            f"--conditional. Received none of {len(missing)}: {names}"
        )


def _check(
    name: str,
    data_dir: str | os.PathLike[str] | None,
    image_size: int | str | tuple[int, int] | None,
    color: Literal["grey", "rgb"] | None,
    labels: str | os.PathLike[str] | None,
    fit: str,
) -> None:
    """Raise `DataError` if an argument of `load` is out of range or has no effect on this data set."""
    if color not in (None, "grey", "rgb"):
        raise DataError(f"Expected the colour grey or rgb. Received: color={color!r}")
    if fit not in ("crop", "pad"):
        raise DataError(f"Expected the fit crop or pad. Received: fit={fit!r}")
    if data_dir is not None and not takes_data_dir(name):
        raise DataError(
            f"Expected data_dir with {', '.join((*IDX_NAMES, *CIFAR_NAMES))}, tfds:NAME or stacked_mnist only. "
            f"Received: data_dir={os.fspath(data_dir)!r} with {name!r}. To use your own pictures, pass their folder as "
            "the name of the data"
        )
    if labels is not None and name in (*NAMES, *EMNIST_NAMES):
        raise DataError(f"Expected labels with files of pictures only. Received: labels={os.fspath(labels)!r}")
    if image_size is not None or color is not None:
        received = f"Received: image_size={image_size}, color={color}"
        if name in POINT_NAMES:
            raise DataError(
                f"Expected no image_size or color with {name}, which is made of points, not of images. {received}"
            )
        if name == "stacked_mnist":
            raise DataError(f"Expected no image_size or color with {name}, whose colours are digits. {received}")


def _source(name: str, data_dir: str | os.PathLike[str] | None, reading: Reading, seed: int, download: bool) -> Source:
    """Read the images of a built-in name, of files, or of another package."""
    from tfgen.data.pixels import convert

    if name == "digits":
        from tfgen.data.digits import load_digits

        return convert(load_digits(), reading.conversion)
    if name in IDX_NAMES or name in EMNIST_NAMES:
        from tfgen.data.mnist import load_mnist

        return convert(load_mnist(name, data_dir, download), reading.conversion)
    if name in CIFAR_NAMES:
        from tfgen.data.cifar import load_cifar

        return convert(load_cifar(name, data_dir, download), reading.conversion)
    if name.startswith(("tfds:", "hf:")):
        return _of_other_package(name, data_dir, reading, seed, download)
    path = user_path(name)
    source = _of_path(path, reading, seed)
    if source is not None:
        return source
    close = difflib.get_close_matches(name, NAMES, n=1)
    suggestion = f" Did you mean {close[0]}?" if close else ""
    raise DataError(
        f"Expected one of {', '.join(NAMES)}, tfds:NAME, hf:NAME, or the path of a folder, a .zip or a .tar of "
        f"pictures or of an .npz. Received: {name!r}, which is neither.{suggestion}"
    )


def _of_path(path: Path, reading: Reading, seed: int) -> Source | None:
    from tfgen.data.files import find_files
    from tfgen.data.pixels import convert

    files = find_files(path)
    if files is not None:
        from tfgen.data.pictures import load_pictures

        return load_pictures(files, reading, seed)
    if not path.is_file():
        return None
    if path.suffix.lower() not in (".npz", ".npy"):
        raise DataError(
            f"{path}: expected a folder, a .zip or a .tar of pictures, or an .npz or .npy. Received: a file of "
            "another type"
        )
    if reading.labels is not None:
        raise DataError(f"{path}: expected labels in the file itself. Received: --labels {os.fspath(reading.labels)}")
    from tfgen.data.npz import load_npy, load_npz

    return convert(load_npy(path, seed) if path.suffix.lower() == ".npy" else load_npz(path, seed), reading.conversion)


def _of_other_package(
    name: str, data_dir: str | os.PathLike[str] | None, reading: Reading, seed: int, download: bool
) -> Source:
    from tfgen.data.pictures import load_pictures

    kind, _, rest = name.partition(":")
    if not rest:
        raise DataError(f"Expected {kind}:NAME with the name or the folder of a data set. Received: {name!r}")
    if kind == "tfds":
        from tfgen.data.files.tfds import TfdsFiles

        return load_pictures(TfdsFiles(rest, data_dir, download), reading, seed)
    from tfgen.data.files.hugging_face import HuggingFaceFiles

    return load_pictures(HuggingFaceFiles(rest, download), reading, seed)
