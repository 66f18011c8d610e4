"""Precision, recall, density, coverage and the search for nearest neighbours."""

import numpy as np
import pytest

from tfgen.metrics import neighbours
from tfgen.metrics.neighbours import density_coverage, nearest, precision_recall, radii, squared_distances


@pytest.fixture
def features():
    return np.random.default_rng(0).standard_normal((400, 6))


def matrix(first, second, block=None):
    return np.concatenate([distances for _, distances in squared_distances(first, second, block)])


def test_the_distances_of_all_pairs_do_not_depend_on_the_block_size(features):
    expected = np.sum((features[:50, None] - features[None]) ** 2, axis=-1)
    for block in (7, 50, 1000):
        found = matrix(features[:50], features, block)
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


def test_equal_features_are_at_distance_zero_far_from_the_origin(features):
    far = np.repeat(features[:5] + 1e4, 4, axis=0)
    distances = matrix(far, far)
    assert (distances[:4, :4] == 0).all()
    assert (radii(far, 3) == 0).all()
    assert (radii(far, 4) > 1e-2).all()


def test_a_set_against_itself_has_precision_and_recall_one(features):
    assert precision_recall(features, features) == (1.0, 1.0)
    density, coverage = density_coverage(features, features)
    # Each ball contains its centre and the k nearest neighbours of the centre.
    assert density == pytest.approx(6 / 5)
    assert coverage == 1.0


def test_distant_sets_have_precision_recall_density_and_coverage_zero(features):
    assert precision_recall(features, features + 100.0) == (0.0, 0.0)
    assert density_coverage(features, features + 100.0) == (0.0, 0.0)


def test_a_repeated_sample_has_precision_one_and_little_coverage(features):
    repeated = np.repeat(features[:1], 400, axis=0)
    precision, recall = precision_recall(features, repeated)
    assert precision == 1.0
    assert recall == 1 / 400
    density, coverage = density_coverage(features, repeated)
    assert coverage < 0.05
    # Every copy lies at least in the ball of the real feature that it equals.
    assert density >= 1 / 5


def test_samples_of_one_of_two_modes_have_half_of_the_recall():
    generator = np.random.default_rng(1)
    centres = np.array([[0.0, 0.0], [50.0, 0.0]])
    real = centres[generator.integers(0, 2, 1000)] + generator.standard_normal((1000, 2))
    fake = generator.standard_normal((1000, 2))
    precision, recall = precision_recall(real, fake)
    assert precision > 0.95
    assert recall == pytest.approx(np.mean(real[:, 0] < 25), abs=0.05)
    assert precision_recall(fake, real) == (recall, precision)


def test_sets_of_the_same_distribution_have_the_density_and_coverage_of_the_formula():
    generator = np.random.default_rng(2)
    n = 1000
    found = np.mean([density_coverage(*generator.standard_normal((2, n, 3))) for _ in range(5)], axis=0)
    coverage = 1 - np.prod([(n - i) / (2 * n - i) for i in range(1, 6)])
    np.testing.assert_allclose(found, (1.0, coverage), atol=0.02)


def test_the_metrics_do_not_depend_on_the_block_size(features, monkeypatch):
    other = np.random.default_rng(3).standard_normal((300, 6)) * 1.2
    whole = precision_recall(features, other), density_coverage(features, other)
    monkeypatch.setattr(neighbours, "BLOCK", 37)
    assert (precision_recall(features, other), density_coverage(features, other)) == whole


def test_the_nearest_neighbour_in_a_set(features):
    order = np.random.default_rng(4).permutation(400)
    positions, distances = nearest(features[order] + 1e-3, features)
    assert positions.tolist() == order.tolist()
    np.testing.assert_allclose(distances, 1e-3 * np.sqrt(6), rtol=1e-6)
