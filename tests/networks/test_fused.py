"""A fused function has the values and derivatives of the function, and is compiled in training steps only."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.models import logistic_mixture
from tfgen.networks import fused as module
from tfgen.networks.activations import activation_layer, gelu, leaky_relu, silu, tanh_gelu
from tfgen.networks.fused import fused, fused_elementwise
from tfgen.networks.gated_block import GatedBlock

FUNCTIONS = {
    "gelu": (gelu, lambda x: keras.ops.gelu(x, approximate=False)),
    "tanh_gelu": (tanh_gelu, lambda x: keras.ops.gelu(x, approximate=True)),
    "silu": (silu, keras.ops.silu),
}


@pytest.fixture
def small_sizes(monkeypatch):
    """Let functions of few elements be compiled too."""
    monkeypatch.setattr(module, "SMALLEST_COMPILED", 1)


def derivatives(function, x):
    """(values, first, second derivatives) of an elementwise function at x [n]."""
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = function(x)
        first = inner.gradient(y, x)
    return y, first, outer.gradient(first, x)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_and_two_derivatives_are_those_of_the_function(name, small_sizes):
    ours, theirs = FUNCTIONS[name]
    x = tf.linspace(-4.0, 4.0, 301)
    expected = derivatives(theirs, tf.cast(x, tf.float64))
    with fused_elementwise():
        found = tf.function(lambda x: derivatives(ours, x), autograph=False)(x)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=2e-5)


def test_a_gradient_penalty_through_a_leaky_relu(small_sizes):
    """The penalty's derivative passes through the derivative of the activation, which is constant on each side."""
    random = np.random.default_rng(0)
    x, weights = (
        tf.constant(random.normal(size=(8, 5)), tf.float32),
        tf.constant(random.normal(size=(5, 6)), tf.float32),
    )

    def derivative(activation, weights):
        with tf.GradientTape() as outer:
            outer.watch(weights)
            with tf.GradientTape() as inner:
                inner.watch(x)
                output = tf.reduce_sum(activation(x @ weights) ** 2)
            penalty = tf.reduce_sum(inner.gradient(output, x) ** 2)
        return outer.gradient(penalty, weights)

    expected = derivative(lambda x: tf.where(x > 0, x, 0.2 * x), weights)
    with fused_elementwise():
        found = tf.function(lambda weights: derivative(leaky_relu, weights), autograph=False)(weights)
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_several_arguments_broadcast_and_have_their_own_gradients(small_sizes):
    """The likelihood of levels under a mixture: three arguments, of which the levels have no gradient."""
    random = np.random.default_rng(0)
    means, log_scales = (tf.constant(random.normal(size=(50, 3)), tf.float32) for _ in range(2))
    levels = tf.constant(random.integers(0, 17, size=(50, 1)), tf.float32)

    def results(means, log_scales, levels):
        with tf.GradientTape() as tape:
            tape.watch((means, log_scales, levels))
            value = logistic_mixture.discretized_log_prob(means, log_scales, levels, 17)
        *gradients, of_levels = tape.gradient(value, (means, log_scales, levels))
        assert of_levels is None
        return value, *gradients

    expected = results(means, log_scales, levels)
    with fused_elementwise():
        found = tf.function(results, autograph=False)(means, log_scales, levels)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


def test_a_gated_block_has_the_same_values_and_gradients_compiled(small_sizes):
    """The gate is a function of two tensors with different numbers of channels."""
    random, block = np.random.default_rng(0), GatedBlock(4)
    x = tf.constant(random.normal(size=(2, 5, 6, 4)), tf.float32)
    block.build(x.shape)
    for variable in block.trainable_variables:
        variable.assign(random.normal(size=variable.shape))

    def results(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = block(x)
            loss = tf.reduce_sum(tf.sin(value))
        return value, *tape.gradient(loss, [x, *(variable.value for variable in block.trainable_variables)])

    expected = results(x)
    with fused_elementwise():
        assert compiles(results, x)
        found = tf.function(results, autograph=False)(x)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


def compiles(function, x) -> bool:
    """Whether the graph of a function of x holds a function for XLA."""
    graph = tf.function(function, autograph=False).get_concrete_function(x).graph.as_graph_def()
    return any(entry.attr["_XlaMustCompile"].b for entry in graph.library.function)


def test_only_large_tensors_of_a_training_step_are_compiled(monkeypatch):
    monkeypatch.setattr(module, "SMALLEST_COMPILED", 100)
    function = fused(tf.nn.softplus)
    assert not compiles(function, tf.zeros((10, 10)))
    with fused_elementwise():
        assert compiles(function, tf.zeros((10, 10)))
        assert not compiles(function, tf.zeros((9, 11)))
        assert not compiles(function, tf.TensorSpec((None, 100)))
    assert not compiles(function, tf.zeros((10, 10)))


def test_nothing_is_compiled_on_a_machine_with_a_gpu(monkeypatch, small_sizes):
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda kind: ["GPU:0"])
    with fused_elementwise():
        assert not compiles(fused(tf.nn.softplus), tf.zeros((10, 10)))


@pytest.mark.parametrize("name", ["gelu", "silu", "leaky_relu", "relu", "elu", "tanh"])
def test_layers_of_all_activations_are_restored_from_their_configuration(name):
    layer = activation_layer(name)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    x = np.linspace(-3, 3, 13, dtype=np.float32)
    np.testing.assert_array_equal(again(x), layer(x))
