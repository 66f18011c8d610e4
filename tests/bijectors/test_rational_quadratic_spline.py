"""The rational-quadratic spline and its parameters, compared with TFP's bijector."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.bijectors import RationalQuadraticSpline, spline_parameters
from tfgen.bijectors.elementwise_spline import (
    SMALLEST_RATIO,
    SMALLEST_SLOPE,
    constrained_spline,
    forward_and_log_det,
    inverse_and_log_det,
)

tfb = tfp.bijectors

RAW = np.random.default_rng(2).normal(0.0, 2.0, (50, spline_parameters(6))).astype(np.float32)
VALUES = np.random.default_rng(3).uniform(-2.5, 2.5, 50).astype(np.float32)


def splines(bound=2.0):
    """Our spline, and TFP's spline with the same bins and slopes."""
    ours = constrained_spline(tf.constant(RAW), 6, bound)
    return ours, tfp_spline(ours, bound)


def tfp_spline(spline, bound):
    # TFP's parameter has no slopes at the two ends.
    inner = spline.knot_slopes[..., 1:-1]
    return tfb.RationalQuadraticSpline(spline.bin_widths, spline.bin_heights, inner, range_min=-bound)


def in_inner_bins(sizes) -> np.ndarray:
    """Which values are in no outer bin. In outer bins TFP's spline has other slopes."""
    sizes = sizes.numpy()
    inner = (sizes[:, 0] - 2.0 < VALUES) & (2.0 - sizes[:, -1] > VALUES)
    return inner | (np.abs(VALUES) > 2.0)


@pytest.mark.parametrize("method", ["forward", "inverse", "forward_log_det_jacobian", "inverse_log_det_jacobian"])
def test_values_and_log_determinants_equal_those_of_tfp(method):
    ours, theirs = splines()
    assert isinstance(ours, RationalQuadraticSpline) and (np.abs(VALUES) > 2.0).any()
    options = {"event_ndims": 0} if "log_det" in method else {}
    found = getattr(ours, method)(tf.constant(VALUES), **options).numpy()
    expected = getattr(theirs, method)(tf.identity(tf.constant(VALUES)), **options).numpy()
    same = in_inner_bins(ours.bin_heights if "inverse" in method else ours.bin_widths)
    assert 10 < same.sum() < 50
    np.testing.assert_allclose(found[same], expected[same], rtol=1e-4, atol=1e-5)
    # In the outer bins, TFP's slope changes to 1 at the ends.
    assert (np.abs(found - expected)[~same] > 1e-3).any()


def test_gradients_equal_those_of_tfp():
    def gradient(is_ours):
        raw = tf.constant(RAW)
        with tf.GradientTape() as tape:
            tape.watch(raw)
            ours = constrained_spline(raw, 6, 2.0)
            spline = ours if is_ours else tfp_spline(ours, 2.0)
            x = tf.constant(VALUES)
            each = spline.forward(x) + spline.forward_log_det_jacobian(x, event_ndims=0)
            total = tf.reduce_sum(each[in_inner_bins(ours.bin_widths)])
        return tape.gradient(total, raw)

    found = gradient(is_ours=True)
    assert np.abs(found).max() > 0.1
    np.testing.assert_allclose(found, gradient(is_ours=False), rtol=1e-3, atol=1e-4)


def test_the_log_determinants_are_the_slopes_at_each_end_of_the_map():
    ours, _ = splines()
    x = tf.constant(VALUES)
    y, log_slope = ours.forward_and_log_det(x)
    back, log_slope_of_inverse = ours.inverse_and_log_det(y)
    with tf.GradientTape() as tape:
        tape.watch(x)
        values = ours.forward_and_log_det(x)[0]
    np.testing.assert_allclose(log_slope, np.log(tape.gradient(values, x)), atol=1e-4)
    np.testing.assert_allclose(back, VALUES, atol=1e-5)
    np.testing.assert_allclose(log_slope_of_inverse, -log_slope, atol=1e-4)


