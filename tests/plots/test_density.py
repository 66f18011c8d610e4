"""Densities and scatter plots."""

import os

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from tfgen.errors import DataError
from tfgen.plots.density import save_density
from tfgen.plots.plane import contours, extent_of
from tfgen.plots.points import save_points


class Gaussian:
    """A model of points with the density N(centre, 0.3² I)."""

    def __init__(self, centre=(1.0, 1.0), density=True):
        self.centre, self.density = np.array(centre), density

    def can(self, question):
        return question != "log_prob" or self.density

    def log_prob(self, points):
        assert points.dtype == np.float32
        return -((points - self.centre) ** 2).sum(1) / 0.18 - np.log(0.18 * np.pi)

    def sample(self, n, seed=0):
        return self.centre + 0.3 * np.random.default_rng(seed).standard_normal((n, 2))


def pixels(path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"), float)


def test_contours_are_darkest_at_the_mode_of_the_density(tmp_path):
    drawn = Figure(figsize=(4, 4))
    axes = drawn.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    contours(axes, Gaussian((1.0, 0.5)), (-2, 2, -2, 2))
    drawn.savefig(tmp_path / "x.png")
    shown = pixels(tmp_path / "x.png").sum(-1)
    rows, columns = np.nonzero(shown == shown.min())
    height, width = shown.shape
    assert abs(4 * columns.mean() / width - 2 - 1.0) < 0.05
    assert abs(2 - 4 * rows.mean() / height - 0.5) < 0.05
    assert shown[-1, 0] == 3 * 255


def test_a_model_without_density_has_the_panel_of_the_samples_only(tmp_path):
    data = Gaussian().sample(500, seed=1)
    save_density(Gaussian(), data, tmp_path / "two.png")
    save_density(Gaussian(density=False), data, tmp_path / "one.png")
    two, one = pixels(tmp_path / "two.png"), pixels(tmp_path / "one.png")
    assert two.shape[0] == one.shape[0]
    assert two.shape[1] == 2 * one.shape[1]
    assert sorted(os.listdir(tmp_path)) == ["one.png", "two.png"]


def test_a_scatter_plot_has_contours_if_the_model_has_a_density(tmp_path):
    points = Gaussian().sample(64)
    save_points(points, tmp_path / "alone.png", Gaussian(density=False))
    save_points(points, tmp_path / "over.png", Gaussian())
    alone, over = pixels(tmp_path / "alone.png"), pixels(tmp_path / "over.png")
    assert alone.shape == over.shape
    assert over.mean() < alone.mean() - 5


def test_the_same_points_give_the_same_bytes(tmp_path):
    for name in ("a.png", "b.png"):
        save_points(Gaussian().sample(10), tmp_path / name, Gaussian())
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (np.zeros((3, 3)), r"shape \[n, 2\]. Received: \[3, 3\]"),
        (np.zeros((0, 2)), r"Received: \[0, 2\]"),
        (np.array([[0, np.nan], [1, 1]]), "Received: 1 of 2"),
    ],
)
def test_other_arrays_than_finite_points_are_refused(bad, message, tmp_path):
    with pytest.raises(DataError, match=message):
        save_points(bad, tmp_path / "x.png")
    with pytest.raises(DataError, match=message):
        save_density(Gaussian(), bad, tmp_path / "x.png")
    assert not os.listdir(tmp_path)


def test_a_density_that_is_not_finite_is_refused(tmp_path):
    model = Gaussian()
    model.log_prob = lambda points: np.full(len(points), np.nan)
    with pytest.raises(DataError, match="finite density"):
        save_density(model, model.sample(50), tmp_path / "x.png")


def test_the_extent_is_a_square_that_ignores_outliers():
    points = np.random.default_rng(0).standard_normal((1000, 2)) * [1.0, 0.1]
    points[0] = 1e6
    left, right, bottom, top = extent_of(points)
    assert right - left == pytest.approx(top - bottom)
    assert left < -2.2
    assert 2.2 < right < 10
    left, right, _, _ = extent_of(np.ones((1, 2)))
    assert left < 1 < right
