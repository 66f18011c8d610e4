"""The likelihood of examples: the part of the contract that users of a model with a density call."""

import math
from typing import Any

import numpy as np
import tensorflow as tf

from tfgen import random
from tfgen.errors import ConfigError, UndefinedError
from tfgen.models import bayes
from tfgen.models.inputs import check_count
from tfgen.models.likelihood import Likelihood
from tfgen.models.properties import Properties
from tfgen.models.traced import traced


class Density(Properties):
    """Log-probabilities, bits per dimension and Bayes' rule.

    A family with a likelihood implements `log_prob_given`, `log_prob_with`, `log_prob_of_pixels_with` and `estimator`.
    """

    # -- implemented by a family --------------------------------------------------------------------------------------

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

    # -- log-probabilities --------------------------------------------------------------------------------------------

    def log_prob_of_draw(self, examples, seed, index, label=None) -> tf.Tensor:
        """`log_prob_with` by the noise of draw `index` of a seed: [n, *event_shape] → float32 [n].

        Args:
            examples: [n, *event_shape].
            seed, index: integers or scalar integer tensors.
            label: labels int32 [n]; None for a model without labels.
        """
        return self._log_prob_of_draw(examples, tf.cast(seed, tf.int64), tf.cast(index, tf.int64), label)

    @traced
    def _log_prob_of_draw(self, examples, seed, index, label) -> tf.Tensor:
        with random.StepRng(seed, index) as rng:
            return self.log_prob_with(examples, rng, **self.given(label))

    @traced
    def _log_prob_of_pixels_of_draw(self, examples, seed, index, label) -> tuple[tf.Tensor, tf.Tensor]:
        with random.StepRng(seed, index) as rng:
            return self.log_prob_of_pixels_with(examples, rng, **self.given(label))

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
            draw = tf.cast(seed, tf.int64), tf.constant(index, tf.int64)
            terms = self._log_prob_of_pixels_of_draw(examples, *draw, label)
            totals = [total - np.asarray(term, np.float64) for total, term in zip(totals, terms, strict=True)]
        return totals[0] / (samples * math.log(2.0)), totals[1] / (samples * math.log(2.0))

    def likelihood(self, examples, samples: int = 1, seed: int = 0, label=None) -> Likelihood:
        """Measure the likelihood of images or points: `log_prob` with its estimator, levels and number of samples."""
        nats = np.asarray(self.log_prob(examples, samples=samples, seed=seed, label=label), np.float64)
        return Likelihood(nats, self.estimator(samples), samples, self.observed_levels, math.prod(self.event_shape))
