"""Rows of interpolated images."""

import numpy as np
import pytest
from PIL import Image

from tfgen.errors import DataError
from tfgen.plots.grid import BACKGROUND
from tfgen.plots.interpolation import END, save_interpolation, strips


@pytest.mark.parametrize("channels", [1, 3])
def test_each_path_is_a_row_and_only_its_ends_are_framed(channels):
    levels = np.random.default_rng(0).integers(0, 256, (2, 3, 4, 5, channels))
    picture = strips(levels / 255.0, scale=2)
    assert picture.shape == (2 * 16 + 4, 3 * 18 + 4, channels)
    for row in range(2):
        for step in range(3):
            top, left = 6 + 16 * row, 6 + 18 * step
            tile = picture[top : top + 8, left : left + 10]
            for corner in ((0, 0), (1, 1)):
                np.testing.assert_array_equal(tile[corner[0] :: 2, corner[1] :: 2], levels[row, step])
            frame = END if step in (0, 2) else BACKGROUND
            assert (picture[top - 2 : top, left : left + 10] == frame).all()
            assert (picture[top : top + 8, left + 10 : left + 12] == frame).all()


def test_the_file_contains_the_strips(tmp_path):
    images = np.random.default_rng(0).random((4, 7, 8, 8, 1))
    save_interpolation(images, tmp_path / "strips.png")
    with Image.open(tmp_path / "strips.png") as picture:
        read = np.asarray(picture)
    np.testing.assert_array_equal(read, strips(images)[..., 0])
    assert 600 <= read.shape[1] <= 1000


@pytest.mark.parametrize("shape", [(4, 8, 8, 1), (4, 1, 8, 8, 1), (4, 7, 8, 8, 2)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(DataError, match="Received"):
        strips(np.zeros(shape))
