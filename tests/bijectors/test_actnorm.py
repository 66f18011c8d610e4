import numpy as np
import tensorflow as tf

from tfgen.bijectors import ActNorm, ScaleAndShift

DATA = np.random.default_rng(0).normal([3.0, -1.0], [0.1, 20.0], (64, 5, 4, 2)).astype(np.float32)


def test_the_first_batch_is_normalized():
    layer = ScaleAndShift(2)
    layer.initialize_from(tf.constant(DATA))
    x = ActNorm(layer).inverse(tf.constant(DATA)).numpy().reshape(-1, 2)
    np.testing.assert_allclose(x.mean(axis=0), 0.0, atol=1e-4)
    np.testing.assert_allclose(x.std(axis=0), 1.0, rtol=1e-4)


def test_later_batches_change_nothing():
    layer = ScaleAndShift(2)
    layer.initialize_from(tf.constant(DATA))
    before = layer.get_weights()
    layer.initialize_from(tf.constant(7.0 * DATA + 1.0))
    for kept, weight in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(kept, weight)


def test_a_constant_channel_stays_finite():
    layer = ScaleAndShift(1)
    layer.initialize_from(tf.ones((8, 4, 4, 1)))
    assert np.isfinite(ActNorm(layer).inverse(tf.constant(np.full((1, 4, 4, 1), 1.5, np.float32)))).all()


def test_the_layer_is_the_bijector(randomized):
    layer = randomized(ScaleAndShift(2))
    np.testing.assert_allclose(layer(DATA), ActNorm(layer).forward(tf.constant(DATA)), rtol=1e-5, atol=1e-5)
