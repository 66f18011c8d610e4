"""The kernel distance equals the sum of its formula and is unbiased."""

import numpy as np
import pytest

from tfgen.metrics.kernel_distance import kernel_distance, mmd2


def sum_of_formula(first, second):
    n, d = first.shape

    def kernel(x, y):
        return (sum(a * b for a, b in zip(x, y, strict=True)) / d + 1.0) ** 3

    within = sum(kernel(s[i], s[j]) for s in (first, second) for i in range(n) for j in range(n) if i != j)
    across = sum(kernel(x, y) for x in first for y in second)
    return within / (n * (n - 1)) - 2.0 * across / n**2


def test_mmd2_equals_the_sum_of_its_formula():
    first, second = np.random.default_rng(0).standard_normal((2, 6, 3))
    assert mmd2(first, second) == pytest.approx(sum_of_formula(first, second), rel=1e-12)


def test_the_expected_value_is_zero_if_both_sets_have_the_same_distribution():
    generator = np.random.default_rng(1)
    pairs = [generator.standard_normal((2, 20, 3)) for _ in range(2000)]
    found = [mmd2(*pair) for pair in pairs]
    error = np.std(found) / len(found) ** 0.5
    assert abs(np.mean(found)) < 4 * error
    # With the diagonal of the kernel included, the mean would differ from zero by many standard errors.
    kernels = [[(a @ b.T / 3 + 1) ** 3 for a, b in ((x, x), (y, y), (x, y))] for x, y in pairs]
    biased = [first.mean() + second.mean() - 2 * across.mean() for first, second, across in kernels]
    assert np.mean(biased) > 40 * error


def test_the_distance_of_known_distributions():
    # In one dimension k(x, y) = Σ_p C(3, p) xᵖ yᵖ, hence MMD² = Σ_p C(3, p) (E xᵖ − E yᵖ)².
    generator = np.random.default_rng(2)
    first = generator.standard_normal((50_000, 1))
    second = generator.standard_normal((50_000, 1)) + 1.0
    expected = 3 * (0 - 1) ** 2 + 3 * (1 - 2) ** 2 + (0 - 4) ** 2
    found = kernel_distance(first, second, subsets=60)
    assert found.mean == pytest.approx(expected, abs=4 * found.standard_deviation / 60**0.5)
    assert found[2:] == (60, 1000)


def test_the_seed_determines_the_subsets_and_the_subsets_differ():
    first, second = np.random.default_rng(3).standard_normal((2, 100, 4))
    found = kernel_distance(first, second, seed=5)
    assert found == kernel_distance(first, second, seed=5)
    assert found != kernel_distance(first, second, seed=6)
    assert found[2:] == (100, 50)
    assert found.standard_deviation > 0
