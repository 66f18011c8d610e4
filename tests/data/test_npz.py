"""Data sets in .npz files."""

import zipfile

import numpy as np
import pytest

from tfgen import data
from tfgen.errors import DataError

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 200, (40, 6, 5), np.uint8)
COLOUR = RNG.integers(0, 200, (40, 6, 5, 3), np.uint8)


def save(tmp_path, **arrays):
    np.savez(tmp_path / "mine.npz", **arrays)
    return tmp_path / "mine.npz"


def test_images_and_labels_are_split_by_the_seed(tmp_path):
    path = save(tmp_path, images=GREY, labels=np.arange(40))
    first, again, other = data.load(path), data.load(str(path)), data.load(path, seed=1)
    assert first.name == "mine"
    assert first.event_shape == (6, 5, 1)
    assert first.levels == 256
    assert first.validation is not None
    parts = (first.train, first.validation, first.test)
    assert [len(part) for part in parts] == [32, 4, 4]
    assert sorted(np.concatenate([part.labels for part in parts])) == list(range(40))
    for part in parts:
        np.testing.assert_array_equal(part.images[..., 0], GREY[part.labels])
    np.testing.assert_array_equal(first.test.images, again.test.images)
    assert not np.array_equal(first.test.labels, other.test.labels)


def test_x_test_is_the_test_split(tmp_path):
    path = save(
        tmp_path, x_train=COLOUR[:30], x_test=COLOUR[30:], y_train=np.zeros((30, 1), int), y_test=np.zeros(10, int)
    )
    mine = data.load(path)
    assert mine.validation is not None
    assert (len(mine.train), len(mine.validation), len(mine.test)) == (27, 3, 10)
    np.testing.assert_array_equal(mine.test.images, COLOUR[30:])


def test_the_file_may_contain_the_number_of_levels(tmp_path):
    assert data.load(save(tmp_path, images=GREY // 16, levels=16)).levels == 16


def test_grey_is_the_luma_of_the_colours(tmp_path):
    mine = data.load(save(tmp_path, x_train=COLOUR, x_test=COLOUR), color="grey")
    assert mine.event_shape == (6, 5, 1)
    luma = COLOUR @ np.array([0.299, 0.587, 0.114])
    np.testing.assert_allclose(mine.test.images[..., 0], luma, atol=0.51)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"pictures": GREY}, "expected either images.*Found: pictures"),
        ({}, "Found: nothing"),
        ({"x_train": GREY}, "x_train and x_test.*Found: x_train"),
        ({"images": GREY, "x_train": GREY, "x_test": GREY}, "Found: images, x_test, x_train"),
        ({"images": GREY / 255}, r"images of type uint8. Received: float64 \[40, 6, 5\].*255 \* images"),
        ({"images": GREY.astype(int)}, "uint8. Received: int64"),
        ({"images": GREY[0]}, r"\[N, H, W\].*Received: uint8 \[6, 5\]"),
        ({"images": np.zeros((40, 6, 5, 2), np.uint8)}, r"Received: uint8 \[40, 6, 5, 2\]"),
        ({"images": GREY[:0]}, r"Received: uint8 \[0, 6, 5\]"),
        ({"images": GREY[:9]}, "at least 10 images.*Received: 9"),
        ({"images": GREY, "labels": np.zeros(39, int)}, "images: Expected one label for each of 40 images"),
        ({"images": GREY, "labels": np.zeros(40)}, "integer labels"),
        ({"images": GREY, "levels": 16}, "0 to 15.*pixel of 199"),
        ({"images": GREY, "levels": 16.0}, "levels to be one integer"),
        ({"images": GREY, "levels": 999}, "2 to 256 levels"),
        ({"x_train": GREY, "x_test": COLOUR}, r"x_test of images \[6, 5, 1\].*Received: \[6, 5, 3\]"),
        ({"images": np.array([None])}, "plain arrays"),
    ],
)
def test_the_error_for_other_arrays_names_the_file_and_the_array(tmp_path, arrays, message):
    with pytest.raises(DataError, match=rf"mine.*{message}"):
        data.load(save(tmp_path, **arrays))


def test_the_error_for_a_damaged_file_names_the_file(tmp_path):
    path = save(tmp_path, images=GREY)
    content = path.read_bytes()
    middle = len(content) // 2
    damages = [
        b"",
        b"no zip",
        content[:-40],
        content[:middle],
        content[:middle] + b"\xff\0" * 20 + content[middle + 40 :],
    ]
    for damaged in damages:
        path.write_bytes(damaged)
        with pytest.raises(DataError, match=r"mine.npz(, images)?: expected an .npz"):
            data.load(path)


def test_a_single_array_is_refused(tmp_path):
    with (tmp_path / "mine.npz").open("wb") as file:
        np.save(file, GREY)
    with pytest.raises(DataError, match=r"mine.npz.*np.savez"):
        data.load(tmp_path / "mine.npz")


def test_a_zip_of_other_files_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "mine.npz", "w") as archive:
        archive.writestr("images.txt", "hello")
    with pytest.raises(DataError, match=r"mine.npz: expected .*images"):
        data.load(tmp_path / "mine.npz")
