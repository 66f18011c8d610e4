import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.models.flow import Flow
from tfgen.models.flow.dequantizer import Dequantizer

SHAPE = (4, 4, 1)
WHOLE = np.random.default_rng(0).integers(0, 17, (3, *SHAPE)).astype(np.float32)
UNIFORM = np.random.default_rng(1).uniform(size=(3, *SHAPE)).astype(np.float32)


def dequantizer(gain=1.5):
    layer, generator = Dequantizer(SHAPE, 17, block=2, width=8), np.random.default_rng(2)
    for variable in layer.trainable_variables:
        fan_in = math.prod(variable.shape[:-1]) or 1
        variable.assign(variable + gain * generator.normal(size=variable.shape) / math.sqrt(fan_in))
    return layer


def test_a_new_dequantizer_is_the_identity():
    fraction, log_density = Dequantizer(SHAPE, 17, block=2)(WHOLE, UNIFORM)
    np.testing.assert_allclose(fraction, UNIFORM, atol=1e-6)
    np.testing.assert_allclose(log_density, 0.0, atol=1e-4)


def test_the_density_is_one_over_the_determinant_of_the_jacobian(jacobian):
    layer = dequantizer()
    for whole, uniform in zip(WHOLE, UNIFORM, strict=True):
        matrix = jacobian(lambda noise, whole=whole: layer(tf.zeros_like(noise) + whole, noise)[0], uniform)
        _, expected = np.linalg.slogdet(matrix)
        _, terms = layer(whole[None], uniform[None])
        assert abs(expected) > 0.1
        np.testing.assert_allclose(-tf.reduce_sum(terms), expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("shape", [(4, 4, 3), (3, 5, 3)])
def test_dependent_channels_and_padded_sides_keep_the_density(shape, jacobian):
    layer, generator = Dequantizer(shape, 17, block=2, width=8, channel_autoregressive=True), np.random.default_rng(2)
    for variable in layer.trainable_variables:
        fan_in = math.prod(variable.shape[:-1]) or 1
        variable.assign(variable + 0.7 * generator.normal(size=variable.shape) / math.sqrt(fan_in))
    # Two couplings for each of the three channels.
    assert len(layer.conditioners) == 6
    whole = generator.integers(0, 17, shape).astype(np.float32)
    uniform = generator.uniform(size=shape).astype(np.float32)
    matrix = jacobian(lambda noise: layer(tf.zeros_like(noise) + whole, noise)[0], uniform)
    _, expected = np.linalg.slogdet(matrix)
    fraction, terms = layer(whole[None], uniform[None])
    assert fraction.shape == terms.shape == (1, *shape) and abs(expected) > 0.1
    np.testing.assert_allclose(-tf.reduce_sum(terms), expected, rtol=1e-3, atol=1e-3)
    # The noise of a pixel's blue depends on the noise of its red, and the other way round.
    noise = matrix.reshape(*shape, *shape)
    assert noise[0, 0, 2, 0, 0, 0] != 0.0 or noise[0, 0, 0, 0, 0, 2] != 0.0


def test_the_noise_stays_within_the_level_and_depends_on_the_pixels():
    layer = dequantizer()
    fraction = layer(WHOLE, UNIFORM)[0].numpy()
    assert fraction.min() >= 0.0 and fraction.max() <= 1.0
    assert np.abs(layer(16.0 - WHOLE, UNIFORM)[0] - fraction).max() > 0.05


@pytest.mark.slow
def test_the_importance_weighted_bound_tends_to_the_likelihood():
    # Keras draws initial weights from a global generator. The tail of the importance weights depends on them.
    keras.utils.set_random_seed(0)
    flow = Flow(
        (1, 1, 2), 3, checkerboard=0, squeeze=(1,), couplings=(1,), multiscale_passes=1, bins=4, width=8, alpha=0.05,
        dequantization="variational",
    )  # fmt: skip
    generator = np.random.default_rng(3)
    for variable in flow.trainable_variables:
        fan_in = math.prod(variable.shape[:-1]) or 1
        variable.assign(variable + 0.4 * generator.normal(size=variable.shape) / math.sqrt(fan_in))
    images = np.stack(np.meshgrid(range(3), range(3)), axis=-1).reshape(9, 1, 1, 2).astype(np.uint8)

    bound = flow.log_prob(images).numpy()
    # 60,000 samples as 300 of each of 200 copies, which takes a hundredth of the time.
    copies = tf.function(flow.log_prob)(np.tile(images, (200, 1, 1, 1)), samples=300).numpy().reshape(200, 9)
    many = np.log(np.exp(copies.astype(np.float64)).mean(axis=0))
    # The exact probability, by the midpoint rule over the unit square of each image.
    side = (np.arange(100, dtype=np.float32) + 0.5) / 100
    square = np.stack(np.meshgrid(side, side), axis=-1).reshape(1, -1, 2)
    points = ((images.reshape(9, 1, 2) + square) / 3.0).reshape(-1, 1, 1, 2)
    density = np.exp(flow.log_density(points).numpy().reshape(9, -1).astype(np.float64))
    exact = np.log(density.mean(axis=1)) - 2.0 * math.log(3.0)
    np.testing.assert_allclose(many, exact, atol=0.05)
    assert (exact - bound).mean() > 0.2


@pytest.mark.parametrize(("kind", "name"), [("uniform", "uniform deq"), ("variational", "variational deq")])
def test_the_estimator_names_the_dequantization_noise(kind, name):
    flow = Flow((8, 8, 1), 17, checkerboard=0, squeeze=(2,), couplings=(2,), width=4, dequantization=kind)
    assert flow.estimator(1).startswith(name) and "importance-weighted bound, k = 8" in flow.estimator(8)
