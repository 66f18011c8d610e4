"""The methods that every generative model has, whatever its family."""

import math
from collections.abc import Callable

import tensorflow as tf

from tfgen import random
from tfgen.models.density import Density
from tfgen.models.inputs import check_count, check_seed, check_temperature
from tfgen.models.parts import in_parts
from tfgen.models.traced import traced


class Interface(Density):
    """Sampling, decoding and encoding, and the likelihood of `Density`: the methods that users of a model call.

    A family implements `latent_shape`, `decode` and `losses_of`, and, if it has them, `encode` and `log_prob_given`. It
    lists the methods that it cannot have in `undefined`. The prior and sampling are implemented here for all families.

    Every method of a conditional model takes labels, in the forms that `Labels.labels_of` describes.
    """

    # -- implemented by a family --------------------------------------------------------------------------------------

    def decode(self, latent, label=None) -> tf.Tensor:
        """Decode latents: [n, *latent_shape] → images [n, H, W, C] in [0, 1], or points [n, D]."""
        raise NotImplementedError

    def losses_of(self, examples, rng: random.StepRng, training: bool = False, label=None) -> dict[str, tf.Tensor]:
        """Losses and metrics of each example, named as in `loss_names`: [n, *event_shape] → float32 [n] each."""
        raise NotImplementedError

    def encode(self, examples, label=None) -> tf.Tensor:
        """Encode examples: [n, *event_shape] → latents [n, *latent_shape]."""
        raise self._undefined_error("encode")

    def diagnostics(self, examples, label=None) -> dict[str, float]:
        """Further metrics of the training progress, cheap enough for every epoch. Empty by default.

        Args:
            examples: [n, *event_shape]. A model may use only the first rows.
            label: labels of the examples; None for a model without labels.
        """
        return {}

    def initialize_from(self, examples, label=None) -> None:
        """Set the data-dependent initial weights (ActNorm) from a first batch. Does nothing by default."""

    def reconstruct(self, examples, label=None) -> tf.Tensor:
        """Encode and decode examples: [n, *event_shape] → images [n, H, W, C] in [0, 1], or points [n, D].

        Args:
            examples: the examples.
            label: labels, as for `sample`; None for a model without labels.

        Raises:
            UndefinedError: if the family has no encoder.
        """
        return self.decode(self.encode(examples, label), label)

    # -- prior and sampling -------------------------------------------------------------------------------------------

    def latents_from(self, normal, label=None) -> tf.Tensor:
        """Transform standard normal numbers to latents of the prior: [n, *latent_shape] → the same shape.

        The identity if the prior is N(0, I). Interpolation and grids are computed in the space of the normal numbers
        and then transformed by this function, which makes them correct for every prior.
        """
        return normal

    def normal_from(self, latent, label=None) -> tf.Tensor:
        """Transform latents to standard normal numbers: the inverse of `latents_from`, shapes unchanged."""
        return latent

    def normal_noise(self, seeds, temperature=1.0) -> tf.Tensor:
        """Normal noise of each seed, multiplied by the temperature: int32 [n] → float32 [n, *latent_shape]."""
        return self._noise(seeds, tf.reshape(tf.cast(temperature, tf.float32), (-1,)))

    @traced
    def _noise(self, seeds, temperature) -> tf.Tensor:
        noise = random.normal(seeds, math.prod(self.latent_shape)) * temperature[:, None]
        return tf.reshape(noise, (-1, *self.latent_shape))

    def prior_latents(self, seeds, temperature=1.0, label=None) -> tf.Tensor:
        """Sample latents of the prior. Each latent is a function of its own seed, and of its label if there are labels.

        Args:
            seeds: int32 [n].
            temperature: scalar or [n], factor on the standard deviation of the normal noise.
            label: labels; None for a model without labels.

        Returns:
            float32 [n, *latent_shape].
        """
        return self.latents_from(self.normal_noise(seeds, temperature), **self.given(label))

    def sample(self, n: int = 1, seed: int = 0, temperature: float = 1.0, label=None) -> tf.Tensor:
        """Sample `n` examples. Example i is a function of the seed `seed + i`, of its label, and of nothing else.

        Args:
            n: number of examples, at least 1.
            seed: seed of the first example.
            temperature: factor on the standard deviation of the latent noise, 0 or more.
            label: the class of the examples, by index or name; a list with one for each example; or "each", the
                classes in turn. With None, a conditional model draws the class of example i from the class frequencies,
                by the seed `seed + i`.

        Returns:
            Images, float32 [n, H, W, C] in [0, 1], or points, float32 [n, D].

        Raises:
            ConfigError: if `n` < 1, the temperature is negative or not finite, or a label is unknown.
        """
        return self._sample_by(self._sample_rows, n, seed, temperature, label)

    def _sample_by(self, sample_rows: Callable, n: int, seed: int, temperature: float, label) -> tf.Tensor:
        """`sample` by a function of the seeds, the temperature and the labels of some examples."""
        n, temperature = check_count(n), check_temperature(temperature)
        seeds = random.seeds_from(check_seed(seed), n)
        labels = self.labels_from_seeds(seeds) if label is None else self.labels_of(label, n)
        scale = tf.constant(temperature, tf.float32)
        return in_parts(lambda some, label: sample_rows(some, scale, label), seeds, labels)

    def _sample_rows(self, seeds, temperature, label: tf.Tensor | None) -> tf.Tensor:
        """Samples of seeds int32 [n] and labels int32 [n], or None."""
        return self.decode(self.prior_latents(seeds, temperature, label), **self.given(label))
