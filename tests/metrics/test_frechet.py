"""The Fréchet distance equals the closed form for Gaussians."""

import numpy as np
import pytest

from tfgen.metrics.frechet import frechet_distance, gaussian_distance


def test_gaussians_with_diagonal_covariances():
    generator = np.random.default_rng(0)
    means = generator.standard_normal((2, 7))
    scales = generator.uniform(0.1, 3.0, (2, 7))
    expected = np.sum((means[0] - means[1]) ** 2) + np.sum((scales[0] - scales[1]) ** 2)
    found = gaussian_distance(*means, *(np.diag(scale**2) for scale in scales))
    assert found == pytest.approx(expected, rel=1e-10)


def test_covariances_that_do_not_commute():
    from scipy.linalg import sqrtm

    generator = np.random.default_rng(1)
    first, second = (a @ a.T for a in generator.standard_normal((2, 5, 5)))
    expected = np.trace(first + second - 2 * np.real(sqrtm(first @ second)))
    assert gaussian_distance(np.zeros(5), np.zeros(5), first, second) == pytest.approx(expected, rel=1e-8)


def test_the_distance_to_a_shifted_or_scaled_copy_follows_from_the_moments():
    features = np.random.default_rng(2).standard_normal((500, 4)) @ np.diag([1.0, 2.0, 0.5, 3.0])
    shift = np.array([1.0, -2.0, 0.0, 0.5])
    assert frechet_distance(features, features + shift) == pytest.approx(np.sum(shift**2), rel=1e-9)
    # Equal means, standard deviations σ and 3 σ: the distance is (1 − 3)² Σ σ².
    centred = features - features.mean(axis=0)
    expected = 4.0 * centred.var(axis=0, ddof=1).sum()
    assert frechet_distance(centred, 3.0 * centred) == pytest.approx(expected, rel=1e-9)


def test_samples_of_known_gaussians_are_near_the_closed_form():
    generator = np.random.default_rng(3)
    first, second = generator.standard_normal((2, 40_000, 3))
    found = frechet_distance(first, 2.0 * second + 1.0)
    # 3 · 1² + 3 · (1 − 2)² = 6; the standard error at this size is about 0.06.
    assert found == pytest.approx(6.0, abs=0.2)


def test_the_distance_of_a_set_to_itself_is_0_even_if_its_covariance_is_singular():
    features = np.random.default_rng(4).standard_normal((50, 80))
    assert frechet_distance(features, features) == pytest.approx(0.0, abs=1e-6)
    assert frechet_distance(np.ones((20, 3)), np.ones((20, 3))) == pytest.approx(0.0, abs=1e-12)
    assert frechet_distance(np.ones((20, 3)), np.zeros((20, 3))) == pytest.approx(3.0)
    assert frechet_distance(np.arange(5.0)[:, None], np.arange(5.0)[:, None] + 2.0) == pytest.approx(4.0)
