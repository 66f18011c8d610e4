"""Modes are counted as the literature counts them."""

import math

import numpy as np
import pytest

from tfgen import data
from tfgen.data.sets import Dataset, ImageSet, Modes
from tfgen.data.toys import GRID25, RING8
from tfgen.evaluation import modes
from tfgen.evaluation.classifier import classifier_for


def test_the_data_itself_covers_all_and_is_good_but_for_the_tails():
    for name, count in (("ring8", 8), ("grid25", 25)):
        bed = data.load(name)
        found = modes.mode_measure(bed)(bed.test.points)
        assert found["modes"] == count
        # In two dimensions 1 − e^(−9/2) of a Gaussian is within three standard deviations.
        assert found["high_quality"] == pytest.approx(1 - math.exp(-4.5), abs=0.004)
        assert found["mode_kl"] == pytest.approx((count - 1) / 2 / 10_000, abs=0.002)


def test_a_mode_counts_from_one_sample_and_a_sample_between_modes_counts_for_none():
    line = Modes(np.array([[0.0, 0.0], [10.0, 0.0], [20.0, 0.0]]), 1.0)
    points = np.array([[0.0, 2.9], [10.0, 3.1], [12.9, 0.0], [5.0, 0.0], [0.5, 0.0]])
    found = modes.point_modes(points, line)
    assert found["modes"] == 2
    assert found["high_quality"] == pytest.approx(3 / 5)
    assert found["mode_kl"] == pytest.approx(np.log(3) - (2 / 3 * np.log(3 / 2) + 1 / 3 * np.log(3)))


def test_one_repeated_point_is_one_mode_as_far_from_uniform_as_can_be():
    found = modes.point_modes(np.repeat(RING8.centres[:1], 100, axis=0), RING8)
    assert found == {"modes": 1, "high_quality": 1.0, "mode_kl": pytest.approx(math.log(8))}


def test_points_that_are_nowhere_near_have_no_modes_to_share():
    found = modes.point_modes(GRID25.centres + 1.0, GRID25)
    assert (found["modes"], found["high_quality"]) == (0, 0.0)
    assert math.isnan(found["mode_kl"])


@pytest.fixture(scope="module")
def digits():
    """Digits by the class that the classifier sees in them: class → images [n, 8, 8, 1]."""
    test, classifier = data.load("digits").test, classifier_for("digits", (8, 8, 1), 17)
    seen = classifier.describe(test.images)[1]
    return classifier, [test.images[seen == number] for number in range(10)]


def test_a_stack_is_the_combination_of_its_channels(digits):
    classifier, by_class = digits
    wanted = [(1, 2, 3), (3, 2, 1), (1, 2, 3), (0, 0, 9)]
    stacks = np.stack([np.concatenate([by_class[number][0] for number in numbers], axis=-1) for numbers in wanted])
    found = modes.stacked_modes(stacks, classifier)
    assert found["modes"] == 3
    assert found["mode_kl"] == pytest.approx(math.log(1000) + 0.5 * math.log(0.5) + 0.5 * math.log(0.25))


def test_the_measure_fits_the_data(digits):
    classifier, by_class = digits
    images = np.concatenate([by_class[3][:5], by_class[7][:15]])
    loaded = data.load("digits")
    found = modes.mode_measure(loaded)(images)
    assert found["class_histogram"] == [0, 0, 0, 5, 0, 0, 0, 15, 0, 0]
    assert found["class_kl"] == pytest.approx(math.log(10) + 0.25 * math.log(0.25) + 0.75 * math.log(0.75))
    stacked = ImageSet(np.repeat(loaded.train.images[:4], 3, axis=-1), 17)
    stacks = Dataset("stacks", stacked, None, stacked, channels_of="digits")
    assert modes.mode_measure(stacks)(stacked.images)["modes"] == len(
        set(classifier.describe(loaded.train.images[:4])[1])
    )


def test_without_modes_or_a_classifier_there_is_nothing_to_measure():
    assert modes.mode_measure(data.load("moons")) is None
    images = ImageSet(np.zeros((4, 8, 8, 1), np.uint8), 17)
    assert modes.mode_measure(Dataset("pictures", images, None, images)) is None
