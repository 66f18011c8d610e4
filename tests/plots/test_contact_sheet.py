"""Contact sheets of data sets."""

import numpy as np
import pytest
from PIL import Image

from tfgen.plots.contact_sheet import MOST_CLASSES, contact_sheet, row_names, save_contact_sheet
from tfgen.plots.grid import BACKGROUND

IMAGES = np.arange(240, dtype=np.uint8).reshape(240, 1, 1, 1).repeat(2, axis=1)


def sheet(*arguments) -> list[list[float]]:
    """Return the grey levels of the images of each row of a contact sheet; of all in one row if there are no rows."""
    images, rows = contact_sheet(IMAGES, 256, *arguments)
    assert images.dtype == np.float32
    assert images.shape[1:] == (2, 1, 1)
    levels = np.round(255 * images[:, 0, 0, 0])
    return [levels.tolist()] if rows is None else [levels[rows == row].tolist() for row in range(rows.max() + 1)]


def test_each_row_contains_the_first_images_of_one_class():
    labels = np.arange(240) % 3
    labels[labels == 2] = 7
    assert sheet(labels, 30) == [[*range(k, 30, 3)] for k in range(3)]
    assert sheet(labels, 2) == [[0], [1], [2]]


def test_the_row_of_a_small_class_ends_with_empty_cells(tmp_path):
    labels = np.zeros(240, int)
    labels[[50, 60]] = 1
    assert sheet(labels, 20) == [[*range(10)], [50, 60]]
    save_contact_sheet(np.full_like(IMAGES, 255), 256, tmp_path / "sheet.png", labels, 20)
    with Image.open(tmp_path / "sheet.png") as written:
        pixels = np.asarray(written)
    upper, lower = np.split(pixels[: len(pixels) // 2 * 2], 2)
    assert (lower == 255).sum() == pytest.approx((upper == 255).sum() / 5)
    assert set(np.unique(pixels)) == {BACKGROUND, 255}


def test_the_names_of_the_classes_stand_beside_their_rows(tmp_path):
    labels = np.arange(240) % 2 + 1
    assert row_names(contact_sheet(IMAGES, 256, labels)[1], labels, ("a", "b", "c")) == ["b", "c"]
    assert row_names(None, labels, ("a", "b", "c")) == []
    for names, path in ((("a", "b", "a long name"), "named.png"), ((), "plain.png")):
        save_contact_sheet(IMAGES, 256, tmp_path / path, labels, names=names)
    with Image.open(tmp_path / "named.png") as named, Image.open(tmp_path / "plain.png") as plain:
        assert named.width > plain.width
        np.testing.assert_array_equal(np.asarray(named)[:, -plain.width :], np.asarray(plain))


def test_without_labels_or_with_many_classes_the_first_images_are_shown():
    for labels in (None, np.arange(240) % (MOST_CLASSES + 1)):
        assert sheet(labels) == [[*range(100)]]
    assert sheet(None, 9) == [[*range(9)]]


def test_levels_are_scaled_to_the_range_of_grey(tmp_path):
    save_contact_sheet(np.full((3, 2, 2, 1), 16, np.uint8), 17, tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as written:
        assert np.asarray(written).max() == 255
