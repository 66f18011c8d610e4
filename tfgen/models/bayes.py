"""Bayes' rule of a class-conditional model: the classes of examples from the likelihoods p(x|y)."""

from typing import TYPE_CHECKING

import tensorflow as tf

from tfgen import random

if TYPE_CHECKING:
    from tfgen.models.density import Density


def joint_log_prob(model: "Density", examples, samples: int, seed) -> tf.Tensor:
    """Return log p(x, y) of each example and each class in nats: [n, *event_shape] → float32 [n, K].

    Args:
        model: a conditional model with a likelihood.
        examples: [n, *event_shape].
        samples: samples of the estimator for each example.
        seed: seed of the estimator's noise, which is the same for every class.
    """
    n = random.rows(examples)
    given = [model.log_prob_given(examples, samples, seed, tf.fill((n,), k)) for k in range(len(model.classes))]
    return tf.stack(given, axis=1) + model.log_class_frequencies()[None]


def class_log_posterior(model: "Density", examples, samples: int, seed) -> tf.Tensor:
    """Return log p(y|x) of each example and each class: [n, *event_shape] → float32 [n, K].

    The posterior is a mean over k draws of the estimator's noise ε, which dequantizes or binarizes the example and
    draws the latents:

        p(y|x) ≈ 1/k Σᵢ p(y|x, εᵢ),  p(y|x, ε) ∝ p(x, ε|y) p(y)

    Each p(x, ε|y) is the bound with one sample. The importance-weighted bound with k samples is not used: its sum is
    mostly its largest term, so that the classes would still come from the noise of one draw.

    Args:
        model: a conditional model with a likelihood.
        examples: [n, *event_shape].
        samples: k.
        seed: seed of the noise, which is the same for every class.
    """
    n, seed = random.rows(examples), tf.cast(seed, tf.int64)

    def given(index, k: int) -> tf.Tensor:
        return model.log_prob_of_draw(examples, seed, index, tf.fill((n,), k))

    def add_draw(index, total):
        joint = tf.stack([given(index, k) for k in range(len(model.classes))], axis=1)
        posterior = tf.nn.log_softmax(joint + model.log_class_frequencies()[None], axis=1)
        return index + 1, tf.reduce_logsumexp(tf.stack([total, posterior]), axis=0)

    nothing = tf.fill((n, len(model.classes)), -float("inf"))
    # A loop of the graph needs the memory of one draw, whatever k.
    count = tf.constant(samples, tf.int64)
    _, total = tf.while_loop(lambda index, _: index < count, add_draw, (tf.zeros_like(count), nothing))
    return total - tf.math.log(tf.cast(count, tf.float32))
