"""Spline couplings: some channels pass through monotone rational-quadratic splines, given other channels."""

import math

import tensorflow as tf
from tensorflow_probability import bijectors as tfb
from tensorflow_probability.python.bijectors import rational_quadratic_spline

from tfgen.bijectors.coupling import Coupling

# The part of the interval that a bin has at least as its width, and the slope that it has at least on average. The way
# back multiplies a rounding error by one over the slope, in every coupling that it passes through; what a pixel does
# not need goes to the ends of the interval, where the latent hardly ever is, and costs little likelihood there.
SMALLEST_WIDTH, SMALLEST_SLOPE = 1e-3, 0.05
# The slope at a knot, over the harmonic mean of the mean slopes on both sides of it. Three times as steep as the
# flatter side, it leaves a slope of about half that side's mean within; were it free, there would be places as flat as
# one likes.
SMALLEST_RATIO, LARGEST_RATIO = 1 / 3, 3 / 2


class Spline(tfb.RationalQuadraticSpline):
    """TFP's bijector, which looks for the bin of a value by comparisons, and is as steep at its ends as the outer bins.

    TFP's own binary search, and its gathering of what was found, are no operators of TensorFlow Lite. For a few dozen
    bins, to compare a value with every knot costs no more. And its ends have a slope of 1, so that the derivative goes
    on beyond them, where images have no pixels; an outer bin that is flat on average has to be all but level for it.
    """

    def _compute_shared(self, x=None, y=None):
        values = y if x is None else x
        left = [_knots(sizes, self.range_min) for sizes in (self.bin_widths, self.bin_heights)]
        low, high = self.range_min, self.range_min + tf.reduce_sum(self.bin_widths, axis=-1)
        outside = (values <= low) | (values >= high)
        knots = left[0] if y is None else left[1]
        # 1 for every knot that is not above the value; where that ends, its bin is.
        above = tf.cast(tf.where(outside, low, values)[..., tf.newaxis] >= knots, values.dtype)
        here = above - tf.concat([above[..., 1:], tf.zeros_like(above[..., :1])], axis=-1)

        def pick(of_bins):
            return tf.reduce_sum(here * of_bins, axis=-1)

        first, last = (self.bin_heights[..., end] / self.bin_widths[..., end] for end in (slice(1), slice(-1, None)))
        width, height = pick(self.bin_widths), pick(self.bin_heights)
        return rational_quadratic_spline._SplineShared(
            out_of_bounds=outside,
            x_k=pick(left[0]),
            y_k=pick(left[1]),
            d_k=pick(tf.concat([first, self.knot_slopes], axis=-1)),
            d_kp1=pick(tf.concat([self.knot_slopes, last], axis=-1)),
            w_k=width,
            h_k=height,
            s_k=height / width,
        )


def _knots(sizes, start):
    """The left end of each bin: [..., K] → [..., K]."""
    return start + tf.cumsum(sizes, axis=-1, exclusive=True)


def spline_parameters(bins: int) -> int:
    """How many numbers say what the spline of one value is: widths and heights of the bins, slopes between them."""
    return 3 * bins - 1


def spline_of(parameters, bins: int, bound: float) -> Spline:
    """The spline of raw parameters, [..., 3 K − 1]; of zeros it is the identity.

        widths    w = 2 B (ε + (1 − K ε) softmax(raw)),                      ε the smallest, as a part
        heights   h = m w + (1 − m) 2 B softmax(raw),                       m the smallest mean slope
        slopes    ρ(raw) 2 s₁ s₂ / (s₁ + s₂),  1/3 < ρ < 3/2, ρ(0) = 1,     s = h / w on both sides of the knot

    Args:
        parameters: raw widths, heights and slopes.
        bins: K.
        bound: B; the spline maps [−B, B] to itself and is the identity beyond.
    """
    widths, heights, slopes = tf.split(parameters, (bins, bins, bins - 1), axis=-1)
    widths = 2.0 * bound * (SMALLEST_WIDTH + (1.0 - bins * SMALLEST_WIDTH) * tf.nn.softmax(widths))
    heights = SMALLEST_SLOPE * widths + (1.0 - SMALLEST_SLOPE) * 2.0 * bound * tf.nn.softmax(heights)
    mean = heights / widths
    left, right = mean[..., :-1], mean[..., 1:]
    part = (1.0 - SMALLEST_RATIO) / (LARGEST_RATIO - SMALLEST_RATIO)
    ratio = SMALLEST_RATIO + (LARGEST_RATIO - SMALLEST_RATIO) * tf.sigmoid(slopes + math.log(part / (1.0 - part)))
    return Spline(widths, heights, ratio * 2.0 * left * right / (left + right), range_min=-bound)


class SplineCoupling(Coupling):
    """Coupling by rational-quadratic splines of some channels, given others; the rest is neither read nor changed.

        inverse   z_b = spline(x_b; θ(x_a)),    z_a = x_a      (data → latent)
        forward   x_b = spline⁻¹(z_b; θ(z_a)),  x_a = z_a      (latent → data)
        log-det   −Σ log spline′(x_b; θ)  of the forward map

    A spline of K bins is a cumulative distribution function of K pieces: a single one tells the narrow interval that
    dequantized black is from everything brighter, which takes a row of affine couplings.

    Args:
        network: Keras model, the conditioning channels [n, H, W, a] → [n, H, W, b (3 K − 1)]; where none condition, it
            is given one channel of zeros.
        condition, moved: (first, last + 1) channel of those that condition, and of those that are transformed.
        bins: K.
        bound: B; splines map [−B, B] to itself and are the identity beyond.
        name: of the bijector.

    Reference: Durkan, Bekasov, Murray, Papamakarios: Neural spline flows. NeurIPS 2019, equations 4 to 8.
    """

    def __init__(
        self,
        network,
        condition: tuple[int, int],
        moved: tuple[int, int],
        bins: int = 16,
        bound: float = 4.0,
        name: str | None = None,
    ):
        parameters = dict(locals())
        with tf.name_scope(name or "spline_coupling") as scope:
            self._condition, self._moved, self._bins = condition, moved, bins
            super().__init__(network, event_ndims=3, bound=bound, parameters=parameters, name=scope)

    def _part(self, event):
        (first, last), (start, end) = self._condition, self._moved
        part = event[..., start:end]
        return (event[..., first:last] if last > first else tf.zeros_like(part[..., :1])), part

    def _join(self, event, transformed, log_scale):
        start, end = self._moved
        return tf.concat([event[..., :start], transformed, event[..., end:]], axis=-1), log_scale

    def _transform(self, part, parameters):
        def inverted(spline, values):
            result = spline.inverse(values)
            return result, -spline.forward_log_det_jacobian(result, event_ndims=0)

        return self._through(inverted, part, parameters)

    def _invert(self, part, parameters):
        return self._through(
            lambda spline, values: (spline.forward(values), spline.forward_log_det_jacobian(values, event_ndims=0)),
            part,
            parameters,
        )

    def _through(self, function, part, parameters):
        # One value a row: TensorFlow's softmax takes no more than five dimensions.
        raw = tf.reshape(parameters, (-1, spline_parameters(self._bins)))
        found = function(spline_of(raw, self._bins, self._bound), tf.reshape(part, (-1,)))
        return [tf.reshape(values, tf.shape(part)) for values in found]
