"""A plane through latent space, to walk on: around a sample, or along two dimensions."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from tfgen.app.latent_paths import images_of, noise_of_seed
from tfgen.errors import ConfigError
from tfgen.models import latent_paths as latent

if TYPE_CHECKING:
    from tfgen.models.contract import GenerativeModel

#: What the edge of the map is: a right angle from the sample, or so many standard deviations from 0.
EDGE_ANGLE, EDGE_DEVIATIONS = math.pi / 2, 3.0
AROUND, ALONG = "around a sample", "along two dimensions"
#: Latents of more dimensions are not searched for the most visible ones.
SEARCHED = 256


@dataclass(frozen=True)
class Plane:
    """A plane through the normal noise behind a model's latents.

    Attributes:
        kind: `AROUND`, all points as far from 0 as the sample is, in the directions of two other samples
            (`latent.around`); or `ALONG`, the sample with two coordinates replaced.
        seed: of the sample.
        first, second: to the right and upwards: seeds of the samples whose directions they are, or dimensions.
    """

    kind: str
    seed: int
    first: int
    second: int

    def normal(self, model: "GenerativeModel", offsets) -> tf.Tensor:
        """Normal noise of points of the map: [n, 2] in [−1, 1], its edges → [n, D].

        Raises:
            ConfigError: where the model has no such dimensions, or the three samples no such directions.
        """
        offsets = tf.convert_to_tensor(offsets, tf.float32)
        sample = noise_of_seed(model, self.seed)
        size = int(sample.shape[0])
        if self.kind == AROUND:
            if size < 3:
                raise ConfigError(
                    f"Expected a latent space of 3 dimensions or more for a map {AROUND}. Received: {size}"
                )
            if len({self.seed, self.first, self.second}) < 3:
                raise ConfigError(
                    "Expected three different seeds, of a sample and two directions. "
                    f"Received: {self.seed}, {self.first} and {self.second}"
                )
            directions = tf.stack([noise_of_seed(model, self.first), noise_of_seed(model, self.second)])
            return latent.around(sample, directions, EDGE_ANGLE * offsets)
        if self.kind != ALONG:
            raise ConfigError(f"Expected a map {AROUND} or {ALONG}. Received: {self.kind!r}")
        for dimension in (self.first, self.second):
            if not 0 <= dimension < size:
                raise ConfigError(f"Expected a latent dimension from 0 to {size - 1}. Received: {dimension}")
        if self.first == self.second:
            raise ConfigError(f"Expected two different latent dimensions. Received: {self.first} twice")
        moved = tf.one_hot([self.first, self.second], size)
        kept = sample * (1.0 - tf.reduce_sum(moved, axis=0))
        return kept + EDGE_DEVIATIONS * offsets @ moved

    def start(self, model: "GenerativeModel") -> tuple[float, float]:
        """Where on the map the sample itself is: its middle, or the place of its two coordinates."""
        if self.kind == AROUND:
            return 0.0, 0.0
        sample = noise_of_seed(model, self.seed).numpy()
        right, up = (float(np.clip(sample[i] / EDGE_DEVIATIONS, -1.0, 1.0)) for i in (self.first, self.second))
        return right, up

    def map(self, model: "GenerativeModel", n: int = 9) -> np.ndarray:
        """Images on an n × n grid of the plane, read like a page: [n², H, W, C] in [0, 1]."""
        line = np.linspace(-1.0, 1.0, n, dtype=np.float32)
        right, up = np.meshgrid(line, line[::-1])
        return images_of(model, self.normal(model, np.stack([right.ravel(), up.ravel()], axis=1))).numpy()


def most_visible(model: "GenerativeModel", seed: int) -> tuple[int, int]:
    """The two latent dimensions that change the picture of a seed most, by the mean square of two deviations' step.

    The first two where there are more than 256 of them.
    """
    sample = noise_of_seed(model, seed)
    size = int(sample.shape[0])
    if not 2 < size <= SEARCHED:
        return 0, min(1, size - 1)
    steps = tf.eye(size)
    change = images_of(model, sample + steps) - images_of(model, sample - steps)
    first, second = np.argsort(tf.reduce_mean(change**2, axis=(1, 2, 3)).numpy())[::-1][:2]
    return int(first), int(second)
