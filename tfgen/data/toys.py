"""Two-dimensional toy densities with a known log-density and entropy, against which a flow can be tested.

In float64, the mass outside of [−4, 4]² is 0 for every density here except `grid25`. The outermost modes of `grid25`
are centred on the border of that square.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tfgen.data.sets import Dataset, Modes, PointSet
from tfgen.errors import DataError

TRAIN_SIZE, VALIDATION_SIZE, TEST_SIZE = 10_000, 2_000, 10_000

BIMODAL_MEAN, BIMODAL_STD = 1.0, 0.3
MOONS_NOISE = 0.1
# Mean and standard deviation of the two half circles with noise, from E cos = 0, E sin = 2/π, E cos² = E sin² = 1/2.
MOONS_CENTRE = np.array([0.5, 0.25])
MOONS_SCALE = np.sqrt(np.array([0.75, 0.5625 - 1 / math.pi]) + MOONS_NOISE**2)
RING_RADII, RING_STD = np.array([0.5, 1.0, 1.5, 2.0]), 0.08
# Data sets of the mode benchmark. The ring is from Metz et al.: Unrolled generative adversarial networks, ICLR 2017.
# The grid is from Lin et al.: PacGAN, NeurIPS 2018.
_EIGHTHS = math.pi / 4 * np.arange(8)
RING8 = Modes(2.0 * np.stack([np.cos(_EIGHTHS), np.sin(_EIGHTHS)], axis=1), 0.02)
GRID25 = Modes(np.stack(np.meshgrid(*[np.arange(-4.0, 5.0, 2.0)] * 2), axis=-1).reshape(-1, 2), 0.05)


@dataclass(frozen=True)
class Toy:
    """A density p(x, y).

    Attributes:
        transform: function from uniform numbers [N, 2] in [0, 1) and standard normal numbers [N, 2] to random points,
            float64 [N, 2].
        log_prob: function from points [N, 2] to log p in nats, float64 [N].
        modes: modes of the density if it is a mixture of narrow, separate Gaussians; else None.
    """

    transform: Callable[[np.ndarray, np.ndarray], np.ndarray]
    log_prob: Callable[[np.ndarray], np.ndarray]
    modes: Modes | None = None


def load_toy(name: str, train_size: int | None = None, validation_size: int | None = None, seed: int = 0) -> Dataset:
    """Generate a toy data set: 10,000 training, 2,000 validation and 10,000 test points unless sizes are given.

    Each split has its own stream of random numbers. So the first n training points are the same for every
    `train_size` ≥ n, and the test points are the same for all sizes.

    Args:
        name: key of `TOYS`.
        train_size: number of training points, at least 1. None: 10,000.
        validation_size: number of validation points, 0 for no validation split. None: 2,000.
        seed: seed of the points, at least 0.

    Raises:
        DataError: if a size or the seed is out of range.
    """
    train_size = TRAIN_SIZE if train_size is None else train_size
    validation_size = VALIDATION_SIZE if validation_size is None else validation_size
    if train_size < 1 or validation_size < 0:
        raise DataError(
            f"{name}: expected at least 1 training point and no negative number of validation points. "
            f"Received: train_size={train_size}, validation_size={validation_size}"
        )
    if seed < 0:
        raise DataError(f"{name}: expected a seed of at least 0. Received: seed={seed}")
    return Dataset(
        name,
        train=_draw(name, train_size, seed, split=0),
        validation=_draw(name, validation_size, seed, split=1) if validation_size else None,
        test=_draw(name, TEST_SIZE, seed, split=2),
        modes=TOYS[name].modes,
    )


@functools.cache
def entropy(name: str) -> float:
    """Return the differential entropy −∫ p log p of a toy density in nats: the loss of a perfect model.

    The integral is computed by the midpoint rule on 400 × 400 cells, exact to six digits. For K separate Gaussians the
    entropy is log K + 1 + log 2πσ².
    """
    if (modes := TOYS[name].modes) is not None:
        return math.log(len(modes.centres)) + 1.0 + math.log(2 * math.pi * modes.std**2)
    points, area = grid(400)
    log_prob = TOYS[name].log_prob(points)
    inside = log_prob > -np.inf
    return float(-np.sum(np.exp(log_prob[inside]) * log_prob[inside]) * area)


def grid(n: int, extent: float = 4.0) -> tuple[np.ndarray, float]:
    """Return the midpoints [n², 2] of n × n equal cells on [−extent, extent]², and the area of a cell.

    The rows follow each other from below, and in a row x grows.
    """
    side = 2 * extent / n
    axis = -extent + side * (np.arange(n) + 0.5)
    return np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2), side**2


def _draw(name: str, n: int, seed: int, split: int) -> PointSet:
    # Each kind of number has its own generator. With one generator for both, point i would depend on n.
    uniform, normal = (np.random.Generator(np.random.PCG64([seed, split, kind])) for kind in (0, 1))
    toy = TOYS[name]
    points = toy.transform(uniform.random((n, 2)), normal.standard_normal((n, 2)))
    return PointSet(points.astype(np.float32), toy.log_prob)


def _bimodal(uniform: np.ndarray, normal: np.ndarray) -> np.ndarray:
    sign = np.where(uniform[:, :1] < 0.5, 1.0, -1.0)
    return sign * BIMODAL_MEAN + BIMODAL_STD * normal


def bimodal_log_prob(points: np.ndarray) -> np.ndarray:
    """Return log[½ N(x; (1, 1), 0.3² I) + ½ N(x; (−1, −1), 0.3² I)] of points [N, 2] in nats, [N]."""
    points = np.asarray(points, np.float64)
    upper = _log_normal(points - BIMODAL_MEAN, BIMODAL_STD).sum(axis=1)
    lower = _log_normal(points + BIMODAL_MEAN, BIMODAL_STD).sum(axis=1)
    return np.logaddexp(upper, lower) - math.log(2)


def _moons(uniform: np.ndarray, normal: np.ndarray) -> np.ndarray:
    angle = math.pi * uniform[:, 0]
    points = np.where(uniform[:, 1:] < 0.5, _upper_moon(angle), _lower_moon(angle)) + MOONS_NOISE * normal
    return (points - MOONS_CENTRE) / MOONS_SCALE


def moons_log_prob(points: np.ndarray) -> np.ndarray:
    """Return the log-density of two standardised noisy half circles at points [N, 2] in nats, [N].

    p(x) = |S| ½ Σ_moon (1/π) ∫₀^π N(S x + c; moon(θ), 0.1² I) dθ, where S is the diagonal matrix of the standard
    deviations and c the mean. The integral is a Gauss–Legendre sum of 64 nodes. The distance of neighbouring nodes is
    less than the standard deviation of the noise, so that the sum is exact to nine digits.
    """
    points = np.asarray(points, np.float64) * MOONS_SCALE + MOONS_CENTRE
    node, weight = np.polynomial.legendre.leggauss(64)
    angle = (node + 1) * math.pi / 2
    centres = np.concatenate([_upper_moon(angle), _lower_moon(angle)])
    log_weight = np.log(np.concatenate([weight, weight]) / 4)
    log_prob = np.empty(len(points))
    for start in range(0, len(points), 4096):  # limits the memory of the table [points, nodes]
        block = points[start : start + 4096]
        squared = (block[:, :1] - centres[:, 0]) ** 2 + (block[:, 1:] - centres[:, 1]) ** 2
        terms = log_weight - squared / (2 * MOONS_NOISE**2)
        largest = terms.max(axis=1, keepdims=True)
        log_prob[start : start + 4096] = np.log(np.exp(terms - largest).sum(axis=1)) + largest[:, 0]
    return log_prob - math.log(2 * math.pi * MOONS_NOISE**2) + np.log(MOONS_SCALE).sum()


def _upper_moon(angle: np.ndarray) -> np.ndarray:
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _lower_moon(angle: np.ndarray) -> np.ndarray:
    return np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], axis=1)


def _checkerboard(uniform: np.ndarray, normal: np.ndarray) -> np.ndarray:
    x = 4 * uniform[:, 0] - 2
    # In each column two of the four squares are filled, alternately from column to column. The integer part of
    # `square` selects one of the two, and the fractional part is the position in the square.
    square = 2 * uniform[:, 1]
    y = 2 * np.floor(square) + np.floor(x) % 2 + square % 1 - 2
    return np.stack([x, y], axis=1)


def checkerboard_log_prob(points: np.ndarray) -> np.ndarray:
    """Return the log-density at points [N, 2] in nats, [N]: −log 8 in the filled squares, −∞ elsewhere.

    The filled squares are the eight unit squares of [−2, 2]² in which ⌊x⌋ + ⌊y⌋ is even.
    """
    points = np.asarray(points, np.float64)
    inside = ((points >= -2) & (points < 2)).all(axis=1)
    return np.where(inside & (np.floor(points).sum(axis=1) % 2 == 0), -math.log(8), -np.inf)


def _rings(uniform: np.ndarray, normal: np.ndarray) -> np.ndarray:
    angle = 2 * math.pi * uniform[:, 0]
    radius = RING_RADII[np.floor(len(RING_RADII) * uniform[:, 1]).astype(int)] + RING_STD * normal[:, 0]
    return radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def rings_log_prob(points: np.ndarray) -> np.ndarray:
    """Return log[p_r(r) / (2π r)] of four equally likely rings at points [N, 2] in nats, [N].

    The radius r = |(x, y)| is the absolute value of a Gaussian variable with mean 0.5, 1, 1.5 or 2 and standard
    deviation 0.08: p_r(r) = ¼ Σ_k [N(r; R_k, 0.08²) + N(−r; R_k, 0.08²)]. At the origin, where the formula divides by
    0, r is replaced by 10⁻⁶.
    """
    radius = np.maximum(np.linalg.norm(np.asarray(points, np.float64), axis=1), 1e-6)
    signed = np.concatenate([radius[:, None] - RING_RADII, -radius[:, None] - RING_RADII], axis=1)
    log_radial = np.logaddexp.reduce(_log_normal(signed, RING_STD), axis=1) - math.log(len(RING_RADII))
    return log_radial - np.log(2 * math.pi * radius)


def _mixture(modes: Modes) -> Toy:
    """Return the density p(x) = 1/K Σ_k N(x; μ_k, σ² I) of equally likely Gaussians."""

    def transform(uniform: np.ndarray, normal: np.ndarray) -> np.ndarray:
        return modes.centres[np.floor(len(modes.centres) * uniform[:, 0]).astype(int)] + modes.std * normal

    def log_prob(points: np.ndarray) -> np.ndarray:
        points = np.asarray(points, np.float64)
        terms = np.stack([_log_normal(points - centre, modes.std).sum(axis=1) for centre in modes.centres])
        return np.logaddexp.reduce(terms, axis=0) - math.log(len(modes.centres))

    return Toy(transform, log_prob, modes)


def _log_normal(difference: np.ndarray, std: float) -> np.ndarray:
    return -0.5 * (difference / std) ** 2 - math.log(std * math.sqrt(2 * math.pi))


TOYS = {
    "bimodal": Toy(_bimodal, bimodal_log_prob),
    "moons": Toy(_moons, moons_log_prob),
    "checkerboard": Toy(_checkerboard, checkerboard_log_prob),
    "rings": Toy(_rings, rings_log_prob),
    "ring8": _mixture(RING8),
    "grid25": _mixture(GRID25),
}
