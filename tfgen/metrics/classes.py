"""The distribution of samples over classes."""

import numpy as np


def class_histogram(classes: np.ndarray, count: int) -> np.ndarray:
    """Return the number of samples of each class.

    Args:
        classes: class of each sample, integers [n] from 0 to count − 1.
        count: number of classes.

    Returns:
        int64 [count].
    """
    return np.bincount(np.asarray(classes), minlength=count)


def kl_divergence(histogram: np.ndarray, frequencies: np.ndarray) -> float:
    """Return KL(p ‖ q) in nats, where p is the distribution of a histogram and q that of given frequencies.

    For n independent samples of q itself the expected value is about (classes − 1) / 2n.

    Args:
        histogram: number of samples of each class [c], not all 0.
        frequencies: frequency of each class [c], 0 or more; they need not sum to 1.

    Returns:
        A number of at least 0; infinity if a class of frequency 0 has samples.
    """
    p = np.asarray(histogram, np.float64) / np.sum(histogram)
    q = np.asarray(frequencies, np.float64) / np.sum(frequencies)
    seen = p > 0
    with np.errstate(divide="ignore"):
        return max(float(np.sum(p[seen] * (np.log(p[seen]) - np.log(q[seen])))), 0.0)
