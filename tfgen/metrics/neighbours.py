"""What the nearest neighbours of features tell: do samples lie where the data is, and everywhere that it is?

Each set is thought of as a union of balls, one around each of its features, which reaches to its k-th neighbour in the
same set.
"""

from collections.abc import Callable, Iterator

import numpy as np

#: Rows of a matrix of distances held at a time: 10,000 × 10,000 at once would be 800 MB.
BLOCK = 1000
#: Examples of a large set turned into vectors at a time.
PART = 8192


def squared_distances(
    first: np.ndarray, second: np.ndarray, block: int | None = None
) -> Iterator[tuple[slice, np.ndarray]]:
    """Squared Euclidean distances, in blocks of rows.

    Args:
        first, second: [n, d] and [m, d].
        block: rows at a time; None for `BLOCK`.

    Returns:
        An iterator of the rows' slice and their distances [≤ block, m], of the arguments' type, which together are
        [n, m]. What is within rounding of 0 is exactly 0.
    """
    block = block or BLOCK
    # About a common centre the cancellation in |x|² + |y|² − 2 x·y is least.
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
    """Squared distance of each feature to its k-th nearest other one: [n, d] → [n], n > k."""
    # Each is its own nearest neighbour, in place 0.
    found = squared_distances(features, features)
    return np.concatenate([np.partition(distances, k, axis=1)[:, k] for _, distances in found])


def precision_recall(real: np.ndarray, fake: np.ndarray, k: int = 3) -> tuple[float, float]:
    """Improved precision and recall.

        precision   the fraction of fakes inside of any ball of the real ones
        recall      the fraction of real ones inside of any ball of the fakes

    Args:
        real, fake: [n, d] and [m, d], each more than k.
        k: neighbour that the balls reach to.

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
    """Density and coverage.

        density     how many balls of the real ones a fake lies in, on average, divided by k
        coverage    the fraction of the balls of the real ones with any fake inside

    Of two sets of n with one distribution the density is 1 in expectation, the coverage 1 − Π_{i=1…k} (n−i)/(2n−i),
    about 1 − 2⁻ᵏ.

    Args:
        real, fake: [n, d] and [m, d], the real ones more than k.
        k: neighbour that the balls reach to.

    Reference: Naeem, Oh, Uh, Choi, Yoo: Reliable fidelity and diversity metrics for generative models. ICML 2020.
    """
    real, fake = np.asarray(real, np.float64), np.asarray(fake, np.float64)
    reach = radii(real, k)
    hits, covered = 0, []
    for rows, distances in squared_distances(real, fake):
        inside = distances <= reach[rows, None]
        hits += int(inside.sum())
        covered.append(inside.any(axis=1))
    return hits / (k * len(fake)), float(np.concatenate(covered).mean())


def nearest(
    queries: np.ndarray,
    among: np.ndarray,
    *,
    excluded: np.ndarray | None = None,
    prepare: Callable[[np.ndarray], np.ndarray] = np.asarray,
) -> tuple[np.ndarray, np.ndarray]:
    """The nearest neighbour of each query in a large set.

    Args:
        queries: vectors [n, d].
        among: [m, …].
        excluded: for each query the position of one that does not count, int64 [n].
        prepare: makes vectors of a part of `among`, [k, …] → [k, d]; so the set may stay as small as bytes.

    Returns:
        Its position, int64 [n], and its Euclidean distance, float64 [n].
    """
    position, smallest = np.zeros(len(queries), np.int64), np.full(len(queries), np.inf)
    for start in range(0, len(among), PART):
        for rows, distances in squared_distances(queries, prepare(among[start : start + PART])):
            if excluded is not None:
                own = excluded[rows] - start
                inside = np.flatnonzero((own >= 0) & (own < distances.shape[1]))
                distances[inside, own[inside]] = np.inf
            found = distances.argmin(axis=1)
            square = distances[np.arange(len(distances)), found]
            closer = square < smallest[rows]
            position[rows] = np.where(closer, found + start, position[rows])
            smallest[rows] = np.where(closer, square, smallest[rows])
    return position, np.sqrt(smallest)
