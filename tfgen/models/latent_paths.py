"""Paths between latents and grids of latents, as TensorFlow operators."""

import numpy as np
import tensorflow as tf

from tfgen.errors import ConfigError


def lerp(a, b, steps: int) -> tf.Tensor:
    """Linear interpolation from a to b.

        z(t) = (1 − t) a + t b

    In many dimensions, a normal prior has its mass near a sphere. The middle of a straight line between two latents is
    shorter than both by a factor of up to √2, where a decoder was not trained. `slerp` avoids this.

    Args:
        a, b: latents [z] or [n, z].
        steps: number of points of each path including both ends, at least 2.

    Returns:
        float32 [n, steps, z], with n = 1 for latents [z]. The first point is a and the last one is b.

    Raises:
        ConfigError: if the shapes differ or `steps` < 2.
    """
    a, b, t = _ends_and_times(a, b, steps)
    return (1.0 - t) * a + t * b


def slerp(a, b, steps: int) -> tf.Tensor:
    """Spherical interpolation from a to b: the direction follows the great circle, the norm changes linearly.

        z(t) = ((1 − t) |a| + t |b|) [sin((1 − t) Ω) a / |a| + sin(t Ω) b / |b|] / sin Ω,      cos Ω = a·b / (|a| |b|)

    The path stays where a normal prior has its mass. If sin Ω is 0 or if a or b is 0, the formula is 0 / 0 and the
    result is the straight line of `lerp`. For parallel latents the straight line is the limit of the formula. For
    opposite latents the great circle is not unique, and a latent of norm 0 has no direction.

    Args:
        a, b: latents [z] or [n, z].
        steps: number of points of each path including both ends, at least 2.

    Returns:
        float32 [n, steps, z], with n = 1 for latents [z]. The first point is a and the last one is b.

    Raises:
        ConfigError: if the shapes differ or `steps` < 2.

    Reference: White: Sampling generative networks. arXiv:1609.04468, 2016, section 2.1, for vectors of equal norm;
    Shoemake: Animating rotation with quaternion curves. SIGGRAPH 1985.
    """
    return slerp_at(*_ends_and_times(a, b, steps))


def slerp_at(a, b, t) -> tf.Tensor:
    """Points of the path of `slerp` at times t in [0, 1]: latents a, b [..., z] and t [..., 1], broadcast together."""
    norm_a, norm_b = tf.norm(a, axis=-1, keepdims=True), tf.norm(b, axis=-1, keepdims=True)
    unit_a, unit_b = tf.math.divide_no_nan(a, norm_a), tf.math.divide_no_nan(b, norm_b)
    # Kahan's formula is accurate for small angles and near π, where the arc cosine loses half of its digits.
    angle = 2.0 * tf.atan2(
        tf.norm(unit_a - unit_b, axis=-1, keepdims=True), tf.norm(unit_a + unit_b, axis=-1, keepdims=True)
    )
    sine = tf.sin(angle)
    degenerate = (sine < 1e-4) | (norm_a == 0.0) | (norm_b == 0.0)
    sine = tf.where(degenerate, 1.0, sine)
    norm = (1.0 - t) * norm_a + t * norm_b
    arc = norm * (tf.sin((1.0 - t) * angle) * unit_a + tf.sin(t * angle) * unit_b) / sine
    return tf.where(degenerate, (1.0 - t) * a + t * b, arc)


def weighted_sum(latents, weights) -> tf.Tensor:
    """Weighted sum of latents, divided by the norm of the weights.

        z = Σᵢ wᵢ zᵢ / √(Σᵢ wᵢ²)

    If the zᵢ are independent samples of N(0, σ² I), the sum has the distribution of each of them. The weighted mean
    Σᵢ wᵢ zᵢ / Σᵢ wᵢ would have a smaller norm, for which a decoder was not trained.

    Args:
        latents: the zᵢ, [n, z].
        weights: the wᵢ, n numbers from 0, of which at least one is above 0.

    Returns:
        float32 [z]. If only wᵢ is above 0, the result is exactly zᵢ.

    Raises:
        ConfigError: if the weights are not n such numbers.
    """
    latents = tf.convert_to_tensor(latents, tf.float32)
    weights = np.asarray(weights, np.float64)
    if weights.shape != latents.shape[:1] or not (np.isfinite(weights).all() and weights.min() >= 0 < weights.max()):
        raise ConfigError(f"Expected {len(latents)} weights from 0, at least one above 0. Received: {weights.tolist()}")
    # The square of a very small weight would be 0.
    weights = weights / weights.max()
    return tf.linalg.matvec(latents, tf.constant(weights / np.linalg.norm(weights), tf.float32), transpose_a=True)


