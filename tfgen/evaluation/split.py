"""The examples of a data set that a measurement uses."""

from typing import TYPE_CHECKING

import numpy as np

from tfgen.errors import ConfigError

if TYPE_CHECKING:
    from tfgen.data.sets import Dataset, ImageSet, PointSet

SPLITS = ("train", "validation", "test")


def examples_of_split(dataset: "Dataset", split: str, first: int | None = None) -> "ImageSet | PointSet":
    """Return the examples of a split.

    Args:
        dataset: the data set.
        split: "train", "validation" or "test".
        first: number of examples to return, from the start of the split; None for all.

    Raises:
        ConfigError: if the data set has no such split.
    """
    examples = getattr(dataset, split)
    if examples is None:
        raise ConfigError(f"split: expected one that the run has. Received: {split!r}, which has no examples")
    return examples[: first or len(examples)]


def check_number(option: str, number: int | None, dataset: "Dataset", split: str = "test") -> None:
    """Check a number of examples that a user asked for, before a measurement takes as many as there are.

    Args:
        option: name of the option, for the message.
        number: the number; None for all, or for a default.
        dataset, split: see `examples_of_split`.

    Raises:
        ConfigError: if the split has fewer examples.
    """
    size = len(examples_of_split(dataset, split))
    if number is not None and number > size:
        raise ConfigError(f"{option}: expected 1 to {size}, the number of {split} examples. Received: {number}")


def evenly_spaced(n: int, count: int) -> np.ndarray:
    """Return `count` positions at equal distances among n, int64 [count].

    A data set that is sorted, for example by class, is then represented evenly.
    """
    return np.arange(count) * n // count
