"""The class histogram, and its KL divergence from a distribution."""

import numpy as np
import pytest

from tfgen.metrics.classes import class_histogram, kl_divergence


def test_the_histogram_has_a_zero_for_a_class_without_samples():
    assert class_histogram(np.array([0, 2, 2, 0, 2]), 4).tolist() == [2, 0, 3, 0]


def test_divergences_with_a_known_value():
    assert kl_divergence([5, 5, 5], [1, 1, 1]) == 0.0
    assert kl_divergence([7, 0, 0, 0], [1, 1, 1, 1]) == pytest.approx(np.log(4))
    assert kl_divergence([1, 1], [1, 3]) == pytest.approx(0.5 * np.log(2) + 0.5 * np.log(2 / 3))
    assert kl_divergence([1, 1], [1, 0]) == np.inf


def test_the_mean_divergence_of_draws_from_the_distribution_itself_is_classes_minus_1_over_2n():
    generator = np.random.default_rng(0)
    frequencies = generator.dirichlet(np.full(10, 5.0))
    found = [kl_divergence(generator.multinomial(2000, frequencies), frequencies) for _ in range(400)]
    assert np.mean(found) == pytest.approx(9 / (2 * 2000), rel=0.1)
