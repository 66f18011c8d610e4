"""Stacked MNIST: images whose three colour channels are three MNIST digits, 1,000 equally frequent classes."""

from __future__ import annotations

import os

import numpy as np

from tfgen.data.mnist import load_mnist
from tfgen.data.sets import Dataset, ImageSet
from tfgen.data.split import split
from tfgen.errors import DataError

TRAIN_SIZE, VALIDATION_SIZE, TEST_SIZE = 128_000, 2_000, 26_000
#: Number of digits per image, and the data set of the digits.
CHANNELS, DIGITS = 3, "mnist"


def load_stacked(
    data_dir: str | os.PathLike[str] | None = None,
    train_size: int | None = None,
    validation_size: int | None = None,
    seed: int = 0,
    download: bool = True,
) -> Dataset:
    """Generate Stacked MNIST: uint8 [N, 28, 28, 3] of 256 levels. Digits a, b, c have the label 100 a + 10 b + c.

    There are 128,000 training, 2,000 validation and 26,000 test images unless sizes are given. The digits are drawn
    uniformly and with replacement from the same split of MNIST (55,000, 5,000 and 10,000 digits). Each split has its
    own stream of random numbers, so that the first n training images are the same for every `train_size` ≥ n. An image
    takes 2,352 bytes of memory.

    Args:
        data_dir: folder of the idx files of MNIST; see `tfgen.data.mnist.load_mnist`.
        train_size: number of training images, at least 1. None: 128,000.
        validation_size: number of validation images, 0 for no validation split. None: 2,000.
        seed: seed of the choice of digits, at least 0.
        download: see `tfgen.data.mnist.load_mnist`.

    Raises:
        DataError: if a size or the seed is out of range, or MNIST is missing or damaged.

    References:
        Srivastava et al.: VEEGAN: reducing mode collapse in GANs using implicit variational learning. NeurIPS 2017.
        Lin et al.: PacGAN: the power of two samples in generative adversarial networks. NeurIPS 2018, for the sizes.
    """
    train_size = TRAIN_SIZE if train_size is None else train_size
    validation_size = VALIDATION_SIZE if validation_size is None else validation_size
    if train_size < 1 or validation_size < 0 or seed < 0:
        raise DataError(
            "stacked_mnist: expected at least 1 training image, and no negative number of validation images nor "
            f"seed. Received: train_size={train_size}, validation_size={validation_size}, seed={seed}"
        )
    digits = split(load_mnist(DIGITS, data_dir, download), None, None)
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
    """Return n images of randomly chosen digits."""
    # NumPy guarantees the raw output of PCG64. The remainder of a division of 64-bit words is uniform to 10⁻¹⁴.
    words = np.random.PCG64([seed, stream]).random_raw(CHANNELS * n)
    chosen = (words % len(digits)).astype(np.int64).reshape(n, CHANNELS)
    images = np.empty((n, *digits.event_shape[:2], CHANNELS), np.uint8)
    for channel in range(CHANNELS):
        images[..., channel] = digits.images[chosen[:, channel]][..., 0]
    assert digits.labels is not None
    return ImageSet(images, digits.levels, digits.labels[chosen].astype(np.int64) @ np.array([100, 10, 1]))
