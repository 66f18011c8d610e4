"""The maximum mean discrepancy of two sets of features, which has no bias."""

from typing import NamedTuple

import numpy as np

SUBSETS, SUBSET_SIZE = 100, 1000


class KernelDistance(NamedTuple):
    """Mean and standard deviation over subsets, and how many of what size they were."""

    mean: float
    standard_deviation: float
    subsets: int
    subset_size: int


def mmd2(first: np.ndarray, second: np.ndarray) -> float:
    """Unbiased estimate of the squared maximum mean discrepancy with the kernel k(x, y) = (x·y / d + 1)³.

        1/(n(n−1)) Σ_{i≠j} k(xᵢ, xⱼ) + 1/(n(n−1)) Σ_{i≠j} k(yᵢ, yⱼ) − 2/n² Σ_{ij} k(xᵢ, yⱼ)

    It may be negative: its expectation is 0 where both sets have one distribution.

    Args:
        first, second: [n, d] both, n at least 2.
    """
    n = len(first)
    within = sum(kernel.sum() - np.trace(kernel) for kernel in (_cubic(first, first), _cubic(second, second)))
    return float(within / (n * (n - 1)) - 2.0 * _cubic(first, second).mean())


def kernel_distance(
    first: np.ndarray, second: np.ndarray, *, subsets: int = SUBSETS, subset_size: int = SUBSET_SIZE, seed: int = 0
) -> KernelDistance:
    """Mean of `mmd2` over random subsets of two sets of features, drawn without replacement.

    Args:
        first, second: [n, d] and [m, d].
        subsets: how many.
        subset_size: features of each set in a subset; at most half of the smaller set, or the subsets would be one.
        seed: of the subsets.

    Reference: Bińkowski, Sutherland, Arbel, Gretton: Demystifying MMD GANs. ICLR 2018.
    """
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    size = max(2, min(subset_size, min(len(first), len(second)) // 2))
    generator = np.random.default_rng(seed)
    found = [
        mmd2(*(features[generator.choice(len(features), size, replace=False)] for features in (first, second)))
        for _ in range(subsets)
    ]
    return KernelDistance(float(np.mean(found)), float(np.std(found)), subsets, size)


def _cubic(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    kernel = x @ y.T / x.shape[1] + 1.0
    # NumPy's own power of 3 takes ten times as long.
    return kernel * kernel * kernel
