"""Penalties on the norm of the discriminator's gradient with respect to its input.

    R1        γ₁/2 |∇D(x)|²           at real examples x
    R2        γ₂/2 |∇D(G(z))|²        at fake examples G(z)
    wgan-gp   λ (|∇D(x̂)| − 1)²        at points x̂ between a fake and a real example

References: Mescheder et al.: Which training methods for GANs do actually converge?, ICML 2018 (R1 and R2). Gulrajani et
al.: Improved training of Wasserstein GANs, NeurIPS 2017 (wgan-gp).
"""

from collections.abc import Callable
from typing import Any

import tensorflow as tf


def with_gradient_norm(
    function: Callable[[tf.Tensor], tuple], points: tf.Tensor, needed: bool = True
) -> tuple[Any, tf.Tensor]:
    """Compute a discriminator's output and the squared norm of its gradient, |∇D(x)|², at each example.

    Args:
        function: x [n, …] → (logit [n], any further outputs). Each row of the output depends on its own example only.
        points: x.
        needed: whether the norm is needed. If not, its computation is saved and the norm is 0.

    Returns:
        The output of `function`, and the squared norms, float32 [n].
    """
    if not needed:
        outputs = function(points)
        return outputs, tf.zeros_like(outputs[0])
    with tf.GradientTape() as tape:
        tape.watch(points)
        outputs = function(points)
    # The rows are independent: row i of the gradient of the sum is the gradient of logit i.
    gradient = tape.gradient(outputs[0], points)
    return outputs, tf.reduce_sum(tf.square(gradient), axis=[*range(1, gradient.shape.rank)])


def interpolate(real, fake, position) -> tf.Tensor:
    """Points on the lines from fake to real examples, [n, …], at `position` [n] in [0, 1]: 0 is the fake example."""
    position = tf.reshape(position, (-1, *[1] * (real.shape.rank - 1)))
    return fake + position * (real - fake)


def lipschitz_penalty(squared_norm) -> tf.Tensor:
    """Compute (|∇D| − 1)² from |∇D|², [n] → [n]."""
    # The small constant keeps the derivative of the square root finite at 0.
    return tf.square(tf.sqrt(squared_norm + 1e-12) - 1.0)
