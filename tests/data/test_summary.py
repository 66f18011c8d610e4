"""The description of a data set in text."""

import numpy as np

from tfgen.data import load
from tfgen.data.sets import Dataset, ImageSet, PointSet
from tfgen.data.summary import LISTED_CLASSES, summary


def test_images_are_described_with_their_splits_and_classes():
    lines = summary(load("digits", train_size=100, validation_size=50))
    assert lines[:5] == [
        "name        digits",
        "examples    images of 8×8 pixels, 1 channel, 17 levels (0 to 16)",
        "splits      100 training, 50 validation, 300 test",
        "values      0 to 16 in the training split, mean 4.91",
        "classes     10",
    ]
    assert lines[5].split() == ["training", "validation", "test"]
    table = np.array([line.split() for line in lines[6:]], int)
    np.testing.assert_array_equal(table[:, 0], range(10))
    np.testing.assert_array_equal(table[:, 1:].sum(axis=0), [100, 50, 300])


def test_a_class_that_is_missing_in_a_split_is_counted_as_0():
    pixels = np.zeros((3, 2, 2, 3), np.uint8)
    train, test = ImageSet(pixels, 256, np.array([0, 0, 1])), ImageSet(pixels, 256, np.array([0, 1, 2]))
    lines = summary(Dataset("mine", train, None, test, ("cat", "dog", "a long name of a class")))
    assert lines[1].endswith("2×2 pixels, 3 channels, 256 levels (0 to 255)")
    assert lines[2] == "splits      3 training, 3 test"
    assert [line.split() for line in lines[5:]] == [
        ["training", "test"],
        ["cat", "2", "1"],
        ["dog", "1", "1"],
        ["a", "long", "name", "of", "a", "class", "0", "1"],
    ]
    assert len({len(line) for line in lines[5:]}) == 1


def test_many_classes_are_not_listed_and_missing_labels_are_stated():
    pixels = np.zeros((50, 1, 1, 1), np.uint8)
    many = ImageSet(pixels, 2, np.arange(50) % (LISTED_CLASSES + 1))
    lines = summary(Dataset("mine", many, None, many[:25]))
    assert lines[-1] == "classes     21, each with 2 to 3 training, 1 to 2 test examples"
    without = ImageSet(pixels, 2)
    assert summary(Dataset("mine", without, None, without))[-1] == "classes     no labels"


def test_points_are_described_with_their_range_and_density():
    ring = summary(load("ring8"))
    assert ring[1] == "examples    points in the plane"
    assert ring[3].startswith("values      x from -2.0")
    assert ring[4] == "density     8 Gaussians of standard deviation 0.02"
    assert summary(load("moons"))[4:] == ["density     known"]
    unknown = PointSet(np.zeros((3, 2), np.float32))
    assert summary(Dataset("mine", unknown, None, unknown))[4:] == ["density     not known"]
