"""The likelihood of independent pixels: the baseline of every model of images.

A model of images that does not exceed the baseline has learned nothing about the dependence between pixels.
"""

import math

import numpy as np


def independent_pixels_bits_per_dim(train: np.ndarray, test: np.ndarray, levels: int) -> float:
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
    flat_train, flat_test = train.reshape(count, dimensions), test.reshape(len(test), dimensions)
    pixel = np.arange(dimensions)
    histogram = np.ones((dimensions, levels))
    for row in flat_train:
        histogram[pixel, row] += 1.0
    bits = -np.log2(histogram / (count + levels))
    return float(np.mean([bits[pixel, row].mean() for row in flat_test]))


def independent_bernoulli_bits_per_dim(train: np.ndarray, test: np.ndarray, levels: int) -> float:
    """Return the bits per dimension of independent Bernoulli pixels, in expectation over random binarizations.

    A pixel of intensity v / (levels − 1) becomes 1 with that probability. The parameter of a pixel and channel is its
    mean intensity in `train`, with one count added to either value.

    Args:
        train: integer images [n, H, W, C].
        test: integer images [m, H, W, C].
        levels: number of intensity levels.
    """
    brightest = levels - 1.0
    probability = (train.sum(axis=0) / brightest + 1.0) / (len(train) + 2.0)
    mean = test.mean(axis=0) / brightest
    return float(-np.mean(mean * np.log2(probability) + (1.0 - mean) * np.log2(1.0 - probability)))
