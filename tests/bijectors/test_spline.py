import itertools

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.bijectors import MultiscaleAutoregressive, SplineCoupling
from tfgen.bijectors.spline import SMALLEST_RATIO, SMALLEST_SLOPE, Spline, spline_of, spline_parameters
from tfgen.networks import conv_conditioner, conv_stage

tfb = tfp.bijectors

RAW = np.random.default_rng(2).normal(0.0, 2.0, (50, spline_parameters(6))).astype(np.float32)
VALUES = np.random.default_rng(3).uniform(-2.5, 2.5, 50).astype(np.float32)


def both(bound=2.0):
    """Our spline, and TFP's own of the same bins."""
    mine = spline_of(tf.constant(RAW), 6, bound)
    return mine, tfb.RationalQuadraticSpline(mine.bin_widths, mine.bin_heights, mine.knot_slopes, range_min=-bound)


def alike(sizes) -> np.ndarray:
    """Which of the values are in no outer bin, where alone TFP's spline has other slopes."""
    sizes = sizes.numpy()
    inner = (sizes[:, 0] - 2.0 < VALUES) & (2.0 - sizes[:, -1] > VALUES)
    return inner | (np.abs(VALUES) > 2.0)


@pytest.mark.parametrize("what", ["forward", "inverse", "forward_log_det_jacobian", "inverse_log_det_jacobian"])
def test_it_is_tfp_s_spline(what):
    mine, theirs = both()
    assert isinstance(mine, Spline) and (np.abs(VALUES) > 2.0).any()
    options = {"event_ndims": 0} if "log_det" in what else {}
    found = getattr(mine, what)(tf.constant(VALUES), **options).numpy()
    expected = getattr(theirs, what)(tf.identity(tf.constant(VALUES)), **options).numpy()
    same = alike(mine.bin_heights if "inverse" in what else mine.bin_widths)
    assert 10 < same.sum() < 50
    np.testing.assert_allclose(found[same], expected[same], rtol=1e-4, atol=1e-5)
    # In the outer bins, theirs goes over to a slope of 1.
    assert (np.abs(found - expected)[~same] > 1e-3).any()


def test_its_gradients_are_those_of_tfp_s():
    def gradient(kind):
        raw = tf.constant(RAW)
        with tf.GradientTape() as tape:
            tape.watch(raw)
            mine = spline_of(raw, 6, 2.0)
            made = mine if kind is Spline else kind(mine.bin_widths, mine.bin_heights, mine.knot_slopes, range_min=-2.0)
            x = tf.constant(VALUES)
            each = made.forward(x) + made.forward_log_det_jacobian(x, event_ndims=0)
            total = tf.reduce_sum(each[alike(mine.bin_widths)])
        return tape.gradient(total, raw)

    found = gradient(Spline)
    assert np.abs(found).max() > 0.1
    np.testing.assert_allclose(found, gradient(tfb.RationalQuadraticSpline), rtol=1e-3, atol=1e-4)


def test_its_parameters_broadcast_and_make_copies_of_it():
    mine, _ = both()
    first = Spline(mine.bin_widths[0], mine.bin_heights[0], mine.ratios[0], range_min=-2.0)
    repeated = spline_of(tf.constant(np.repeat(RAW[:1], 50, axis=0)), 6, 2.0)
    x = tf.constant(VALUES)
    for copy in (first, first.copy(), first.copy(name="other")):
        np.testing.assert_allclose(copy.forward(x), repeated.forward(x), atol=1e-6)
        np.testing.assert_allclose(copy.inverse(x), repeated.inverse(x), atol=1e-6)
    rows = tf.constant(np.stack([VALUES, VALUES[::-1]]))
    np.testing.assert_allclose(mine.forward(rows)[0], mine.forward(x), atol=1e-6)
    np.testing.assert_allclose(mine.forward(rows)[1], mine.forward(tf.constant(VALUES[::-1].copy())), atol=1e-6)


def test_at_the_knots_both_bins_say_the_same():
    mine, _ = both()
    knots = -2.0 + np.cumsum(mine.bin_widths.numpy(), axis=-1)[:, :-1]
    expected = -2.0 + np.cumsum(mine.bin_heights.numpy(), axis=-1)[:, :-1]
    for knot in range(5):
        for shift in (-1e-6, 0.0, 1e-6):
            x = tf.constant(knots[:, knot] + shift, tf.float32)
            np.testing.assert_allclose(mine.forward(x), expected[:, knot], atol=1e-3)


def test_zeros_are_the_identity():
    spline = spline_of(tf.zeros((50, spline_parameters(6))), 6, 2.0)
    np.testing.assert_allclose(spline.forward(tf.constant(VALUES)), VALUES, atol=1e-6)
    np.testing.assert_allclose(spline.forward_log_det_jacobian(tf.constant(VALUES), event_ndims=0), 0.0, atol=1e-5)


