"""The monotone rational-quadratic spline."""

from typing import NamedTuple

import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.bijectors.log_det_bijector import LogDetBijector


class _Bin(NamedTuple):
    """The bin k of each value, in the symbols of Durkan et al."""

    outside: tf.Tensor
    x_k: tf.Tensor
    y_k: tf.Tensor
    width: tf.Tensor
    height: tf.Tensor
    s: tf.Tensor
    d_k: tf.Tensor
    d_k1: tf.Tensor


class RationalQuadraticSpline(LogDetBijector):
    """Monotone spline of K bins on an interval, the identity outside, applied elementwise.

    With the knots (x_k, y_k), k = 0 … K, the slopes δ_k at the knots, and in the bin of a value

        w = x_{k+1} − x_k,   h = y_{k+1} − y_k,   s = h / w,   ξ = (x − x_k) / w

        forward   y = y_k + h (s ξ² + δ_k ξ (1 − ξ)) / (s + (δ_{k+1} + δ_k − 2 s) ξ (1 − ξ))                  (eq. 4)
        log-det   log dy/dx, dy/dx = s² (δ_{k+1} ξ² + 2 s ξ (1 − ξ) + δ_k (1 − ξ)²)
                                     / (s + (δ_{k+1} + δ_k − 2 s) ξ (1 − ξ))²                                 (eq. 5)
        inverse   x = x_k + w ξ,   ξ = 2 c / (−b − √(b² − 4 a c)) with
                  a = h (s − δ_k) + (y − y_k) (δ_{k+1} + δ_k − 2 s)                                           (eq. 6)
                  b = h δ_k − (y − y_k) (δ_{k+1} + δ_k − 2 s)                                                 (eq. 7)
                  c = −s (y − y_k)                                                                            (eq. 8)
        slopes    δ_k = ρ_k · 2 s_{k−1} s_k / (s_{k−1} + s_k) at inner knots,   δ_0 = s_0,   δ_K = s_{K−1}

    The slopes are given relative to the harmonic mean of the adjoining bins' mean slopes. The slope at an end of the
    interval is the mean slope of the outer bin. In TFP's bijector of the same name, the slope at the ends is 1, which
    makes the derivative continuous there. An outer bin that is flat on average is then nearly level inside. Pixels have
    no values outside the interval, so the derivative need not be continuous.

    A value depends on its own bin and the two bins beside it. Only these three are gathered, and the search passes no
    gradient: value and gradient cost a third of a version with masks over all bins. The search consists of comparisons
    and of a gather from one flat array, because TensorFlow Lite has no operators for TFP's binary search and batched
    gather.

    Args:
        bin_widths, bin_heights: positive, [..., K], with equal sums over the last axis. The leading axes are those of
            the values, or broadcast against them.
        slope_ratios: ρ, positive, [..., K − 1].
        range_min: x_0 = y_0, lower end of the interval.
        name: of the bijector.

    Reference: Durkan, Bekasov, Murray, Papamakarios: Neural spline flows. NeurIPS 2019, equations 4 to 8.
    """

    def __init__(self, bin_widths, bin_heights, slope_ratios, range_min=-1.0, name: str | None = None):
        parameters = dict(locals())
        with tf.name_scope(name or "rational_quadratic_spline") as scope:
            self.bin_widths, self.bin_heights, self.slope_ratios, self.range_min = (
                tf.convert_to_tensor(value, tf.float32) for value in (bin_widths, bin_heights, slope_ratios, range_min)
            )
            super().__init__(forward_min_event_ndims=0, dtype=tf.float32, parameters=parameters, name=scope)

    @classmethod
    def _parameter_properties(cls, dtype):
        of_bins = tfp.util.ParameterProperties(event_ndims=1)
        names = ("bin_widths", "bin_heights", "slope_ratios")
        return {**dict.fromkeys(names, of_bins), "range_min": tfp.util.ParameterProperties()}

    @classmethod
    def _is_increasing(cls):
        return True

    @property
    def x_pos(self) -> tf.Tensor:
        """x_k of all knots: [..., K + 1]."""
        return self._knots(self.bin_widths)

    @property
    def y_pos(self) -> tf.Tensor:
        """y_k of all knots: [..., K + 1]."""
        return self._knots(self.bin_heights)

    @property
    def knot_slopes(self) -> tf.Tensor:
        """δ_k at all knots: [..., K + 1]."""
        s = self.bin_heights / self.bin_widths
        inner = _knot_slope(self.slope_ratios, s[..., :-1], s[..., 1:])
        return tf.concat([s[..., :1], inner, s[..., -1:]], axis=-1)

    def forward_and_log_det(self, x):
        bins = self._find_bins(x, self.bin_widths)
        xi = (x - bins.x_k) / bins.width
        y = bins.y_k + (
            (bins.height * (bins.s * xi**2 + bins.d_k * xi * (1 - xi)))
            / (bins.s + (bins.d_k1 + bins.d_k - 2 * bins.s) * xi * (1 - xi))
        )
        y = tf.where(bins.outside, x, y)
        # ξ is computed a second time. The order of the operations determines the order in which gradients are summed,
        # and this one reproduces the weights that earlier versions trained to the last bit.
        return y, _log_slope((x - bins.x_k) / bins.width, bins)

    def inverse_and_log_det(self, y):
        bins = self._find_bins(y, self.bin_heights)
        above = tf.where(bins.outside, tf.zeros([], y.dtype), y - bins.y_k)
        term = above * (bins.d_k1 + bins.d_k - 2 * bins.s)
        a = bins.height * (bins.s - bins.d_k) + term
        b = bins.height * bins.d_k - term
        c = -bins.s * above
        # This form of the root keeps its precision where 4 a c is small.
        root = (2 * c) / (-b - tf.sqrt(b**2 - 4 * a * c))
        xi = tf.where(tf.equal(above, 0), tf.zeros([], a.dtype), root)
        return tf.where(bins.outside, y, xi * bins.width + bins.x_k), -_log_slope(xi, bins)

    def _knots(self, sizes):
        first = tf.zeros_like(sizes[..., :1])
        return self.range_min + tf.concat([first, tf.cumsum(sizes, axis=-1)], axis=-1)

    def _find_bins(self, values, sizes) -> _Bin:
        """The bin of each value; `sizes` are the widths to search by x, the heights to search by y."""
        count, start = self.bin_widths.shape[-1], self.range_min
        widths, heights, ratios = self.bin_widths, self.bin_heights, self.slope_ratios
        if widths.shape[:-1] != values.shape:
            shape = tf.broadcast_dynamic_shape(tf.shape(values), tf.shape(widths)[:-1])
            values = tf.broadcast_to(values, shape)
            widths, heights, ratios, sizes = (
                tf.broadcast_to(table, tf.concat([shape, tf.shape(table)[-1:]], axis=0))
                for table in (widths, heights, ratios, sizes)
            )
        ends = start + tf.cumsum(tf.stop_gradient(sizes), axis=-1)
        outside = (values <= start) | (values >= ends[..., -1])
        # Index of a value's bin: the number of bins that end at or below the value.
        k = tf.reduce_sum(tf.cast(tf.where(outside, start, values)[..., tf.newaxis] >= ends, tf.int32), axis=-1)
        before = tf.cast(tf.range(count) < k[..., tf.newaxis], values.dtype)

        rows = tf.reshape(tf.range(tf.size(k)), tf.shape(k))
        neighbours = tf.stack([tf.maximum(k - 1, 0), k, tf.minimum(k + 1, count - 1)])
        width, height = (tf.gather(tf.reshape(table, [-1]), rows * count + neighbours) for table in (widths, heights))
        s_left, s, s_right = tf.unstack(height / width)
        inner_knots = tf.stack([tf.maximum(k - 1, 0), tf.minimum(k, count - 2)])
        ratio_left, ratio_right = tf.unstack(tf.gather(tf.reshape(ratios, [-1]), rows * (count - 1) + inner_knots))
        return _Bin(
            outside=outside,
            x_k=start + tf.reduce_sum(before * widths, axis=-1),
            y_k=start + tf.reduce_sum(before * heights, axis=-1),
            d_k=tf.where(k == 0, s, _knot_slope(ratio_left, s_left, s)),
            d_k1=tf.where(k == count - 1, s, _knot_slope(ratio_right, s, s_right)),
            width=width[1],
            height=height[1],
            s=s,
        )


def _knot_slope(ratio, left, right):
    """The slope at a knot between bins of the mean slopes `left` and `right`."""
    return ratio * 2.0 * left * right / (left + right)


def _log_slope(xi, bins: _Bin):
    """log dy/dx (equation 5) at the position ξ in a bin, 0 outside the interval."""
    xi = tf.where(bins.outside, tf.constant(0.5, xi.dtype), xi)
    log_slope = (
        2 * tf.math.log(bins.s)
        + tf.math.log(bins.d_k1 * xi**2 + 2 * bins.s * xi * (1 - xi) + bins.d_k * (1 - xi) ** 2)
        - 2 * tf.math.log((bins.d_k1 + bins.d_k - 2 * bins.s) * xi * (1 - xi) + bins.s)
    )
    return tf.where(bins.outside, tf.zeros([], xi.dtype), log_slope)
