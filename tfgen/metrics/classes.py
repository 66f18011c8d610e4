"""Which classes samples fall into."""

import numpy as np


def class_histogram(classes: np.ndarray, count: int) -> np.ndarray:
    """How many there are of each class: positions [n] → int64 [count]."""
    return np.bincount(np.asarray(classes), minlength=count)


def kl_divergence(histogram: np.ndarray, frequencies: np.ndarray) -> float:
    """KL(p ‖ q) in nats of the distribution p that a histogram counts, from the frequencies q.

    Of n draws from q itself it is about (classes − 1) / 2n.

    Args:
        histogram: counts [c], not all 0.
        frequencies: [c], 0 or more; scaled to a sum of 1.

    Returns:
        A number, 0 or more; infinite where something was counted that q says cannot be.
    """
    p = np.asarray(histogram, np.float64) / np.sum(histogram)
    q = np.asarray(frequencies, np.float64) / np.sum(frequencies)
    seen = p > 0
    with np.errstate(divide="ignore"):
        return max(float(np.sum(p[seen] * (np.log(p[seen]) - np.log(q[seen])))), 0.0)
