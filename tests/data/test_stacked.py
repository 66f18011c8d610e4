"""Stacked MNIST: three MNIST digits per image."""

import gzip
import struct

import numpy as np
import pytest

from tfgen import data
from tfgen.data import stacked
from tfgen.data.mnist import FILES
from tfgen.errors import DataError


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Files of MNIST's format. All pixels of a digit d are 20 d + 1, except two in the corner that number the image."""
    folder = tmp_path_factory.mktemp("idx") / "mnist"
    folder.mkdir()
    generator = np.random.default_rng(0)
    for kind, count in ((0, 60_000), (2, 10_000)):
        labels = generator.integers(10, size=count).astype(np.uint8)
        if kind == 2:
            labels[:10] = (7, 2, 1, 0, 4, 1, 4, 9, 5, 9)  # MNIST is recognised by these labels
        images = np.broadcast_to((20 * labels + 1)[:, None, None], (count, 28, 28)).copy()
        images[:, 0, 0], images[:, 0, 1] = np.arange(count) // 256, np.arange(count) % 256
        for name, array in ((FILES[kind], images), (FILES[kind + 1], labels)):
            header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
            (folder / f"{name}.gz").write_bytes(gzip.compress(header + array.tobytes(), compresslevel=1))
    return folder


def numbers(images) -> np.ndarray:
    """Return the number of the MNIST image in each channel, [n, 3]."""
    return 256 * images[:, 0, 0].astype(int) + images[:, 0, 1]


def test_an_image_is_three_digits_and_its_label_is_their_number(folder):
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


def test_digits_are_drawn_uniformly_and_independently(folder):
    test = data.load("stacked_mnist", data_dir=folder, train_size=10).test
    # 78,000 draws from 10,000 digits: uniform by a chi-squared test, and the channels are uncorrelated.
    drawn = numbers(test.images)
    counts = np.bincount(drawn.ravel(), minlength=10_000)
    assert ((counts - 7.8) ** 2 / 7.8).sum() == pytest.approx(10_000, abs=5 * np.sqrt(2 * 10_000))
    assert np.abs(np.corrcoef(drawn.T) - np.eye(3)).max() < 0.03
    assert len(np.unique(test.labels)) == 1000


def test_an_image_depends_on_the_seed_and_its_position_only(folder):
    few, more = (data.load("stacked_mnist", data_dir=folder, train_size=n, validation_size=0) for n in (50, 80))
    np.testing.assert_array_equal(few.train.images, more.train.images[:50])
    np.testing.assert_array_equal(few.test.labels, more.test.labels)
    assert few.validation is None
    other = data.load("stacked_mnist", data_dir=folder, train_size=50, seed=1)
    assert (other.train.labels != few.train.labels).mean() > 0.9


@pytest.mark.parametrize("bad", [{"train_size": 0}, {"validation_size": -1}, {"seed": -1}])
def test_sizes_out_of_range_are_refused(bad, folder):
    with pytest.raises(DataError, match="stacked_mnist: expected at least 1 training image"):
        data.load("stacked_mnist", data_dir=folder, **bad)


def test_a_conversion_of_colours_is_refused(folder):
    with pytest.raises(DataError, match="no image_size or color with stacked_mnist"):
        data.load("stacked_mnist", data_dir=folder, color="grey")


def test_the_default_sizes_are_those_of_pacgan():
    assert (stacked.TRAIN_SIZE, stacked.TEST_SIZE) == (128_000, 26_000)