def percentile_grid(n: int) -> tf.Tensor:
    """An n × n grid of 2-D latents whose rows and columns are at equidistant percentiles of the normal distribution.

        p = 0.5 / (n + 1) … (n + 0.5) / (n + 1),  n values;    z = Φ⁻¹(p)

    Args:
        n: points on each side, at least 1. For 1, the point is the origin.

    Returns:
        float32 [n², 2], row by row from the top left. As on the axes of a plot, the first coordinate increases from
        left to right, and the second one from the bottom row to the top row. The first point is (z₁, zₙ).

    Raises:
        ConfigError: if `n` < 1.

    Source: the manifold figure of the tutorial (University of Amsterdam, Deep Learning course 2020, assignment 3),
    with n = 20.
    """
    if n < 1:
        raise ConfigError(f"n: expected at least 1. Received: {n}")
    ends = (0.5, 0.5) if n == 1 else (0.5 / (n + 1), (n + 0.5) / (n + 1))
    # In float32, percentiles near 1 have fewer digits than those near 0, and the grid would not be symmetric.
    line = tf.math.ndtri(tf.linspace(tf.constant(ends[0], tf.float64), tf.constant(ends[1], tf.float64), n))
    right, up = tf.meshgrid(line, line[::-1])
    return tf.cast(tf.reshape(tf.stack([right, up], axis=-1), (-1, 2)), tf.float32)


def azimuthal_map(centre, directions, offsets) -> tf.Tensor:
    """Map plane coordinates to the sphere through a latent (azimuthal equidistant projection).

        z(a) = r (cos|a| ĉ + sin|a| (a₁ û + a₂ v̂) / |a|),      r = |c|, û and v̂ orthonormal and orthogonal to c

    |a| is the angle between c and z(a). A normal prior in many dimensions has its mass near this sphere, so that every
    point of the map is as probable as its centre.

    Args:
        centre: c, [z] with z ≥ 3, not 0.
        directions: two latents [2, z], made orthonormal to û and v̂ by the Gram–Schmidt process.
        offsets: plane coordinates a in radians, [n, 2].

    Returns:
        float32 [n, z].

    Raises:
        ConfigError: if the centre and the directions do not span three dimensions.

    Source: the exponential map of the sphere, as in Snyder: Map projections. USGS, 1987, chapter 25.
    """
    centre, directions = tf.convert_to_tensor(centre, tf.float32), tf.convert_to_tensor(directions, tf.float32)
    offsets = tf.convert_to_tensor(offsets, tf.float32)
    error = ConfigError(f"Expected a centre and two directions that span 3 of {centre.shape[0]} dimensions.")
    if centre.shape[0] < 3:
        raise error
    points, sizes = _azimuthal(centre, directions, offsets)
    # This comparison is also false if all sizes are 0 or one is NaN.
    if not float(tf.reduce_min(sizes)) > 1e-4 * float(tf.reduce_max(sizes)):
        raise error
    return points


# In eager code, Python would start the operations one by one, which takes several times as long.
@tf.function(
    autograph=False, input_signature=[tf.TensorSpec(shape, tf.float32) for shape in ([None], [2, None], [None, 2])]
)
def _azimuthal(centre, directions, offsets) -> tuple[tf.Tensor, tf.Tensor]:
    """Points of the map, [n, z], and three lengths: of the centre, and of the new part of each direction.

    The new part of a direction is orthogonal to the centre and to the direction before.
    """
    basis, norms = tf.linalg.qr(tf.transpose(tf.concat([centre[None], directions], axis=0)))
    diagonal = tf.linalg.diag_part(norms)
    # The QR decomposition is unique up to signs. These signs let û and v̂ point along the given directions.
    basis = basis * tf.sign(diagonal)
    angle = tf.norm(offsets, axis=1, keepdims=True)
    tangent = tf.math.divide_no_nan(offsets, angle) @ tf.transpose(basis[:, 1:])
    return tf.norm(centre) * (tf.cos(angle) * basis[:, 0] + tf.sin(angle) * tangent), tf.abs(diagonal)


def _ends_and_times(a, b, steps) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Both ends [n, 1, z] and the times [steps, 1] in [0, 1], which broadcast to [n, steps, z]."""
    a, b = tf.convert_to_tensor(a, tf.float32), tf.convert_to_tensor(b, tf.float32)
    if a.shape.rank not in (1, 2) or not a.shape.is_compatible_with(b.shape):
        raise ConfigError(f"Expected two latents of one shape, [z] or [n, z]. Received: {a.shape} and {b.shape}")
    if steps < 2:
        raise ConfigError(f"steps: expected at least 2, the two ends. Received: {steps}")
    if a.shape.rank == 1:
        a, b = a[None], b[None]
    return a[:, None], b[:, None], tf.linspace(0.0, 1.0, steps)[:, None]
