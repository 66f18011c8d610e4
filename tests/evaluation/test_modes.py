"""The modes of data and samples are counted by the measure that fits the data."""

import math

import numpy as np
import pytest

from tfgen import data
from tfgen.data.sets import Dataset, ImageSet
from tfgen.evaluation import modes
from tfgen.evaluation.find_classifier import classifier_for


def test_the_data_itself_covers_all_modes_and_is_of_high_quality():
    for name, count in (("ring8", 8), ("grid25", 25)):
        dataset = data.load(name)
        found = modes.mode_measure(dataset)(dataset.test.points)
        assert found["modes"] == count
        # In two dimensions 1 − e^(−9/2) of a Gaussian is within three standard deviations.
        assert found["high_quality"] == pytest.approx(1 - math.exp(-4.5), abs=0.004)
        assert found["mode_kl"] == pytest.approx((count - 1) / 2 / 10_000, abs=0.002)


@pytest.fixture(scope="module")
def digits():
    """The classifier of digits, and the test images of each class that it finds: class → images [n, 8, 8, 1]."""
    test, classifier = data.load("digits").test, classifier_for("digits", (8, 8, 1), 17)
    classes = classifier.classify(test.images).classes
    return classifier, [test.images[classes == number] for number in range(10)]


def test_a_stack_is_the_combination_of_the_classes_of_its_channels(digits):
    classifier, by_class = digits
    combinations = [(1, 2, 3), (3, 2, 1), (1, 2, 3), (0, 0, 9)]
    stacks = [np.concatenate([by_class[number][0] for number in numbers], axis=-1) for numbers in combinations]
    found = modes.stacked_modes(np.stack(stacks), classifier)
    assert found["modes"] == 3
    assert found["mode_kl"] == pytest.approx(math.log(1000) + 0.5 * math.log(0.5) + 0.5 * math.log(0.25))


def test_the_measure_fits_the_data(digits):
    classifier, by_class = digits
    images = np.concatenate([by_class[3][:5], by_class[7][:15]])
    loaded = data.load("digits")
    found = modes.mode_measure(loaded, "digits")(images)
    assert found["class_histogram"] == [0, 0, 0, 5, 0, 0, 0, 15, 0, 0]
    assert found["class_kl"] == pytest.approx(math.log(10) + 0.25 * math.log(0.25) + 0.75 * math.log(0.75))
    stacked = ImageSet(np.repeat(loaded.train.images[:4], 3, axis=-1), 17)
    stacks = Dataset("stacks", stacked, None, stacked, channels_of="digits")
    assert modes.mode_measure(stacks)(stacked.images)["modes"] == len(
        set(classifier.classify(loaded.train.images[:4]).classes)
    )


def test_without_modes_and_without_a_classifier_there_is_no_measure():
    assert modes.mode_measure(data.load("moons")) is None
    images = ImageSet(np.zeros((4, 8, 8, 1), np.uint8), 17)
    assert modes.mode_measure(Dataset("pictures", images, None, images), "pictures") is None
    # The file digits.zip, whose images have other levels than the data set digits.
    assert modes.mode_measure(Dataset("digits", images, None, images), "pictures/digits.zip") is None
