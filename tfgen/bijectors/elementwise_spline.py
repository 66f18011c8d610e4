"""A rational-quadratic spline for each value, given by the unconstrained outputs of a network.

The bijectors of this package call z = spline(x) the inverse direction, from data to latent, and x = spline⁻¹(z) the
forward direction, from latent to data. The direction of training then needs no root of a quadratic equation.
"""

import math

import tensorflow as tf

from tfgen.bijectors.rational_quadratic_spline import RationalQuadraticSpline

# Smallest width of a bin, as a fraction of the interval, and smallest mean slope of a bin. Generation multiplies a
# rounding error by 1 / slope in every coupling. The cost in likelihood is small: the rest of the interval takes up
# the height, and latents are rare at its ends.
SMALLEST_WIDTH, SMALLEST_SLOPE = 1e-3, 0.05
# Bounds of the slope at a knot, relative to the harmonic mean of the mean slopes of both bins. With at most three times
# the smaller mean slope, the slope within that bin stays above about half of the bin's mean slope. Without a bound the
# slope could come arbitrarily close to 0.
SMALLEST_RATIO, LARGEST_RATIO = 1 / 3, 3 / 2


def spline_parameters(bins: int) -> int:
    """Number of parameters of one spline: K widths, K heights and K − 1 slopes."""
    return 3 * bins - 1


def constrained_spline(parameters, bins: int, bound: float) -> RationalQuadraticSpline:
    """The spline of unconstrained parameters, [..., 3 K − 1]. Parameters of 0 make the identity.

        widths    w = 2 B (ε + (1 − K ε) softmax(raw)),                     ε = SMALLEST_WIDTH
        heights   h = m w + (1 − m) 2 B softmax(raw),                       m = SMALLEST_SLOPE
        ratios    ρ = 1/3 + (3/2 − 1/3) σ(raw + c),                         c such that ρ = 1 at raw = 0

    Args:
        parameters: unconstrained widths, heights and slopes.
        bins: K.
        bound: B. The spline maps [−B, B] to itself and is the identity outside.
    """
    widths, heights, slopes = tf.split(parameters, (bins, bins, bins - 1), axis=-1)
    widths = 2.0 * bound * (SMALLEST_WIDTH + (1.0 - bins * SMALLEST_WIDTH) * tf.nn.softmax(widths))
    heights = SMALLEST_SLOPE * widths + (1.0 - SMALLEST_SLOPE) * 2.0 * bound * tf.nn.softmax(heights)
    at_zero = (1.0 - SMALLEST_RATIO) / (LARGEST_RATIO - SMALLEST_RATIO)
    offset = math.log(at_zero / (1.0 - at_zero))
    ratios = SMALLEST_RATIO + (LARGEST_RATIO - SMALLEST_RATIO) * tf.sigmoid(slopes + offset)
    return RationalQuadraticSpline(widths, heights, ratios, range_min=-bound)


def forward_and_log_det(z, parameters, bins: int, bound: float) -> tuple[tf.Tensor, tf.Tensor]:
    """(x, log dx/dz) of x = spline⁻¹(z), elementwise.

    Args:
        z: latents, [..., C].
        parameters: unconstrained parameters of one spline per value, [..., C (3 K − 1)].
        bins, bound: K and B of `constrained_spline`.

    Returns:
        two tensors [..., C].
    """
    splines, flat = _one_per_value(parameters, bins, bound), tf.reshape(z, (-1,))
    x, log_slope = splines.inverse(flat), splines.inverse_log_det_jacobian(flat, event_ndims=0)
    return tf.reshape(x, tf.shape(z)), tf.reshape(log_slope, tf.shape(z))


def inverse_and_log_det(x, parameters, bins: int, bound: float) -> tuple[tf.Tensor, tf.Tensor]:
    """(z, log dz/dx) of z = spline(x), elementwise. Arguments as in `forward_and_log_det`."""
    splines, flat = _one_per_value(parameters, bins, bound), tf.reshape(x, (-1,))
    # By TFP's two methods, which compute both in one pass like `splines.forward_and_log_det`. The operations that TFP
    # adds change the order in which gradients are summed, and with the order the last bit of trained weights.
    z, log_slope = splines.forward(flat), splines.forward_log_det_jacobian(flat, event_ndims=0)
    return tf.reshape(z, tf.shape(x)), tf.reshape(log_slope, tf.shape(x))


def _one_per_value(parameters, bins, bound):
    # One spline per row, because TensorFlow's softmax accepts no more than five dimensions.
    return constrained_spline(tf.reshape(parameters, (-1, spline_parameters(bins))), bins, bound)
