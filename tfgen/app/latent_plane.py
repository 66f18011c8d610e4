"""Two-dimensional maps of latent space: planes around a sample, or along two latent dimensions."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tfgen.app.latent_paths import images_of, noise_of_seed, noise_of_seeds
from tfgen.errors import ConfigError

if TYPE_CHECKING:
    import tensorflow as tf

    from tfgen.models.contract import GenerativeModel

#: Kinds of maps, by the name that the page shows.
AROUND, ALONG = "around a sample", "along two dimensions"
#: Distance from the middle of a map to its edge: an angle in radians for `AROUND`, standard deviations for `ALONG`.
EDGE_ANGLE, EDGE_DEVIATIONS = math.pi / 2, 3.0
#: Largest number of latent dimensions that `most_visible_dimensions` compares.
MAX_COMPARED = 256


@dataclass(frozen=True)
class LatentPlane:
    """A plane through the normal noise behind a model's latents.

    Attributes:
        kind: `AROUND` or `ALONG`. `AROUND`: all points have the norm of the sample's noise and lie in the directions of
            two other samples (see `tfgen.models.latent_paths.around`). `ALONG`: the sample's noise with two coordinates
            replaced.
        seed: seed of the sample.
        first: horizontal direction: the seed of another sample for `AROUND`, a latent dimension for `ALONG`.
        second: vertical direction, likewise.
    """

    kind: str
    seed: int
    first: int
    second: int

    def noise_at(self, model: "GenerativeModel", offsets) -> "tf.Tensor":
        """Return the normal noise at points of the map.

        Args:
            model: a model of images.
            offsets: points [n, 2] in [−1, 1], horizontal and vertical position. −1 and 1 are the edges of the map.

        Returns:
            Noise [n, D].

        Raises:
            ConfigError: if the kind of map is unknown, the model has no such dimensions, or the three samples do not
                span a plane.
        """
        import tensorflow as tf

        from tfgen.models.latent_paths import azimuthal_map

        offsets = tf.convert_to_tensor(offsets, tf.float32)
        size = math.prod(model.latent_shape)
        if self.kind == AROUND:
            self._check_seeds(size)
            noise = noise_of_seeds(model, (self.seed, self.first, self.second))
            return azimuthal_map(noise[0], noise[1:], EDGE_ANGLE * offsets)
        if self.kind != ALONG:
            raise ConfigError(f"Expected a map {AROUND} or {ALONG}. Received: {self.kind!r}")
        self._check_dimensions(size)
        sample = noise_of_seed(model, self.seed)
        axes = tf.one_hot([self.first, self.second], size)
        others = sample * (1.0 - tf.reduce_sum(axes, axis=0))
        return others + EDGE_DEVIATIONS * offsets @ axes

    def _check_seeds(self, size: int) -> None:
        if size < 3:
            raise ConfigError(f"Expected a latent space of 3 dimensions or more for a map {AROUND}. Received: {size}")
        if len({self.seed, self.first, self.second}) < 3:
            raise ConfigError(
                "Expected three different seeds, of a sample and two directions. "
                f"Received: {self.seed}, {self.first} and {self.second}"
            )

    def _check_dimensions(self, size: int) -> None:
        for dimension in (self.first, self.second):
            if not 0 <= dimension < size:
                raise ConfigError(f"Expected a latent dimension from 0 to {size - 1}. Received: {dimension}")
        if self.first == self.second:
            raise ConfigError(f"Expected two different latent dimensions. Received: {self.first} twice")

    def point_of_sample(self, model: "GenerativeModel") -> tuple[float, float]:
        """Return the point of the map that shows the sample itself, as (horizontal, vertical) in [−1, 1]."""
        if self.kind == AROUND:
            return 0.0, 0.0
        sample = noise_of_seed(model, self.seed).numpy()
        right, up = (float(np.clip(sample[i] / EDGE_DEVIATIONS, -1.0, 1.0)) for i in (self.first, self.second))
        return right, up

    def images(self, model: "GenerativeModel", n: int = 9, label: int | None = None) -> np.ndarray:
        """Return the images on an n × n grid of the map, row by row from the upper left: [n², H, W, C] in [0, 1].

        All images of a conditional model have the class `label`.
        """
        line = np.linspace(-1.0, 1.0, n, dtype=np.float32)
        right, up = np.meshgrid(line, line[::-1])
        return images_of(model, self.noise_at(model, np.stack([right.ravel(), up.ravel()], axis=1)), label).numpy()


def has_large_latent(model: "GenerativeModel") -> bool:
    """Return whether the latent space of a model of images has more than `MAX_COMPARED` dimensions."""
    return math.prod(model.latent_shape) > MAX_COMPARED


def kinds_of_maps(model: "GenerativeModel") -> tuple[str, ...]:
    """Return the kinds of maps that show something of a model of images, the usual one first.

    One or two latent dimensions have no map `AROUND` a sample. Where the latent space is as large as the image, as
    in a flow, one dimension changes nothing that can be seen: a map `ALONG` two of them shows one picture many times.
    """
    if math.prod(model.latent_shape) < 3:
        return (ALONG,)
    return (AROUND,) if has_large_latent(model) else (AROUND, ALONG)


def most_visible_dimensions(model: "GenerativeModel", seed: int, label: int | None = None) -> tuple[int, int]:
    """Return the two latent dimensions that change the picture of a seed, and of a class, most.

    The change of a dimension is the mean squared difference between the pictures at one standard deviation above and
    below the sample. Of more than `MAX_COMPARED` dimensions the first two are returned.
    """
    import tensorflow as tf

    sample = noise_of_seed(model, seed)
    size = int(sample.shape[0])
    if not 2 < size <= MAX_COMPARED:
        return 0, min(1, size - 1)
    steps = tf.eye(size)
    change = images_of(model, sample + steps, label) - images_of(model, sample - steps, label)
    first, second = np.argsort(tf.reduce_mean(change**2, axis=(1, 2, 3)).numpy())[::-1][:2]
    return int(first), int(second)
