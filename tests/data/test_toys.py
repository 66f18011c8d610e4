"""Toy densities."""

import math

import numpy as np
import pytest

from tfgen import data
from tfgen.data import toys
from tfgen.errors import DataError

# Mixtures of Gaussians that are narrower than the cells of the grid below.
MIXTURES = ("ring8", "grid25")
NAMES = [name for name in data.POINT_NAMES if name not in MIXTURES]


def test_every_name_has_a_density():
    assert {*NAMES, *MIXTURES} == set(toys.TOYS)


@pytest.mark.parametrize(("name", "count", "std"), [("ring8", 8, 0.02), ("grid25", 25, 0.05)])
def test_the_mixtures_have_the_modes_of_the_literature(name, count, std):
    modes = data.load(name).modes
    assert modes.centres.shape == (count, 2)
    assert modes.std == std
    if name == "ring8":
        np.testing.assert_allclose(np.linalg.norm(modes.centres, axis=1), 2.0)
        np.testing.assert_allclose(modes.centres.sum(axis=0), 0.0, atol=1e-12)
    else:
        assert {tuple(centre) for centre in modes.centres} == {(x, y) for x in range(-4, 5, 2) for y in range(-4, 5, 2)}


@pytest.mark.parametrize("name", MIXTURES)
def test_the_points_of_a_mixture_are_round_clusters_of_equal_size(name):
    mixture = data.load(name)
    points, modes = mixture.train.points.astype(np.float64), mixture.modes
    difference = points[:, None] - modes.centres
    nearest = np.linalg.norm(difference, axis=2).argmin(axis=1)
    share, count = len(points) / len(modes.centres), np.bincount(nearest, minlength=len(modes.centres))
    assert ((count - share) ** 2 / share).sum() < len(count) + 5 * math.sqrt(2 * len(count))
    standard = difference[np.arange(len(points)), nearest] / modes.std
    np.testing.assert_allclose(standard.mean(axis=0), 0.0, atol=0.04)
    np.testing.assert_allclose(np.cov(standard.T), np.eye(2), atol=0.06)


@pytest.mark.parametrize("name", MIXTURES)
def test_the_density_of_a_bed(name):
    modes, log_prob = toys.TOYS[name].modes, toys.TOYS[name].log_prob
    # Around one mode it integrates to that mode's share, and falls by ½ at a standard deviation.
    cells, area = toys.grid(200, extent=8 * modes.std)
    assert np.exp(log_prob(modes.centres[3] + cells)).sum() * area == pytest.approx(1 / len(modes.centres), abs=1e-9)
    centre, aside = log_prob(modes.centres[3] + np.array([[0.0, 0.0], [modes.std, 0.0]]))
    assert centre - aside == pytest.approx(0.5)
    points = data.load(name).test.points
    assert -log_prob(points).mean() == pytest.approx(toys.entropy(name), abs=0.05)
    assert not data.load("rings").modes


@pytest.mark.parametrize("name", NAMES)
def test_the_density_integrates_to_one(name):
    points, area = toys.grid(400)
    assert np.exp(toys.TOYS[name].log_prob(points)).sum() * area == pytest.approx(1, abs=1e-8)


@pytest.mark.parametrize("name", NAMES)
def test_the_points_have_the_density(name):
    toy = data.load(name)
    assert toy.validation is not None
    assert not toy.is_images
    assert toy.event_shape == (2,)
    assert toy.levels is None
    assert (len(toy.train), len(toy.validation), len(toy.test)) == (10_000, 2_000, 10_000)
    assert toy.train.log_prob is not None
    points = np.concatenate([toy.train.points, toy.test.points])
    log_prob = toy.train.log_prob(points)
    # 4 standard errors; a checkerboard's log-density is constant.
    tolerance = 4 * log_prob.std() / math.sqrt(len(points)) + 1e-6
    assert -log_prob.mean() == pytest.approx(toys.entropy(name), abs=tolerance)
    # Different densities can have one entropy. So the counts in cells are compared with the probabilities of the cells.
    grid, area = toys.grid(400)
    probability = np.exp(toys.TOYS[name].log_prob(grid)).reshape(16, 25, 16, 25).sum(axis=(1, 3)) * area
    cell = np.floor((points + 4) / 0.5).astype(int)
    counts = np.zeros((16, 16))
    np.add.at(counts, (cell[:, 1], cell[:, 0]), 1)
    expected = len(points) * probability
    likely = expected > 5
    chi_squared = ((counts - expected) ** 2 / np.where(likely, expected, 1))[likely].sum()
    assert chi_squared < likely.sum() + 5 * math.sqrt(2 * likely.sum())
    assert counts[~likely].sum() < 10 + 2 * expected[~likely].sum()


