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
    """TFP's bijector with slopes that follow from the bins, the ends' too, and less to compute.

    TFP's ends have a slope of 1, so that the derivative goes on beyond them, where images have no pixels; an outer bin
    that is flat on average has to be all but level for it. Here they are as steep as the outer bins.

    Only three bins matter to a value: where it is, and those beside. They are gathered before anything is made of
    them, and no gradient goes through the search: value and gradient take a third of what they took with masks over
    all bins. TFP's binary search and its gathering along an axis are no operators of TensorFlow Lite; comparisons with
    a few dozen knots and gathering from one long row are.

    Args:
        bin_widths, bin_heights: [..., K], as TFP's; those of each event's values, or of each value.
        ratios: of the slope at each knot between two bins to the harmonic mean of the mean slopes of both [..., K − 1].
        range_min: position of the first knot.
        name: of the bijector.
    """

    def __init__(self, bin_widths, bin_heights, ratios, range_min=-1.0, name: str | None = None):
        parameters = dict(locals())
        super().__init__(bin_widths, bin_heights, ratios, range_min=range_min, name=name or "spline")
        # TFP makes copies with them, and would name the ratios slopes.
        self._parameters = self._no_dependency(
            {key: value for key, value in parameters.items() if key not in ("self", "__class__")}
        )
        self._found: dict[str, tuple] = {}

    @property
    def ratios(self):
        """Those that it was made with: [..., K − 1]."""
        return self._knot_slopes

    @property
    def knot_slopes(self):
        """The slope at every knot between two bins: [..., K − 1]."""
        mean = self.bin_heights / self.bin_widths
        return _slope(self.ratios, mean[..., :-1], mean[..., 1:])

    def _compute_shared(self, x=None, y=None):
        # TFP asks for the value and for its log-determinant, one after the other.
        direction, values = ("x", x) if y is None else ("y", y)
        asked, found = self._found.get(direction, (None, None))
        if asked is not values:
            found = self._search(direction, values)
            self._found[direction] = values, found
        return found

    def _search(self, direction, values):
        bins = self.bin_widths.shape[-1]
        start = self.range_min
        widths, heights, ratios = self.bin_widths, self.bin_heights, self.ratios
        if widths.shape[:-1] != values.shape:
            shape = tf.broadcast_dynamic_shape(tf.shape(values), tf.shape(widths)[:-1])
            values = tf.broadcast_to(values, shape)
            widths, heights, ratios = (
                tf.broadcast_to(of_bins, tf.concat([shape, tf.shape(of_bins)[-1:]], axis=0))
                for of_bins in (widths, heights, ratios)
            )
        sizes = tf.stop_gradient(widths if direction == "x" else heights)
        ends = start + tf.cumsum(sizes, axis=-1)
        outside = (values <= start) | (values >= ends[..., -1])
        # The number of knots that the value is not below, the first one apart: where that ends, its bin is.
        here = tf.reduce_sum(tf.cast(tf.where(outside, start, values)[..., tf.newaxis] >= ends, tf.int32), axis=-1)
        passed = tf.cast(tf.range(bins) < here[..., tf.newaxis], values.dtype)

        rows = tf.reshape(tf.range(tf.size(here)), tf.shape(here))
        beside = tf.stack([tf.maximum(here - 1, 0), here, tf.minimum(here + 1, bins - 1)])
        width, height = (tf.gather(tf.reshape(table, [-1]), rows * bins + beside) for table in (widths, heights))
        before, mean, after = tf.unstack(height / width)
        at_knots = tf.stack([tf.maximum(here - 1, 0), tf.minimum(here, bins - 2)])
        left, right = tf.unstack(tf.gather(tf.reshape(ratios, [-1]), rows * (bins - 1) + at_knots))
        return rational_quadratic_spline._SplineShared(
            out_of_bounds=outside,
            x_k=start + tf.reduce_sum(passed * widths, axis=-1),
            y_k=start + tf.reduce_sum(passed * heights, axis=-1),
            d_k=tf.where(here == 0, mean, _slope(left, before, mean)),
            d_kp1=tf.where(here == bins - 1, mean, _slope(right, mean, after)),
            w_k=width[1],
            h_k=height[1],
            s_k=mean,
        )


def _slope(ratio, left, right):
    """The slope of a knot between two bins of these mean slopes."""
    return ratio * 2.0 * left * right / (left + right)


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
    part = (1.0 - SMALLEST_RATIO) / (LARGEST_RATIO - SMALLEST_RATIO)
    ratios = SMALLEST_RATIO + (LARGEST_RATIO - SMALLEST_RATIO) * tf.sigmoid(slopes + math.log(part / (1.0 - part)))
    return Spline(widths, heights, ratios, range_min=-bound)


def through_splines(values, parameters, bins: int, bound: float, to_data: bool) -> tuple[tf.Tensor, tf.Tensor]:
    """Values through splines of their own, to the latent or to the data, and the logarithms of the slopes.

    Args:
        values: [..., C].
        parameters: raw ones of each, [..., C (3 K − 1)]; see `spline_of`.
        bins, bound: K, B.
        to_data: whether through the inverses of the splines; then the logarithms are those of the inverses' slopes.

    Returns:
        two tensors [..., C].
    """
    # One value a row: TensorFlow's softmax takes no more than five dimensions.
    spline = spline_of(tf.reshape(parameters, (-1, spline_parameters(bins))), bins, bound)
    flat = tf.reshape(values, (-1,))
    if to_data:
        result = spline.inverse(flat)
        log_slope = -spline.forward_log_det_jacobian(result, event_ndims=0)
    else:
        result, log_slope = spline.forward(flat), spline.forward_log_det_jacobian(flat, event_ndims=0)
    return tf.reshape(result, tf.shape(values)), tf.reshape(log_slope, tf.shape(values))


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
        return through_splines(part, parameters, self._bins, self._bound, to_data=True)

    def _invert(self, part, parameters):
        return through_splines(part, parameters, self._bins, self._bound, to_data=False)
