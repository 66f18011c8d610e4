"""Paths between latents and grids over them, as TensorFlow operators."""

import tensorflow as tf

from tfgen.errors import ConfigError


def lerp(a, b, steps: int) -> tf.Tensor:
    """The straight line from a to b.

        z(t) = (1 − t) a + t b

    In many dimensions a normal prior has its mass on a thin shell of radius √z, and the middle of a straight line is
    shorter than both ends by up to √2, where a decoder has seen nothing: see `slerp`.

    Args:
        a, b: latents [z] or [n, z].
        steps: points on each path, the two ends included, at least 2.

    Returns:
        float32 [n, steps, z], n = 1 for a single pair. The first is a and the last is b.

    Raises:
        ConfigError: if the shapes differ or `steps` < 2.
    """
    a, b, t = _path(a, b, steps)
    return (1.0 - t) * a + t * b


def slerp(a, b, steps: int) -> tf.Tensor:
    """The path from a to b whose direction follows the great circle and whose norm changes evenly.

        z(t) = ((1 − t) |a| + t |b|) [sin((1 − t) Ω) a / |a| + sin(t Ω) b / |b|] / sin Ω,      cos Ω = a·b / (|a| |b|)

    It stays where a normal prior has its mass. Where sin Ω vanishes the formula is 0 / 0 and the straight line takes
    its place: for parallel latents it is the limit; for opposite ones no great circle is the nearest, and for an end of
    norm 0 there is no direction.

    Args:
        a, b: latents [z] or [n, z].
        steps: points on each path, the two ends included, at least 2.

    Returns:
        float32 [n, steps, z], n = 1 for a single pair. The first is a and the last is b.

    Raises:
        ConfigError: if the shapes differ or `steps` < 2.

    Reference: White: Sampling generative networks. arXiv:1609.04468, 2016, section 2.1, which keeps to vectors of one
    norm; Shoemake: Animating rotation with quaternion curves. SIGGRAPH 1985.
    """
    return slerp_at(*_path(a, b, steps))


def slerp_at(a, b, t) -> tf.Tensor:
    """One point of the path of `slerp`: latents a and b [..., z] and times t [..., 1] in [0, 1] that broadcast."""
    norm_a, norm_b = tf.norm(a, axis=-1, keepdims=True), tf.norm(b, axis=-1, keepdims=True)
    unit_a, unit_b = tf.math.divide_no_nan(a, norm_a), tf.math.divide_no_nan(b, norm_b)
    # Kahan's formula: exact for small angles and near π, where the arc cosine loses half of the digits.
    angle = 2.0 * tf.atan2(
        tf.norm(unit_a - unit_b, axis=-1, keepdims=True), tf.norm(unit_a + unit_b, axis=-1, keepdims=True)
    )
    sine = tf.sin(angle)
    degenerate = (sine < 1e-4) | (norm_a == 0.0) | (norm_b == 0.0)
    sine = tf.where(degenerate, 1.0, sine)
    norm = (1.0 - t) * norm_a + t * norm_b
    arc = norm * (tf.sin((1.0 - t) * angle) * unit_a + tf.sin(t * angle) * unit_b) / sine
    return tf.where(degenerate, (1.0 - t) * a + t * b, arc)


def _path(a, b, steps) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Ends [n, 1, z] and times [steps, 1] that broadcast to [n, steps, z]."""
    a, b = tf.convert_to_tensor(a, tf.float32), tf.convert_to_tensor(b, tf.float32)
    if a.shape.rank not in (1, 2) or not a.shape.is_compatible_with(b.shape):
        raise ConfigError(f"Expected two latents of one shape, [z] or [n, z]. Received: {a.shape} and {b.shape}")
    if steps < 2:
        raise ConfigError(f"steps: expected at least 2, the two ends. Received: {steps}")
    if a.shape.rank == 1:
        a, b = a[None], b[None]
    return a[:, None], b[:, None], tf.linspace(0.0, 1.0, steps)[:, None]


def percentile_grid(n: int) -> tf.Tensor:
    """An n × n grid over a 2-D standard normal latent, its lines at evenly spaced percentiles.

        p = 0.5 / (n + 1) … (n + 0.5) / (n + 1),  n values;    z = Φ⁻¹(p)

    Args:
        n: points a side, at least 1 (1 is the origin).

    Returns:
        float32 [n², 2], in the order in which a page is read: the first coordinate grows from left to right, the second
        from the lowest row of pictures *up*, as on a plot's axes. The first point is the top left, (z₁, zₙ).

    Raises:
        ConfigError: if `n` < 1.

    Source: the manifold figure of the practical (University of Amsterdam, Deep Learning 2020, practical 3), n = 20.
    """
    if n < 1:
        raise ConfigError(f"n: expected at least 1. Received: {n}")
    ends = (0.5, 0.5) if n == 1 else (0.5 / (n + 1), (n + 0.5) / (n + 1))
    # The quantile function is evaluated in float64: in float32 the percentiles near 1 have lost the digits near 0's.
    line = tf.math.ndtri(tf.linspace(tf.constant(ends[0], tf.float64), tf.constant(ends[1], tf.float64), n))
    right, up = tf.meshgrid(line, line[::-1])
    return tf.cast(tf.reshape(tf.stack([right, up], axis=-1), (-1, 2)), tf.float32)


def around(centre, directions, offsets) -> tf.Tensor:
    """Points of the sphere through a latent: an azimuthal equidistant map of it.

        z(a) = r (cos|a| ĉ + sin|a| (a₁ û + a₂ v̂) / |a|),      r = |c|, û and v̂ orthonormal and orthogonal to c

    A normal prior in many dimensions has its mass near that sphere, so that every point of the map is as likely as its
    centre. |a| is the angle between the two.

    Args:
        centre: c, [z] with z ≥ 3, not 0.
        directions: two latents [2, z]; û and v̂ are made of them by Gram and Schmidt.
        offsets: a, [n, 2], in radians.

    Returns:
        float32 [n, z].

    Raises:
        ConfigError: if the centre and the directions do not span three dimensions.

    Source: the exponential map of the sphere, as in Snyder: Map projections. USGS, 1987, chapter 25.
    """
    centre, directions = tf.convert_to_tensor(centre, tf.float32), tf.convert_to_tensor(directions, tf.float32)
    offsets = tf.convert_to_tensor(offsets, tf.float32)
    basis, norms = tf.linalg.qr(tf.transpose(tf.concat([centre[None], directions], axis=0)))
    sizes = tf.abs(tf.linalg.diag_part(norms))
    # So that zeros alone and NaN do not pass.
    spans = float(tf.reduce_min(sizes)) > 1e-4 * float(tf.reduce_max(sizes))
    if centre.shape[0] < 3 or not spans:
        raise ConfigError(f"Expected a centre and two directions that span 3 of {centre.shape[0]} dimensions.")
    # The decomposition is unique but for signs; these make û and v̂ point where the directions do.
    basis = basis * tf.sign(tf.linalg.diag_part(norms))
    angle = tf.norm(offsets, axis=1, keepdims=True)
    along = tf.math.divide_no_nan(offsets, angle) @ tf.transpose(basis[:, 1:])
    return tf.norm(centre) * (tf.cos(angle) * basis[:, 0] + tf.sin(angle) * along)
