"""Contact sheets of data sets."""

import numpy as np
from PIL import Image

from tfgen.plots.contact_sheet import MOST_CLASSES, contact_sheet, save_contact_sheet

IMAGES = np.arange(240, dtype=np.uint8).reshape(240, 1, 1, 1).repeat(2, axis=1)


def sheet(*arguments) -> np.ndarray:
    """Return the grey levels of a contact sheet, one number for each image, [rows, columns]."""
    images, columns = contact_sheet(IMAGES, 256, *arguments)
    assert images.dtype == np.float32
    assert images.shape[1:] == (2, 1, 1)
    return 255 * images[:, 0, 0, 0].reshape(-1, columns)


def test_each_row_contains_the_first_images_of_one_class():
    labels = np.arange(240) % 3
    labels[labels == 2] = 7
    np.testing.assert_allclose(sheet(labels, 30), [np.arange(k, 30, 3) for k in range(3)], atol=1e-4)
    np.testing.assert_allclose(sheet(labels, 2), [[0], [1], [2]], atol=1e-4)


def test_the_row_of_a_small_class_is_filled_with_black():
    labels = np.zeros(240, int)
    labels[[50, 60]] = 1
    np.testing.assert_allclose(sheet(labels, 20)[1], [50, 60] + [0] * 8, atol=1e-4)


def test_without_labels_or_with_many_classes_the_first_images_are_shown():
    for labels in (None, np.arange(240) % (MOST_CLASSES + 1)):
        np.testing.assert_allclose(sheet(labels), np.arange(100).reshape(10, 10), atol=1e-4)
    assert sheet(None, 9).shape == (3, 3)


def test_levels_are_scaled_to_the_range_of_grey(tmp_path):
    save_contact_sheet(np.full((3, 2, 2, 1), 16, np.uint8), 17, tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as written:
        assert np.asarray(written).max() == 255
