"""Pictures in a notebook."""

import io
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import tfgen
from tfgen.data.sets import ImageSet, PointSet
from tfgen.errors import DataError
from tfgen.plots.grid import image_grid


def shown(picture) -> np.ndarray:
    """Return the pixels that a notebook displays."""
    with Image.open(io.BytesIO(picture._repr_png_())) as image:
        assert image.format == "PNG"
        return np.asarray(image)


def images(n=4, channels=1):
    levels = np.random.default_rng(0).integers(0, 256, (n, 8, 8, channels), np.uint8)
    return levels, (levels / 255).astype(np.float32)


@pytest.mark.parametrize("channels", [1, 3])
def test_images_are_a_grid_enlarged_by_nearest_neighbour(channels):
    _, floats = images(6, channels)
    picture = tfgen.show(floats, columns=3)
    pixels = shown(picture)
    grid = image_grid(floats, columns=3).squeeze()
    scale = len(pixels) // len(grid)
    assert scale > 20
    np.testing.assert_array_equal(pixels, grid.repeat(scale, axis=0).repeat(scale, axis=1))
    assert repr(picture).startswith(f"Picture({pixels.shape[1]}×{pixels.shape[0]} pixels")


def test_bytes_one_image_and_image_sets_are_shown_too():
    levels, floats = images()
    expected = shown(tfgen.show(floats))
    np.testing.assert_array_equal(shown(tfgen.show(levels)), expected)
    np.testing.assert_array_equal(shown(tfgen.show(ImageSet(levels, 256))), expected)
    np.testing.assert_array_equal(shown(tfgen.show(floats[0])), shown(tfgen.show(floats[:1])))
    bright = ImageSet(np.full((300, 2, 2, 1), 16, np.uint8), 17)
    assert shown(tfgen.show(bright)).max() == 255
    assert (shown(tfgen.show(bright)) == shown(tfgen.show(np.ones((100, 2, 2, 1))))).all()


def test_points_are_a_scatter_plot():
    points = np.random.default_rng(0).standard_normal((50, 2)).astype(np.float32)
    pixels = shown(tfgen.show(points))
    assert pixels.shape == (672, 672, 3)
    np.testing.assert_array_equal(shown(tfgen.show(PointSet(points))), pixels)


def test_the_picture_can_be_saved(tmp_path):
    picture = tfgen.show(images()[1])
    picture.save(tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes() == picture._repr_png_()
    assert os.listdir(tmp_path) == ["a.png"]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (np.zeros(5), r"or points of shape \[n, 2\]. Received: float64 \[5\]"),
        (np.zeros((3, 5)), r"points of shape \[n, 2\]. Received: \[3, 5\]"),
        (np.zeros((2, 4, 4, 2)), r"Received: \[2, 4, 4, 2\]"),
        (np.full((1, 4, 4, 1), 2.0), r"in \[0, 1\]"),
        (np.zeros((1, 4, 4, 1), int), "Received: int64"),
    ],
)
def test_other_arrays_are_refused(bad, message):
    with pytest.raises(DataError, match=message):
        tfgen.show(bad)


def test_at_least_one_column_is_needed():
    with pytest.raises(DataError, match="Received: columns=0"):
        tfgen.show(images()[1], columns=0)


def test_showing_an_array_does_not_import_tensorflow():
    code = "import sys, numpy, tfgen; tfgen.show(numpy.zeros((1, 4, 4, 1))); print('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
