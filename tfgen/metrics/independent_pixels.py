"""The likelihood of independent pixels: the baseline of every model of images.

A model of images that does not exceed the baseline has learned nothing about the dependence between pixels.
"""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tfgen.data.stored import Images

#: Number of images that are read at a time.
PART = 4096


def independent_pixels_bits_per_dim(train: "Images", test: "Images", levels: int) -> float:
    """Return the bits per dimension of independent pixels, each with its own histogram.

    The histogram of a pixel and channel counts the levels in `train`, plus one for every level.

    Args:
        train: integer images [n, H, W, C].
        test: integer images [m, H, W, C].
        levels: number of intensity levels.

    Returns:
        Mean of −log₂ p over the pixels of `test`.
    """
    count, dimensions = len(train), math.prod(train.shape[1:])
    pixel = np.arange(dimensions)
    histogram = np.ones((dimensions, levels))
    for part in _parts(train):
        for row in part.reshape(-1, dimensions):
            histogram[pixel, row] += 1.0
    bits = -np.log2(histogram / (count + levels))
    means = [bits[pixel, row].mean() for part in _parts(test) for row in part.reshape(-1, dimensions)]
    return float(np.mean(means))


def _parts(images: "Images") -> Iterator[np.ndarray]:
    """Yield the images in parts, because a set may lie in a file and be larger than the memory."""
    for start in range(0, len(images), PART):
        yield np.asarray(images[start : start + PART])


def _sum(images: "Images") -> np.ndarray:
    return sum(part.sum(axis=0, dtype=np.float64) for part in _parts(images))  # type: ignore[return-value]


def independent_bernoulli_bits_per_dim(train: "Images", test: "Images", levels: int) -> float:
    """Return the bits per dimension of independent Bernoulli pixels, in expectation over random binarizations.

    A pixel of intensity v / (levels − 1) becomes 1 with that probability. The parameter of a pixel and channel is its
    mean intensity in `train`, with one count added to either value.

    Args:
        train: integer images [n, H, W, C].
        test: integer images [m, H, W, C].
        levels: number of intensity levels.
    """
    brightest = levels - 1.0
    probability = (_sum(train) / brightest + 1.0) / (len(train) + 2.0)
    mean = _sum(test) / len(test) / brightest
    return float(-np.mean(mean * np.log2(probability) + (1.0 - mean) * np.log2(1.0 - probability)))
