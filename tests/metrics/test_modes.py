"""Modes are counted as in the literature."""

import math

import numpy as np
import pytest

from tfgen.data.toys import GRID25, RING8
from tfgen.metrics.modes import combination_modes, mixture_modes


def test_one_sample_covers_a_mode_and_a_sample_between_modes_covers_none():
    centres = np.array([[0.0, 0.0], [10.0, 0.0], [20.0, 0.0]])
    points = np.array([[0.0, 2.9], [10.0, 3.1], [12.9, 0.0], [5.0, 0.0], [0.5, 0.0]])
    found = mixture_modes(points, centres, 1.0)
    assert found["modes"] == 2
    assert found["high_quality"] == pytest.approx(3 / 5)
    assert found["mode_kl"] == pytest.approx(np.log(3) - (2 / 3 * np.log(3 / 2) + 1 / 3 * np.log(3)))


def test_a_repeated_point_covers_one_mode_and_has_the_largest_divergence():
    found = mixture_modes(np.repeat(RING8.centres[:1], 100, axis=0), RING8.centres, RING8.std)
    assert found == {"modes": 1, "high_quality": 1.0, "mode_kl": pytest.approx(math.log(8))}


def test_points_far_from_all_modes_have_no_divergence():
    found = mixture_modes(GRID25.centres + 1.0, GRID25.centres, GRID25.std)
    assert (found["modes"], found["high_quality"]) == (0, 0.0)
    assert math.isnan(found["mode_kl"])


def test_combinations_of_classes_are_counted():
    found = combination_modes(np.array([[1, 2, 3], [3, 2, 1], [1, 2, 3], [0, 0, 9]]), 10)
    assert found["modes"] == 3
    assert found["mode_kl"] == pytest.approx(math.log(1000) + 0.5 * math.log(0.5) + 0.5 * math.log(0.25))
