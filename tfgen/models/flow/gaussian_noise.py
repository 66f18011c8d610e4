"""Gaussian noise in place of dequantization, and its removal from samples."""

import math
from collections.abc import Callable

import tensorflow as tf


def add_gaussian_noise(whole, normal, levels: int, deviation: float) -> tuple[tf.Tensor, tf.Tensor]:
    """(y, log r(y, x)) of integer levels x [n, H, W, C] and standard normal noise ε: [n, H, W, C], [n].

        y = m(x) + σ ε,     m(x) = (x + ½) / levels,     r(y, x) = Σ_l N(y; m(l), σ²) / levels

    The sum is over all levels l of a pixel; r is the product over the pixels. The probability of the levels is bounded
    with the posterior of the levels under a uniform prior, P(x|y) = N(y; m(x), σ²) / Σ_l N(y; m(l), σ²):

        log P(x) ≥ E_y[log p(y) + log P(x|y) − log N(y; m(x), σ²)] = E_y[log p(y) − log r(y, x)] − D log levels

    Args:
        whole: x, float32.
        normal: ε.
        levels: number of intensity levels.
        deviation: σ, as a fraction of the distance from black to white.
    """
    y = (whole + 0.5) / levels + deviation * normal

    def add_level(total, level):
        return total + tf.exp(-0.5 * tf.square((y - (level + 0.5) / levels) / deviation))

    # y does not depend on the weights, and no gradient is needed.
    total = tf.stop_gradient(tf.foldl(add_level, tf.range(levels, dtype=tf.float32), tf.zeros_like(y)))
    log_density = tf.math.log(total) - math.log(levels * deviation * math.sqrt(2.0 * math.pi))
    return y, tf.reduce_sum(log_density, axis=(1, 2, 3))


def remove_gaussian_noise(y, log_density: Callable, deviation: float) -> tf.Tensor:
    """The expectation of the image without noise given y, y + σ² ∇ log p(y): [n, H, W, C] → the same shape.

    Args:
        y: images with noise of standard deviation σ.
        log_density: log p, [n, H, W, C] → [n].
        deviation: σ.

    References: Robbins: An empirical Bayes approach to statistics, 1956 (Tweedie's formula); Zhai et al.: Normalizing
    flows are capable generative models. ICML 2025, arXiv 2412.06329, section 2.5.
    """
    with tf.GradientTape() as tape:
        tape.watch(y)
        total = tf.reduce_sum(log_density(y))
    return y + deviation**2 * tape.gradient(total, y)
