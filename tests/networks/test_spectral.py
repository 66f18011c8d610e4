"""Layers with spectral normalization have a matrix of norm 1, and change by `iterate` only."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.networks import SpectralNormalization, conv_encoder, mlp
from tfgen.networks.spectral import SpectralConv2D, SpectralDense

LAYERS = {
    "dense": (lambda: SpectralDense(7), (3, 5)),
    "conv": (lambda: SpectralConv2D(6, 3, strides=2, padding="same"), (2, 8, 8, 4)),
}


@pytest.fixture(params=LAYERS)
def layer(request):
    keras.utils.set_random_seed(0)
    make, shape = LAYERS[request.param]
    made = make()
    made.build(shape)
    return made


def largest_singular_value(kernel) -> float:
    return np.linalg.svd(np.reshape(kernel, (-1, kernel.shape[-1])), compute_uv=False)[0]


def test_the_matrix_has_norm_one(layer):
    layer.iterate(200)
    assert largest_singular_value(layer.kernel.numpy()) == pytest.approx(1.0, abs=1e-5)


def test_a_new_layer_has_norm_one_approximately(layer):
    assert largest_singular_value(layer.kernel.numpy()) == pytest.approx(1.0, abs=0.05)


def test_one_iteration_per_step_follows_changing_weights(layer):
    weights, generator = layer._kernel, np.random.default_rng(0)
    for _ in range(50):
        weights.assign_add(0.05 * generator.standard_normal(weights.shape))
        layer.iterate()
    assert largest_singular_value(weights.numpy()) > 1.5
    assert largest_singular_value(layer.kernel.numpy()) == pytest.approx(1.0, abs=0.1)


def test_calls_change_nothing(layer):
    before = [weight.numpy() for weight in layer.weights]
    _, shape = LAYERS["dense" if isinstance(layer, SpectralDense) else "conv"]
    first = layer(tf.ones(shape), training=True)
    np.testing.assert_array_equal(layer(tf.ones(shape), training=False), first)
    for weight, old in zip(layer.weights, before, strict=True):
        np.testing.assert_array_equal(weight.numpy(), old)


def test_the_gradient_includes_that_of_the_norm(layer):
    # W / σ(W) does not depend on the length of W, so the gradient along W is 0.
    layer.iterate(200)
    weights = layer._kernel
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(layer.kernel * tf.cos(tf.range(tf.size(layer.kernel), dtype=tf.float32))[0])
    gradient = tape.gradient(total, weights.value)
    assert float(tf.norm(gradient)) > 0.1
    assert float(tf.reduce_sum(gradient * weights)) == pytest.approx(0.0, abs=1e-4)


def test_a_discriminator_of_such_layers_is_lipschitz():
    keras.utils.set_random_seed(1)
    network = mlp(6, (16, 16), 1, activation="leaky_relu", spectral=True)
    for layer in network.layers:
        if isinstance(layer, SpectralNormalization):
            layer.iterate(200)
    points = np.random.default_rng(0).standard_normal((200, 6)).astype(np.float32)
    answers = network(points).numpy()[:, 0]
    distance = np.linalg.norm(points[:-1] - points[1:], axis=1)
    assert (np.abs(np.diff(answers)) <= distance * (1 + 1e-4)).all()


@pytest.mark.parametrize("strided_only", [False, True])
def test_every_weight_matrix_of_a_convolutional_discriminator_is_normalized(strided_only):
    network = conv_encoder((16, 16, 1), 1, filters=4, strided_only=strided_only, spectral=True)
    with_weights = [layer for layer in network.layers if layer.weights]
    assert len(with_weights) == (4 if not strided_only else 3)
    assert all(isinstance(layer, SpectralNormalization) for layer in with_weights)
