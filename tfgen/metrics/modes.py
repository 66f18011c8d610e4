"""The number of modes that samples cover."""

import math
from typing import Any

import numpy as np

from tfgen.metrics.classes import class_histogram, kl_divergence

#: A sample within this many standard deviations of its nearest centre is of high quality and counts for that mode.
REACH = 3.0


def mixture_modes(points: np.ndarray, centres: np.ndarray, std: float) -> dict[str, Any]:
    """Count the modes of a mixture of Gaussians that points cover.

    Args:
        points: [n, 2].
        centres: means of the Gaussians [m, 2].
        std: standard deviation of every Gaussian.

    Returns:
        "modes": number of modes with at least one point within three standard deviations. "high_quality": fraction of
        points within three standard deviations of a centre (0.989 for points of the mixture itself). "mode_kl": KL
        divergence in nats of the distribution of these points over the modes from the uniform one, NaN without any
        such point.

    Reference: Srivastava et al.: VEEGAN, NeurIPS 2017; Lin et al.: PacGAN, 2018, section 4.1.
    """
    points = np.asarray(points, np.float64)
    distance = np.linalg.norm(points[:, None] - centres, axis=2)
    near = distance.min(axis=1) <= REACH * std
    histogram = class_histogram(distance.argmin(axis=1)[near], len(centres))
    return {"modes": int(np.count_nonzero(histogram)), "high_quality": float(near.mean()), **_mode_kl(histogram)}


def combination_modes(classes: np.ndarray, count: int) -> dict[str, Any]:
    """Count the combinations of classes that samples cover, where every channel of a sample has a class.

    Args:
        classes: class of every channel, integers [n, channels] from 0 to count − 1.
        count: number of classes. There are count^channels combinations.

    Returns:
        "modes": number of combinations with at least one sample. "mode_kl": KL divergence in nats of the distribution
        of samples over combinations from the uniform one, about (count^channels − 1) / 2n for the data itself.

    Reference: Lin et al.: PacGAN, 2018, section 4.2.
    """
    combinations = np.zeros(len(classes), np.int64)
    for channel in range(classes.shape[1]):
        combinations = count * combinations + classes[:, channel]
    histogram = class_histogram(combinations, count ** classes.shape[1])
    return {"modes": int(np.count_nonzero(histogram)), **_mode_kl(histogram)}


def _mode_kl(histogram: np.ndarray) -> dict[str, float]:
    return {"mode_kl": kl_divergence(histogram, np.ones(len(histogram))) if histogram.any() else math.nan}