@pytest.mark.parametrize("spread", [0.5, 3.0, 20.0])
def test_it_is_nowhere_flatter_than_its_floor(spread):
    raw = np.random.default_rng(5).normal(0.0, spread, (200, 1, spline_parameters(6))).astype(np.float32)
    spline = spline_of(tf.constant(raw), 6, 2.0)
    x = np.broadcast_to(np.linspace(-1.999, 1.999, 3001, dtype=np.float32), (200, 3001))
    slope = np.exp(spline.forward_log_det_jacobian(tf.constant(x), event_ndims=0).numpy())
    assert slope.min() > 0.99 * SMALLEST_RATIO * SMALLEST_SLOPE
    # And within a bin, no flatter than about half of what it is on average, or than both of its ends.
    ends = np.concatenate([np.cumsum(spline.bin_widths.numpy(), axis=-1) - 2.0], axis=-1)[:, 0]
    mean = (spline.bin_heights / spline.bin_widths).numpy()[:, 0]
    knots = spline.knot_slopes.numpy()[:, 0]
    low = np.minimum(0.45 * mean, np.minimum(np.c_[mean[:, :1], knots], np.c_[knots, mean[:, -1:]]))
    index = np.minimum((x[:, :, None] >= ends[:, None]).sum(axis=-1), 5)
    assert (slope > 0.99 * np.take_along_axis(low, index, axis=-1)).all()


def test_it_rises_and_keeps_its_ends():
    spline = spline_of(tf.constant(RAW[:, None]), 6, 2.0)
    x = np.linspace(-2.0, 2.0, 2001, dtype=np.float32)
    y = spline.forward(tf.constant(np.broadcast_to(x, (50, 2001)))).numpy()
    assert (np.diff(y) >= -5e-7).all()
    # To as much as a rounding of the widths' sum makes where the last bin is steepest.
    np.testing.assert_allclose(y[:, [0, -1]], np.broadcast_to([-2.0, 2.0], (50, 2)), atol=5e-4)


def test_only_what_conditions_matters_and_only_what_is_moved_moves(randomized):
    network = randomized(conv_conditioner((4, 4, 2), 3 * spline_parameters(4), width=8, last=1))
    coupling = SplineCoupling(network, condition=(1, 3), moved=(4, 7), bins=4)
    x = np.random.default_rng(0).normal(size=(2, 4, 4, 9)).astype(np.float32)
    y = coupling.forward(tf.constant(x)).numpy()
    moved = np.isin(np.arange(9), (4, 5, 6))
    assert np.abs(y - x)[..., ~moved].max() == 0.0
    assert np.abs(y - x)[..., moved].min(axis=(0, 1, 2)).max() > 0.0
    nudged = x.copy()
    nudged[..., [0, 3, 7, 8]] += 1.0
    np.testing.assert_array_equal(coupling.forward(tf.constant(nudged)).numpy()[..., moved], y[..., moved])
    nudged = x.copy()
    nudged[..., 1] += 1.0
    assert np.abs(coupling.forward(tf.constant(nudged)).numpy() - y)[..., moved].max() > 1e-3


def test_a_sweep_is_spline_couplings_of_which_each_sees_all_that_was_made_before(randomized):
    """With the first part in hand, and of stages that carry everything on."""
    limits = [1, 2, 4]
    first = randomized(conv_stage((4, 4, 1), 14, carries=False, width=8))
    second = randomized(conv_stage((4, 4, 1), 28, width=8), seed=1)
    sweep = MultiscaleAutoregressive([first, second], limits, bins=5)

    def of_both(seen):
        found, _ = first(seen[..., :1])
        return second([found, seen[..., 1:]])[1]

    couplings = [
        SplineCoupling(of_both, (0, 2), (2, 4), bins=5),
        SplineCoupling(lambda seen: first(seen)[1], (0, 1), (1, 2), bins=5),
    ]
    chain = tfb.Chain(couplings)
    z = np.random.default_rng(0).normal(size=(3, 4, 4, 4)).astype(np.float32)
    x = sweep.forward(tf.constant(z))
    assert np.abs(x - z)[..., 1:].min(axis=(0, 1, 2)).min() > 0 and np.abs(x - z)[..., 0].max() == 0.0
    np.testing.assert_allclose(x, chain.forward(tf.constant(z)), atol=1e-5)
    np.testing.assert_allclose(sweep.inverse(tf.identity(x)), chain.inverse(tf.identity(x)), atol=1e-5)
    for what in ("forward_log_det_jacobian", "inverse_log_det_jacobian"):
        found, expected = (getattr(one, what)(tf.identity(x), event_ndims=3) for one in (sweep, chain))
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_a_part_of_a_sweep_sees_nothing_that_is_made_after_it(randomized, jacobian):
    stages = [
        randomized(conv_stage((3, 3, 1), 14, carries=False, width=8)),
        *(randomized(conv_stage((3, 3, 1), 14, width=8), seed=seed) for seed in (1, 2)),
    ]
    sweep = MultiscaleAutoregressive(stages, [0, 1, 2, 3], bins=5)
    z = np.random.default_rng(0).normal(size=(3, 3, 3)).astype(np.float32)
    by_parts = jacobian(sweep.forward, z).reshape(9, 3, 9, 3).transpose(1, 3, 0, 2)
    for made, source in itertools.product(range(3), repeat=2):
        part = by_parts[made, source]
        if made < source:
            assert np.abs(part).max() == 0.0
        elif made == source:
            assert np.abs(part - np.diag(np.diag(part))).max() == 0.0 and np.diag(part).min() > 0.0
        else:
            assert np.abs(part).max() > 1e-3
