"""The split of a data set into training, validation and test examples, which is the same in every run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfgen.data.sets import Dataset, ImageSet
from tfgen.errors import DataError


@dataclass(frozen=True, eq=False)
class Source:
    """The images of a data set before the sizes of the training and validation splits are chosen.

    Attributes:
        name: name of the data set.
        pool: examples for training and validation, in a fixed order.
        test: test examples, or None if the source has no test split of its own.
        validation_size: default number of validation examples.
        label_names: name of each label 0, 1, …, or None.
        notes, skipped, digest: as in `tfgen.data.sets.Dataset`.
    """

    name: str
    pool: ImageSet
    test: ImageSet | None
    validation_size: int
    label_names: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    digest: str | None = None


def permutation(n: int, seed: int) -> np.ndarray:
    """Return a random permutation of 0 … n − 1 that is the same in every version of NumPy.

    NumPy guarantees the raw output of PCG64, and does not guarantee the output of `Generator.permutation`. This
    function therefore sorts raw output.
    """
    return np.argsort(np.random.PCG64(seed).random_raw(n), kind="stable")


def hold_out(name: str, images: ImageSet, label_names: tuple[str, ...] | None, seed: int) -> Source:
    """Split images at random: 80 % for training, 10 % for validation, 10 % for the test.

    Raises:
        DataError: if there are fewer than 10 images.
    """
    n = len(images)
    if n < 10:
        raise DataError(
            f"{name}: expected at least 10 images, to split into training, validation and test. Received: {n}. Fewer "
            "can be used from folders called train and test"
        )
    order = permutation(n, seed)
    tenth = n // 10
    return Source(name, images[order[: n - tenth]], images[order[n - tenth :]], tenth, label_names)


def own_split(
    name: str, images: ImageSet, sizes: tuple[int, int, int], label_names: tuple[str, ...] | None, seed: int
) -> Source:
    """Use the split of a source whose images are in the order training, validation, test.

    Args:
        name: name of the data set.
        images: all images.
        sizes: numbers of training, validation and test images. Without validation images, a tenth of the training
            images is for validation.
        label_names: name of each label, or None.
        seed: seed of the order of the training images.
    """
    train, validation, _ = sizes
    # Shuffled: the pictures are sorted by class, and sizes select the first examples.
    pool = images[np.concatenate([permutation(train, seed), np.arange(train, train + validation)])]
    validation = validation or (max(1, train // 10) if train > 1 else 0)
    return Source(name, pool, images[train + sizes[1] :], validation, label_names)


def split(source: Source, train_size: int | None, validation_size: int | None) -> Dataset:
    """Use the first `train_size` examples of the pool for training and the next `validation_size` for validation.

    Args:
        source: source with a test split.
        train_size: number of training examples. None takes all that the validation split leaves.
        validation_size: number of validation examples. None takes the default of the source, 0 makes no validation
            split.

    Raises:
        DataError: if there are fewer than `train_size` + `validation_size` examples, or no training example.
    """
    n = len(source.pool)
    validation = source.validation_size if validation_size is None else validation_size
    train = n - validation if train_size is None else train_size
    if train < 1 or validation < 0 or train + validation > n:
        hint = " Pass validation_size as well" if validation_size is None else ""
        raise DataError(
            f"{source.name}: expected training (at least 1) and validation examples that together are at most the {n} "
            f"available. Received: train_size={train}, validation_size={validation}.{hint}"
        )
    assert source.test is not None
    return Dataset(
        source.name,
        source.pool[:train],
        source.pool[train : train + validation] if validation else None,
        source.test,
        source.label_names,
        notes=source.notes,
        skipped=source.skipped,
        digest=source.digest,
    )
