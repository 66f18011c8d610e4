import math

import numpy as np
import pytest
import tensorflow as tf

from tfgen.networks import SoftRound


def on_logit_scale(level, levels, alpha, scale):
    """The inputs of `SoftRound` at levels and fractions of levels."""
    unit = alpha + (1 - 2 * alpha) * np.asarray(level) / levels
    return (np.log(unit / (1 - unit)) / scale).astype(np.float32).reshape(1, -1, 1, 1)


@pytest.mark.parametrize(("levels", "alpha", "scale"), [(256, 1e-4, 2.3), (17, 1e-2, 1.1), (2, 0.05, 0.7)])
def test_the_slope_is_zero_at_the_middle_of_each_level_and_positive_between_levels(levels, alpha, scale):
    soft_round = SoftRound(levels, alpha, scale)
    assert soft_round.compute_output_shape((None, levels, 1, 3)) == (None, levels, 1, 6)
    middles = on_logit_scale(np.arange(levels) + 0.5, levels, alpha, scale)
    x = tf.constant(middles)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        intensity, logit = tf.split(soft_round(x), 2, axis=-1)
    expected = (np.arange(levels) + 0.5) / levels
    np.testing.assert_allclose(np.ravel(intensity), expected, atol=1e-6)
    rounded = levels * expected
    np.testing.assert_allclose(np.ravel(logit), np.log((rounded + 0.5) / (levels + 0.5 - rounded)), atol=1e-4)
    # At the middle, the slope of the sine cancels the slope of the level, up to rounding in float32.
    plain = 1 / scale
    assert max(np.abs(tape.gradient(each, x)).max() for each in (intensity, logit)) < 1e-3 * plain
    # Rise per level of an interval of a hundredth of a level: about 0 at the middle, 2 between two levels.
    for at, low, high in ((0.5, 0.0, 1e-4), (1.0, 1.9, 2.1)):
        near = [on_logit_scale(np.arange(levels - 1) + at + shift, levels, alpha, scale) for shift in (-0.005, 0.005)]
        rise = np.ravel(levels * (soft_round(near[1]) - soft_round(near[0]))[..., 0]) / 0.01
        assert (low - 0.02 < rise).all() and (rise < high + 0.02).all()


def test_values_below_black_and_above_white_are_clipped():
    far = np.float32([-50.0, -6.0, 6.0, 50.0]).reshape(1, 4, 1, 1)
    found = SoftRound(256, 1e-4, 2.3)(far).numpy()
    edge = math.log(256.5 / 0.5)
    np.testing.assert_allclose(found[0, :, 0], [[0, -edge], [0, -edge], [1, edge], [1, edge]], atol=1e-5)
