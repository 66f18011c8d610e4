"""Grids of images."""

import os

import numpy as np
import pytest
from PIL import Image

from tfgen.errors import DataError
from tfgen.plots.grid import BACKGROUND, image_grid, position_at, save_grid


def read(path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


def images(n, height=4, width=3, channels=1):
    levels = np.random.default_rng(0).integers(0, 256, (n, height, width, channels))
    return levels, (levels / 255).astype(np.float32)


@pytest.mark.parametrize("channels", [1, 3])
def test_every_image_is_in_its_cell_unchanged(channels):
    levels, floats = images(7, channels=channels)
    grid = image_grid(floats, columns=3, border=2)
    assert grid.dtype == np.uint8
    assert grid.shape == (3 * 6 + 2, 3 * 5 + 2, channels)
    for index in range(7):
        top, left = 2 + 6 * (index // 3), 2 + 5 * (index % 3)
        np.testing.assert_array_equal(grid[top : top + 4, left : left + 3], levels[index])
        grid[top : top + 4, left : left + 3] = BACKGROUND
    assert (grid == BACKGROUND).all()


@pytest.mark.parametrize(("n", "columns"), [(1, 1), (2, 2), (5, 3), (64, 8), (65, 9)])
def test_the_default_number_of_columns_makes_a_square(n, columns):
    assert image_grid(images(n)[1], border=0).shape[1] == 3 * columns


@pytest.mark.parametrize("channels", [1, 3])
def test_the_file_contains_the_grid_enlarged_by_nearest_neighbour(channels, tmp_path):
    _, floats = images(4, channels=channels)
    save_grid(floats, tmp_path / "grid.png", scale=3)
    found = read(tmp_path / "grid.png").reshape(3 * 11, 3 * 9, channels)
    grid = image_grid(floats)
    for row in range(3):
        for column in range(3):
            np.testing.assert_array_equal(found[row::3, column::3], grid)
    assert os.listdir(tmp_path) == ["grid.png"]


@pytest.mark.parametrize(("n", "side"), [(64, 8), (64, 28), (64, 32), (1, 8), (400, 28), (64, 64)])
def test_small_images_are_enlarged_to_about_800_pixels(n, side, tmp_path):
    save_grid(np.zeros((n, side, side, 1), np.float32), tmp_path / "grid.png")
    assert 530 <= read(tmp_path / "grid.png").shape[1] <= 1070


def test_intensities_are_rounded_to_the_nearest_byte():
    grid = image_grid(np.array([0.0, 0.4 / 255, 0.6 / 255, 1.0, 1.0005, -0.0005]).reshape(1, 1, 6, 1), border=0)
    assert grid.ravel().tolist() == [0, 0, 1, 255, 255, 0]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (np.full((2, 4, 4, 1), np.nan), "finite pixels. Received: 2 of 2"),
        (np.array([0, 0, np.inf, 0]).reshape(2, 1, 2, 1), "finite pixels. Received: 1 of 2"),
        (np.full((2, 4, 4, 1), 255.0), r"in \[0, 1\]. Received: 255 to 255"),
        (np.full((2, 4, 4, 1), -0.5), r"in \[0, 1\]. Received: -0.5"),
        (np.zeros((2, 4, 4, 1), np.uint8), "floats.*Received: uint8"),
        (np.zeros((2, 4, 4, 2)), r"Received: \[2, 4, 4, 2\]"),
        (np.zeros((4, 4, 1)), r"Received: \[4, 4, 1\]"),
        (np.zeros((0, 4, 4, 1)), r"Received: \[0, 4, 4, 1\]"),
    ],
)
def test_other_arrays_are_refused_and_an_existing_file_is_kept(bad, message, tmp_path):
    path = tmp_path / "grid.png"
    path.write_text("earlier")
    with pytest.raises(DataError, match=message):
        save_grid(bad, path)
    assert path.read_text() == "earlier"
    assert os.listdir(tmp_path) == ["grid.png"]