def test_the_bimodal_density_is_that_of_the_tutorial():
    centre = math.log(0.5 / (2 * math.pi * 0.09))
    np.testing.assert_allclose(toys.bimodal_log_prob(np.array([[1, 1], [-1, -1]])), centre, atol=1e-9)
    np.testing.assert_allclose(toys.bimodal_log_prob(np.array([[1.3, 1.0]])), centre - 0.5, atol=1e-9)
    # The modes hardly overlap: the entropy is that of one mode plus log 2.
    assert toys.entropy("bimodal") == pytest.approx(math.log(2) + 1 + math.log(2 * math.pi * 0.09), abs=1e-4)


def test_the_entropy_of_a_checkerboard_is_that_of_eight_unit_squares():
    assert toys.entropy("checkerboard") == pytest.approx(math.log(8), abs=1e-9)
    assert toys.checkerboard_log_prob(np.array([[0.5, 1.5], [3.0, 3.0], [2.0, 0.5]])).tolist() == [-math.inf] * 3
    assert toys.checkerboard_log_prob(np.array([[0.5, 0.5], [-0.5, 1.5]])).tolist() == [-math.log(8)] * 2


def test_the_density_of_rings_is_finite_at_the_origin():
    assert np.isfinite(toys.rings_log_prob(np.zeros((1, 2)))).all()


def test_the_density_of_moons_is_that_of_many_small_gaussians():
    # Compared with another sum: 20,000 equal Gaussians along the two half circles, at a few points.
    angle = np.pi * (np.arange(10_000) + 0.5) / 10_000
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    lower = np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], axis=1)
    centres = (np.concatenate([upper, lower]) - toys.MOONS_CENTRE) / toys.MOONS_SCALE
    std = toys.MOONS_NOISE / toys.MOONS_SCALE
    points = data.load("moons", train_size=50).train.points.astype(np.float64)
    standard = (points[:, None] - centres) / std
    density = (np.exp(-0.5 * standard**2) / (std * math.sqrt(2 * math.pi))).prod(axis=-1).mean(axis=1)
    np.testing.assert_allclose(toys.moons_log_prob(points), np.log(density), atol=1e-6)


def test_moons_are_standardised():
    points = data.load("moons", train_size=50_000).train.points
    np.testing.assert_allclose(points.mean(axis=0), 0, atol=0.02)
    np.testing.assert_allclose(points.std(axis=0), 1, atol=0.02)


def test_a_point_depends_on_the_seed_the_split_and_its_position_only():
    one, again, other = data.load("rings"), data.load("rings", train_size=10_500), data.load("rings", seed=1)
    np.testing.assert_array_equal(one.train.points, again.train.points[:10_000])
    np.testing.assert_array_equal(one.test.points, again.test.points)
    first = {tuple(points[0]) for points in (one.train.points, one.validation.points, one.test.points)}
    assert len(first | {tuple(other.train.points[0]), tuple(other.test.points[0])}) == 5


def test_sizes_can_be_chosen_and_are_checked():
    toy = data.load("moons", train_size=7, validation_size=0)
    assert len(toy.train) == 7
    assert toy.validation is None
    for sizes in ({"train_size": 0}, {"validation_size": -1}, {"seed": -1}):
        with pytest.raises(DataError, match="moons: expected"):
            data.load("moons", **sizes)
