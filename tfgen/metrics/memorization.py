"""The distance of samples to training examples, by which memorized training examples are found.

A sample that copies a training example lies much nearer to that example than the example's own nearest neighbour. For a
sample x with nearest training example t, define the ratio

    ρ(x) = |x − t| / min_{t' ≠ t} |t' − t|

Test examples, which cannot be copies, have ratios too. If a model has memorized nothing, about 1 % of its samples have
a ratio below the 1st percentile of the test examples' ratios.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tfgen.metrics.neighbours import nearest

if TYPE_CHECKING:
    from tfgen.data.stored import Images


class NearestExamples(NamedTuple):
    """The nearest training example of each of n queries.

    Attributes:
        positions: position of the training example, int64 [n].
        distances: Euclidean distance to the training example, float64 [n].
        ratios: ρ, float64 [n].
    """

    positions: np.ndarray
    distances: np.ndarray
    ratios: np.ndarray


def nearest_examples(
    queries: np.ndarray, examples: "Images", to_vectors: Callable[[np.ndarray], np.ndarray] = np.asarray
) -> NearestExamples:
    """Return the nearest training example of each query, with its distance and the ratio ρ.

    Args:
        queries: [n, …].
        examples: training examples [m, …], m ≥ 2.
        to_vectors: turns a batch of queries or examples [k, …] into vectors [k, d].
    """
    positions, distances = nearest(to_vectors(queries), examples, to_vectors=to_vectors)
    _, spacing = nearest(to_vectors(examples[positions]), examples, excluded=positions, to_vectors=to_vectors)
    # Two equal training examples have distance 0. The lower bound keeps the ratio finite.
    lowest = 1e-3 * max(float(np.median(spacing)), 1e-12)
    return NearestExamples(positions, distances, distances / np.maximum(spacing, lowest))


def compare_nearness(samples: NearestExamples, test: NearestExamples) -> dict[str, float]:
    """Compare how near samples and test examples lie to the training examples.

    Returns:
        "distance" and "ratio": medians over the samples; "test_distance" and "test_ratio": medians over the test
        examples; "near": fraction of samples whose ratio is below the 1st percentile of the test examples' ratios;
        "samples_nearer_than_99_percent_of_heldout": fraction of samples whose distance is below the 1st percentile of
        the test examples' distances.
    """
    return {
        "distance": float(np.median(samples.distances)),
        "test_distance": float(np.median(test.distances)),
        "ratio": float(np.median(samples.ratios)),
        "test_ratio": float(np.median(test.ratios)),
        "near": float(np.mean(samples.ratios < np.quantile(test.ratios, 0.01))),
        "samples_nearer_than_99_percent_of_heldout": float(
            np.mean(samples.distances < np.quantile(test.distances, 0.01))
        ),
    }
