"""Which examples are for training, for validation and for the test: decided once, the same in every run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfgen.data.sets import Dataset, ImageSet
from tfgen.errors import DataError


@dataclass(frozen=True, eq=False)
class Source:
    """What a reader of images found, before sizes are chosen.

    Attributes:
        name: the data set's name.
        pool: the examples that training and validation share, in their fixed order.
        test: the examples of the source's own test split, or None where it has none.
        validation_size: how many examples of the pool are for validation unless the user says otherwise.
        label_names: the name of label 0, 1, …, or None.
    """

    name: str
    pool: ImageSet
    test: ImageSet | None
    validation_size: int
    label_names: tuple[str, ...] | None = None


def permutation(n: int, seed: int) -> np.ndarray:
    """A permutation of 0 … n − 1 that is the same in every version of NumPy.

    It sorts the raw output of PCG64, which NumPy promises never to change; it makes no such promise of
    `Generator.permutation`.
    """
    return np.argsort(np.random.PCG64(seed).random_raw(n), kind="stable")


def hold_out(name: str, images: ImageSet, label_names: tuple[str, ...] | None, seed: int) -> Source:
    """Split images that come without a split: 80 % training, 10 % validation, 10 % test, drawn from `seed`.

    Raises:
        DataError: if there are fewer than 10 images.
    """
    n = len(images)
    if n < 10:
        raise DataError(
            f"{name}: expected at least 10 images, to split into training, validation and test. Received: {n}"
        )
    order = permutation(n, seed)
    tenth = n // 10
    return Source(name, images[order[: n - tenth]], images[order[n - tenth :]], tenth, label_names)


def split(source: Source, train_size: int | None, validation_size: int | None) -> Dataset:
    """Take the first `train_size` examples of the pool for training and the following `validation_size` for validation.

    Args:
        source: a source with a test split.
        train_size: None for all that validation leaves.
        validation_size: None for the source's own; 0 for no validation split.

    Raises:
        DataError: if the sizes do not fit the pool.
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
    )