def test_elementwise_functions_use_one_spline_per_value():
    parameters = tf.constant(RAW.reshape(5, 5, -1))
    x = tf.constant(VALUES.reshape(5, 5, 2))
    z, log_slope = inverse_and_log_det(x, parameters, 6, 2.0)
    np.testing.assert_array_equal(np.ravel(z), splines()[0].forward(tf.constant(VALUES)))
    back, log_slope_of_inverse = forward_and_log_det(z, parameters, 6, 2.0)
    np.testing.assert_allclose(back, x, atol=1e-5)
    np.testing.assert_allclose(log_slope_of_inverse, -log_slope, atol=1e-4)


def test_parameters_broadcast_and_copies_keep_them():
    ours, _ = splines()
    first = RationalQuadraticSpline(ours.bin_widths[0], ours.bin_heights[0], ours.slope_ratios[0], range_min=-2.0)
    repeated = constrained_spline(tf.constant(np.repeat(RAW[:1], 50, axis=0)), 6, 2.0)
    x = tf.constant(VALUES)
    for copy in (first, first.copy(), first.copy(name="other")):
        np.testing.assert_allclose(copy.forward(x), repeated.forward(x), atol=1e-6)
        np.testing.assert_allclose(copy.inverse(x), repeated.inverse(x), atol=1e-6)
    rows = tf.constant(np.stack([VALUES, VALUES[::-1]]))
    np.testing.assert_allclose(ours.forward(rows)[0], ours.forward(x), atol=1e-6)
    np.testing.assert_allclose(ours.forward(rows)[1], ours.forward(tf.constant(VALUES[::-1].copy())), atol=1e-6)


def test_both_bins_at_a_knot_have_the_knot_s_value():
    ours, _ = splines()
    knots, expected = ours.x_pos.numpy(), ours.y_pos.numpy()
    assert knots.shape == ours.knot_slopes.shape == (50, 7)
    for knot in range(1, 6):
        for shift in (-1e-6, 0.0, 1e-6):
            x = tf.constant(knots[:, knot] + shift, tf.float32)
            np.testing.assert_allclose(ours.forward(x), expected[:, knot], atol=1e-3)


def test_parameters_of_zero_make_the_identity():
    spline = constrained_spline(tf.zeros((50, spline_parameters(6))), 6, 2.0)
    np.testing.assert_allclose(spline.forward(tf.constant(VALUES)), VALUES, atol=1e-6)
    np.testing.assert_allclose(spline.forward_log_det_jacobian(tf.constant(VALUES), event_ndims=0), 0.0, atol=1e-5)


@pytest.mark.parametrize("spread", [0.5, 3.0, 20.0])
def test_the_slope_has_a_lower_bound(spread):
    raw = np.random.default_rng(5).normal(0.0, spread, (200, 1, spline_parameters(6))).astype(np.float32)
    spline = constrained_spline(tf.constant(raw), 6, 2.0)
    x = np.broadcast_to(np.linspace(-1.999, 1.999, 3001, dtype=np.float32), (200, 3001))
    slope = np.exp(spline.forward_log_det_jacobian(tf.constant(x), event_ndims=0).numpy())
    assert slope.min() > 0.99 * SMALLEST_RATIO * SMALLEST_SLOPE
    # Within a bin, the slope is at least about half of the bin's mean slope, or the slope at one of its ends.
    ends = spline.x_pos.numpy()[:, 0, 1:]
    mean = (spline.bin_heights / spline.bin_widths).numpy()[:, 0]
    knots = spline.knot_slopes.numpy()[:, 0]
    low = np.minimum(0.45 * mean, np.minimum(knots[:, :-1], knots[:, 1:]))
    index = np.minimum((x[:, :, None] >= ends[:, None]).sum(axis=-1), 5)
    assert (slope > 0.99 * np.take_along_axis(low, index, axis=-1)).all()


def test_the_spline_is_monotone_and_keeps_the_ends_of_the_interval():
    spline = constrained_spline(tf.constant(RAW[:, None]), 6, 2.0)
    x = np.linspace(-2.0, 2.0, 2001, dtype=np.float32)
    y = spline.forward(tf.constant(np.broadcast_to(x, (50, 2001)))).numpy()
    assert (np.diff(y) >= -5e-7).all()
    # The tolerance is a rounding error of the sum of widths times the slope of a steep last bin.
    np.testing.assert_allclose(y[:, [0, -1]], np.broadcast_to([-2.0, 2.0], (50, 2)), atol=5e-4)
