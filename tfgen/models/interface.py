"""The methods that every generative model has, whatever its family."""

import math
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf

from tfgen import random
from tfgen.errors import ConfigError, UndefinedError
from tfgen.models import bayes
from tfgen.models.inputs import check_count, check_examples, check_latents, check_seed, check_temperature
from tfgen.models.labels import Labels
from tfgen.models.likelihood import Likelihood
from tfgen.models.parts import in_parts
from tfgen.models.traced import traced


class Interface(Labels):
    """Sampling, decoding, encoding and likelihood: the part of the contract that users of a model call.

    A family implements `latent_shape`, `decode` and `losses_of`, and, if it has them, `encode` and `log_prob_given`. It
    lists the methods that it cannot have in `undefined`. The prior and sampling are implemented here for all families.

    Every method of a conditional model takes labels, in the forms that `Labels.labels_of` describes.
    """

    #: Name of a method that the family cannot have → the reason, which the error message states.
    undefined: ClassVar[dict[str, str]] = {}
    #: The reason why the model multiplies rounding errors, such as those of 8-bit arithmetic, or None if it does not.
    amplifies_rounding: str | None = None

    event_shape: tuple
    levels: Any
    config: Any

    # -- implemented by a family --------------------------------------------------------------------------------------

    @property
    def latent_shape(self) -> tuple[int, ...]:
        """Shape of one latent."""
        raise NotImplementedError

    def decode(self, latent, label=None) -> tf.Tensor:
        """Decode latents: [n, *latent_shape] → images [n, H, W, C] in [0, 1], or points [n, D]."""
        raise NotImplementedError

    def losses_of(self, examples, rng: random.StepRng, training: bool = False, label=None) -> dict[str, tf.Tensor]:
        """Losses and metrics of each example, named as in `loss_names`: [n, *event_shape] → float32 [n] each."""
        raise NotImplementedError

    def encode(self, examples, label=None) -> tf.Tensor:
        """Encode examples: [n, *event_shape] → latents [n, *latent_shape]."""
        raise self._undefined_error("encode")

    def log_prob_given(self, examples, samples: int, seed: int, label: tf.Tensor | None) -> tf.Tensor:
        """`log_prob` given labels int32 [n], or None for a model without labels."""
        raise self._undefined_error("log_prob")

    def log_prob_with(self, examples, rng: random.StepRng, label=None) -> tf.Tensor:
        """`log_prob` with one sample whose noise comes from `rng`: [n, *event_shape] → float32 [n], nats.

        Call it inside the `with` block of `rng`.
        """
        raise self._undefined_error("log_prob")

    def log_prob_of_pixels_with(self, examples, rng: random.StepRng, label=None) -> tuple[tf.Tensor, tf.Tensor]:
        """`log_prob_with` as terms of the pixels, float32 [n, H, W], and a rest that belongs to no pixel, [n]: nats.

        Terms and rest of an image add up to `log_prob_with`. Call it inside the `with` block of `rng`.
        """
        raise self._undefined_error("log_prob")

    def estimator(self, samples: int) -> str:
        """Name of the estimator that `log_prob` uses with this number of samples."""
        raise self._undefined_error("log_prob")

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

    def checked(self, examples) -> Any:
        """Examples as an array or tensor. Raises `ConfigError` if their shape, type or range is wrong."""
        return check_examples(examples, self.event_shape, self.levels)

    def checked_latents(self, latents) -> Any:
        """Latents as an array or tensor. Raises `ConfigError` if their shape or type is wrong."""
        return check_latents(latents, self.latent_shape)

    # -- properties of the model --------------------------------------------------------------------------------------

    @property
    def is_image(self) -> bool:
        """Whether the examples are images, as opposed to points."""
        return len(self.event_shape) == 3

    @property
    def is_fully_connected(self) -> bool:
        """Whether the networks have no convolution."""
        return not self.is_image or getattr(self.config, "arch", "conv") == "mlp"

    @property
    def batch_multiple(self) -> int:
        """Number by which the batch size of each replica has to be divisible."""
        return 1

    @property
    def observed_levels(self) -> int | None:
        """Intensity levels of the pixels that the likelihood is a probability of, for example 2 after binarization."""
        return self.levels

    def can(self, method: str) -> bool:
        """Whether the model has a method, for example "encode" or "log_prob"."""
        return hasattr(self, method) and method not in self.undefined

    def _undefined_error(self, method: str) -> UndefinedError:
        reason = self.undefined.get(method, "this family has no such method")
        return UndefinedError(f"{type(self).__name__} does not define {method!r}: {reason}")

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
        return in_parts(lambda some, label: sample_rows(some, temperature, label), seeds, labels)

    def _sample_rows(self, seeds, temperature, label: tf.Tensor | None) -> tf.Tensor:
        return self.decode(self.prior_latents(seeds, temperature, label), **self.given(label))

    # -- likelihood ---------------------------------------------------------------------------------------------------

    def log_prob(self, examples, samples: int = 1, seed: int = 0, label=None) -> tf.Tensor:
        """Log-probability of each example in nats: [n, *event_shape] → float32 [n].

        With a label y, a conditional model returns log p(x|y). Without one, it returns the marginal probability

            log p(x) = log Σ_y p(y) p(x|y)

        Args:
            examples: [n, *event_shape].
            samples: samples of the estimator for each example.
            seed: seed of the estimator's noise.
            label: labels, as for `sample`. None for the marginal probability, or for a model without labels.

        Raises:
            ConfigError: if a label is unknown, or the model has no labels.
            UndefinedError: if the family has no likelihood.
        """
        examples = self.checked(examples)
        if label is None and self.is_conditional:
            return tf.reduce_logsumexp(bayes.joint_log_prob(self, examples, samples, seed), axis=1)
        return self.log_prob_given(examples, samples, seed, self.labels_of(label, random.rows(examples)))

    def class_log_posterior(self, examples, samples: int = 1, seed: int = 0) -> tf.Tensor:
        """Log-probability of each class given each example, by Bayes' rule: [n, *event_shape] → float32 [n, K].

            p(y|x) = p(x|y) p(y) / Σ_y' p(x|y') p(y')

        Args:
            examples: see `log_prob`.
            samples: draws of the estimator's noise, over which p(y|x) is averaged (`tfgen.models.bayes`).
            seed: seed of the noise, which is the same for every class.

        Raises:
            ConfigError: if the model is not conditional.
            UndefinedError: if the family has no likelihood.
        """
        if not self.is_conditional:
            raise ConfigError("Expected a conditional model. Received: a model without classes")
        return bayes.class_log_posterior(self, self.checked(examples), samples, seed)

    def bits_per_dim(self, examples, samples: int = 1, seed: int = 0, label=None) -> Likelihood:
        """Measure the likelihood of images: [n, H, W, C] → `Likelihood`, whose `bits_per_dim` is an array [n].

        Args:
            examples: images [n, H, W, C].
            samples: samples of the estimator for each image.
            seed: seed of the estimator's noise.
            label: see `log_prob`.

        Raises:
            UndefinedError: for points, or if the family has no likelihood.
        """
        if not self.is_image:
            raise UndefinedError("Points have a density in nats, not bits per dimension: use log_prob.")
        return self.likelihood(examples, samples, seed, label)

    def bits_of_pixels(self, examples, samples: int = 1, seed: int = 0, label=None) -> tuple[np.ndarray, np.ndarray]:
        """Divide the bits of images among their pixels: which pixels surprise the model.

            −log₂ p(x) ≤ Σ_p bits(p) + rest

        The right side is the mean of the bound with one sample. In a VAE, the bits of a pixel are −log₂ p(x_p|z), and
        the rest is KL / log 2. A pixel of a flow has the bits of its latents minus log₂ of their slopes; the rest is 0.

        Args:
            examples: images [n, H, W, C].
            samples, seed: number of samples over which the bits are averaged, and seed of the noise.
            label: labels of a conditional model, as for `sample`.

        Returns:
            float64 [n, H, W] and the rest, float64 [n].

        Raises:
            UndefinedError: for points, or if the family has no likelihood.
            ConfigError: if a conditional model gets no labels.
        """
        if not self.is_image:
            raise UndefinedError("Points have no pixels: use log_prob.")
        if label is None and self.is_conditional:
            raise ConfigError("label: expected the classes of the images. Received: None")
        examples = self.checked(examples)
        label = self.labels_of(label, random.rows(examples))
        totals: list[Any] = [0.0, 0.0]
        for index in range(check_count(samples)):
            with random.StepRng(seed, index) as rng:
                terms = self.log_prob_of_pixels_with(examples, rng, label)
            totals = [total - np.asarray(term, np.float64) for total, term in zip(totals, terms, strict=True)]
        return totals[0] / (samples * math.log(2.0)), totals[1] / (samples * math.log(2.0))

    def likelihood(self, examples, samples: int = 1, seed: int = 0, label=None) -> Likelihood:
        """Measure the likelihood of images or points: `log_prob` with its estimator, levels and number of samples."""
        nats = np.asarray(self.log_prob(examples, samples=samples, seed=seed, label=label), np.float64)
        return Likelihood(nats, self.estimator(samples), samples, self.observed_levels, math.prod(self.event_shape))
