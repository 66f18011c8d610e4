"""Metrics of nearest neighbours: precision, recall, density and coverage, and the search for neighbours.

The metrics represent a set of features by balls. The ball of a feature has the feature as its centre and the distance
to the feature's k-th nearest neighbour in the same set as its radius.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tfgen.data.stored import Images

#: Number of rows of a distance matrix in memory at a time. All of 10,000 × 10,000 distances would take 800 MB.
BLOCK = 1000
#: Number of examples of a large set that are turned into vectors at a time, and number of values of these vectors.
PART, PART_VALUES = 8192, 2**24


def squared_distances(
    first: np.ndarray, second: np.ndarray, block: int | None = None
) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield the squared Euclidean distances between two sets of vectors, block by block.

    Args:
        first: [n, d].
        second: [m, d].
        block: maximum number of rows of a block; None for `BLOCK`.

    Returns:
        An iterator of (rows, distances): a slice of `first`, and the distances [rows, m] in the arguments' type.
        Distances that differ from 0 only by rounding are exactly 0.
    """
    block = block or BLOCK
    # |x|² + |y|² − 2 x·y loses least precision if the vectors are centred.
    centre = second.mean(axis=0)
    first, second = first - centre, second - centre
    squares = np.einsum("ij,ij->i", second, second)
    for start in range(0, len(first), block):
        rows = slice(start, start + block)
        sums = np.einsum("ij,ij->i", first[rows], first[rows])[:, None] + squares
        distances = sums - 2.0 * (first[rows] @ second.T)
        distances[distances <= 16.0 * np.finfo(sums.dtype).eps * sums] = 0.0
        yield rows, distances


def radii(features: np.ndarray, k: int) -> np.ndarray:
    """Return the squared distance of each feature to its k-th nearest neighbour in the set: [n, d] → [n], n > k."""
    # Position 0 of the sorted distances is the distance of the feature to itself.
    blocks = squared_distances(features, features)
    return np.concatenate([np.partition(distances, k, axis=1)[:, k] for _, distances in blocks])


def precision_recall(real: np.ndarray, fake: np.ndarray, k: int = 3) -> tuple[float, float]:
    """Return improved precision and recall.

        precision   fraction of generated features inside the ball of any real feature
        recall      fraction of real features inside the ball of any generated feature

    Args:
        real: features of real examples [n, d], n > k.
        fake: features of generated examples [m, d], m > k.
        k: the neighbour at which a ball ends.

    Reference: Kynkäänniemi, Karras, Laine, Lehtinen, Aila: Improved precision and recall metric for assessing
    generative models. NeurIPS 2019.
    """
    real, fake = np.asarray(real, np.float64), np.asarray(fake, np.float64)
    real_radii, fake_radii = radii(real, k), radii(fake, k)
    inside = np.zeros(len(fake), bool)
    recalled = []
    for rows, distances in squared_distances(real, fake):
        inside |= (distances <= real_radii[rows, None]).any(axis=0)
        recalled.append((distances <= fake_radii).any(axis=1))
    return float(inside.mean()), float(np.concatenate(recalled).mean())


def density_coverage(real: np.ndarray, fake: np.ndarray, k: int = 5) -> tuple[float, float]:
    """Return density and coverage.

        density     mean number of real balls that contain a generated feature, divided by k
        coverage    fraction of real balls that contain any generated feature

    If both sets have n features and the same distribution, the expected density is 1 and the expected coverage is
    1 − Π_{i=1…k} (n−i)/(2n−i), about 1 − 2⁻ᵏ.

    Args:
        real: features of real examples [n, d], n > k.
        fake: features of generated examples [m, d].
        k: the neighbour at which a ball ends.

    Reference: Naeem, Oh, Uh, Choi, Yoo: Reliable fidelity and diversity metrics for generative models. ICML 2020.
    """
    real, fake = np.asarray(real, np.float64), np.asarray(fake, np.float64)
    real_radii = radii(real, k)
    hits, covered = 0, []
    for rows, distances in squared_distances(real, fake):
        inside = distances <= real_radii[rows, None]
        hits += int(inside.sum())
        covered.append(inside.any(axis=1))
    return hits / (k * len(fake)), float(np.concatenate(covered).mean())


def nearest(
    queries: np.ndarray,
    examples: "Images",
    *,
    excluded: np.ndarray | None = None,
    to_vectors: Callable[[np.ndarray], np.ndarray] = np.asarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the nearest neighbour of each query in a large set.

    Args:
        queries: vectors [n, d].
        examples: the set [m, …].
        excluded: for each query the position of one example that must not be its neighbour, int64 [n].
        to_vectors: turns a part of the set [k, …] into vectors [k, d], so that the set itself can be bytes.

    Returns:
        Positions in the set, int64 [n], and Euclidean distances, float64 [n].
    """
    position, smallest = np.zeros(len(queries), np.int64), np.full(len(queries), np.inf)
    size = max(min(PART, PART_VALUES // queries.shape[1]), 1)
    for start in range(0, len(examples), size):
        for rows, distances in squared_distances(queries, to_vectors(examples[start : start + size])):
            if excluded is not None:
                own = excluded[rows] - start
                inside = np.flatnonzero((own >= 0) & (own < distances.shape[1]))
                distances[inside, own[inside]] = np.inf
            column = distances.argmin(axis=1)
            square = distances[np.arange(len(distances)), column]
            closer = square < smallest[rows]
            position[rows] = np.where(closer, column + start, position[rows])
            smallest[rows] = np.where(closer, square, smallest[rows])
    return position, np.sqrt(smallest)
