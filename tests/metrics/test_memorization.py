"""The nearest training example of a query, and the ratio to that example's own nearest neighbour."""

import numpy as np
import pytest

from tfgen.metrics import neighbours
from tfgen.metrics.memorization import NearestExamples, compare_nearness, nearest_examples


def test_positions_distances_and_ratios_equal_those_of_all_pairs(monkeypatch):
    generator = np.random.default_rng(0)
    queries, examples = generator.standard_normal((20, 5)), generator.standard_normal((60, 5))
    distances = np.linalg.norm(queries[:, None] - examples, axis=-1)
    own = np.linalg.norm(examples[:, None] - examples, axis=-1) + np.diag(np.full(60, np.inf))
    expected = distances.min(axis=1) / own.min(axis=1)[distances.argmin(axis=1)]
    for part in (7, 8192):
        monkeypatch.setattr(neighbours, "PART", part)
        found = nearest_examples(queries, examples)
        assert found.positions.tolist() == distances.argmin(axis=1).tolist()
        np.testing.assert_allclose(found.distances, distances.min(axis=1), rtol=1e-9)
        np.testing.assert_allclose(found.ratios, expected, rtol=1e-9)


def test_equal_training_examples_do_not_cause_infinite_ratios():
    examples = np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 0.0], [5.0, 5.0], [9.0, 0.0]])
    assert np.isfinite(nearest_examples(examples + 0.1, examples).ratios).all()


def test_samples_below_the_1st_percentile_of_the_test_ratios_are_near():
    test = NearestExamples(np.zeros(101), np.full(101, 2.0), np.arange(101.0))
    samples = NearestExamples(np.zeros(4), np.array([1.0, 2.0, 3.0, 10.0]), np.array([0.5, 0.9, 1.0, 50.0]))
    found = compare_nearness(samples, test)
    assert found == {
        "distance": 2.5, "test_distance": 2.0, "ratio": pytest.approx(0.95), "test_ratio": 50.0, "near": 0.5,
        "samples_nearer_than_99_percent_of_heldout": 0.25,
    }  # fmt: skip
