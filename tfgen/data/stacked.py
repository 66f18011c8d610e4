"""Stacked MNIST: three digits as the colours of a picture; its thousand kinds of pictures are equally frequent."""

from __future__ import annotations

import os

import numpy as np

from tfgen.data.idx import load_mnist
from tfgen.data.sets import Dataset, ImageSet
from tfgen.data.split import split
from tfgen.errors import DataError

TRAIN_SIZE, VALIDATION_SIZE, TEST_SIZE = 128_000, 2_000, 26_000
#: Digits in a picture, and the data set that they are of.
CHANNELS, DIGITS = 3, "mnist"


def load_stacked(
    data_dir: str | os.PathLike[str] | None = None,
    train_size: int | None = None,
    validation_size: int | None = None,
    seed: int = 0,
) -> Dataset:
    """Stack MNIST: uint8 [N, 28, 28, 3] of 256 levels, with labels 100 a + 10 b + c of the three digits.

    128,000 training, 2,000 validation and 26,000 test pictures unless sizes are given, of digits drawn evenly and with
    replacement from the same split of MNIST (55,000, 5,000 and 10,000 digits). Each split has its own stream of random
    numbers, so that the first n training pictures are the same for every `train_size` ≥ n. They take 2,352 bytes each.

    Args:
        data_dir: folder of MNIST's idx files; see `tfgen.data.idx.load_mnist`.
        train_size: number of training pictures, at least 1, or None.
        validation_size: number of validation pictures, 0 for none, or None.
        seed: at least 0.

    Raises:
        DataError: if a size or the seed is out of range, or MNIST is missing or damaged.

    Reference: Srivastava et al.: VEEGAN, NeurIPS 2017; the sizes are those of Lin et al.: PacGAN, 2018.
    """
    train_size = TRAIN_SIZE if train_size is None else train_size
    validation_size = VALIDATION_SIZE if validation_size is None else validation_size
    if train_size < 1 or validation_size < 0 or seed < 0:
        raise DataError(
            "stacked_mnist: expected at least 1 training picture, and no negative number of validation pictures nor "
            f"seed. Received: train_size={train_size}, validation_size={validation_size}, seed={seed}"
        )
    digits = split(load_mnist(DIGITS, data_dir), None, None)
    assert isinstance(digits.train, ImageSet) and isinstance(digits.test, ImageSet)
    assert isinstance(digits.validation, ImageSet)
    return Dataset(
        "stacked_mnist",
        train=_stacks(digits.train, train_size, seed, stream=0),
        validation=_stacks(digits.validation, validation_size, seed, stream=1) if validation_size else None,
        test=_stacks(digits.test, TEST_SIZE, seed, stream=2),
        channels_of=DIGITS,
    )


def _stacks(digits: ImageSet, n: int, seed: int, stream: int) -> ImageSet:
    # Raw output of PCG64, which NumPy promises never to change; of 2⁶⁴ the remainder is even enough.
    words = np.random.PCG64([seed, stream]).random_raw(CHANNELS * n)
    chosen = (words % len(digits)).astype(np.int64).reshape(n, CHANNELS)
    images = np.empty((n, *digits.event_shape[:2], CHANNELS), np.uint8)
    for channel in range(CHANNELS):
        images[..., channel] = digits.images[chosen[:, channel], ..., 0]
    assert digits.labels is not None
    return ImageSet(images, digits.levels, digits.labels[chosen].astype(np.int64) @ np.array([100, 10, 1]))
