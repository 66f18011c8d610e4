"""Stacked MNIST is made of digits of MNIST, evenly, and of the seed."""

import gzip
import struct

import numpy as np
import pytest

from tfgen import data
from tfgen.data import stacked
from tfgen.data.idx import FILES
from tfgen.errors import DataError


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A small MNIST: every image of a digit d is of brightness 20 d + 1 all over, but for its number in the corner."""
    folder = tmp_path_factory.mktemp("idx") / "mnist"
    folder.mkdir()
    generator = np.random.default_rng(0)
    for kind, count in ((0, 60_000), (2, 10_000)):
        labels = generator.integers(10, size=count).astype(np.uint8)
        if kind == 2:
            labels[:10] = (7, 2, 1, 0, 4, 1, 4, 9, 5, 9)  # by which MNIST is known
        images = np.broadcast_to((20 * labels + 1)[:, None, None], (count, 28, 28)).copy()
        images[:, 0, 0], images[:, 0, 1] = np.arange(count) // 256, np.arange(count) % 256
        for name, array in ((FILES[kind], images), (FILES[kind + 1], labels)):
            header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
            (folder / f"{name}.gz").write_bytes(gzip.compress(header + array.tobytes(), compresslevel=1))
    return folder


def numbers(images) -> np.ndarray:
    """Which digit of MNIST each channel is, [n, 3]."""
    return 256 * images[:, 0, 0].astype(int) + images[:, 0, 1]


def test_a_picture_is_three_digits_and_its_label_says_which(folder):
    loaded = data.load("stacked_mnist", data_dir=folder, train_size=3000)
    assert loaded.event_shape == (28, 28, 3)
    assert loaded.levels == 256
    assert loaded.channels_of == "mnist"
    assert (len(loaded.train), len(loaded.validation), len(loaded.test)) == (3000, 2000, 26_000)
    for part in (loaded.train, loaded.validation, loaded.test):
        digits = np.stack([part.labels // 100, part.labels // 10 % 10, part.labels % 10], axis=1)
        np.testing.assert_array_equal(part.images[:, 14, 14], 20 * digits + 1)


def test_the_splits_have_no_digit_in_common(folder):
    loaded = data.load("stacked_mnist", data_dir=folder, train_size=3000)
    assert numbers(loaded.train.images).max() < 55_000 <= numbers(loaded.validation.images).min()


def test_digits_are_drawn_evenly(folder):
    test = data.load("stacked_mnist", data_dir=folder, train_size=10).test
    # 78,000 draws of 10,000: the index is uniform, and the channels do not follow each other.
    drawn = numbers(test.images)
    counts = np.bincount(drawn.ravel(), minlength=10_000)
    assert ((counts - 7.8) ** 2 / 7.8).sum() == pytest.approx(10_000, abs=5 * np.sqrt(2 * 10_000))
    assert np.abs(np.corrcoef(drawn.T) - np.eye(3)).max() < 0.03
    assert len(np.unique(test.labels)) == 1000


def test_pictures_come_from_the_seed_and_their_position(folder):
    few, more = (data.load("stacked_mnist", data_dir=folder, train_size=n, validation_size=0) for n in (50, 80))
    np.testing.assert_array_equal(few.train.images, more.train.images[:50])
    np.testing.assert_array_equal(few.test.labels, more.test.labels)
    assert few.validation is None
    other = data.load("stacked_mnist", data_dir=folder, train_size=50, seed=1)
    assert (other.train.labels != few.train.labels).mean() > 0.9


@pytest.mark.parametrize("bad", [{"train_size": 0}, {"validation_size": -1}, {"seed": -1}])
def test_sizes_out_of_range_are_refused(bad, folder):
    with pytest.raises(DataError, match="stacked_mnist: expected at least 1 training picture"):
        data.load("stacked_mnist", data_dir=folder, **bad)


def test_its_colours_stay_what_they_are(folder):
    with pytest.raises(DataError, match="no image_size or color with stacked_mnist"):
        data.load("stacked_mnist", data_dir=folder, color="grey")


def test_the_usual_sizes_are_those_of_the_protocol():
    assert (stacked.TRAIN_SIZE, stacked.TEST_SIZE) == (128_000, 26_000)