def test_a_grid_larger_than_the_target_is_not_shrunk(tmp_path):
    save_grid(np.zeros((1, 1500, 900, 1), np.float32), tmp_path / "grid.png", border=0)
    assert read(tmp_path / "grid.png").shape == (1500, 900)


def test_images_of_a_class_share_a_row_in_their_order():
    levels = np.linspace(0, 1, 5, dtype=np.float32)
    grid = image_grid(np.ones((5, 2, 3, 1), np.float32) * levels[:, None, None, None], rows=[1, 0, 1, 1, 2])
    assert grid.shape == (3 * 3 + 1, 3 * 4 + 1, 1)
    shown = grid[1::3, 1::4, 0][:3, :3]
    bytes_ = np.round(255 * levels)
    expected = [[bytes_[1], BACKGROUND, BACKGROUND], [bytes_[0], bytes_[2], bytes_[3]], [bytes_[4], *[BACKGROUND] * 2]]
    np.testing.assert_array_equal(shown, expected)


def test_names_of_the_rows_stand_in_a_margin_and_the_images_stay_as_they_are(tmp_path):
    images = np.random.default_rng(0).random((4, 8, 8, 3)).astype(np.float32)
    save_grid(images, tmp_path / "plain.png", columns=2, scale=4)
    save_grid(images, tmp_path / "named.png", columns=2, scale=4, names=("cat", "a long name"))
    plain, named = (np.asarray(Image.open(tmp_path / f"{name}.png")) for name in ("plain", "named"))
    margin = named.shape[1] - plain.shape[1]
    np.testing.assert_array_equal(named[:, margin:], plain)
    assert (named[: len(named) // 2, :margin] > BACKGROUND).any()
    assert (named[len(named) // 2 :, :margin] > BACKGROUND).sum() > (
        named[: len(named) // 2, :margin] > BACKGROUND
    ).sum()


@pytest.mark.parametrize(
    ("n", "settings"),
    [
        (7, {}),
        (7, {"columns": 3, "border": 2, "scale": 2}),
        (1, {"border": 0, "scale": 5}),
        (6, {"rows": [1, 0, 1, 1, 2, 0], "scale": 3}),
        pytest.param(
            7,
            {"rows": [0, 1, 2, 0, 1, 2, 0], "names": ("cat", "a long name", "dog"), "scale": 4},
            marks=pytest.mark.slow,
        ),
        (8, {"rows": [0, 1, 0, 1, 0, 1, 0, 1], "names": ("cat", "a long name")}),
    ],
)
def test_every_pixel_belongs_to_the_image_that_the_picture_shows_there(n, settings, tmp_path):
    """Each image has a grey level of its own, and none that of the background or of a name."""
    levels = 101 + 2 * np.arange(n)
    images = np.broadcast_to((levels / 255)[:, None, None, None], (n, 4, 3, 1))
    save_grid(images, tmp_path / "grid.png", **settings)
    shown = read(tmp_path / "grid.png").astype(int)
    # The letters of the names have grey levels too, so that the margin is not compared but has no images.
    margin = shown.shape[1]
    save_grid(images, tmp_path / "plain.png", **{**settings, "names": ()})
    margin -= read(tmp_path / "plain.png").shape[1]
    assert (margin > 0) is bool(settings.get("names"))
    expected = np.full(shown.shape, -1)
    for position, level in enumerate(levels):
        expected[:, margin:][shown[:, margin:] == level] = position
    assert set(np.unique(expected)) >= set(range(n))
    ys, xs = range(-1, shown.shape[0] + 2), range(-1, shown.shape[1] + 2)
    if shown.size > 100_000:  # a picture of usual size: every 23rd pixel
        ys, xs = ys[::23], xs[::23]
    for y in ys:
        for x in xs:
            inside = 0 <= y < shown.shape[0] and 0 <= x < shown.shape[1]
            position = position_at((x, y), (n, 4, 3), **settings)
            assert (-1 if position is None else position) == (expected[y, x] if inside else -1), (x, y)
