"""A dilated convolution and its gradients, with and without TensorFlow's own kernels for them."""

import contextlib
import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from tfgen.networks import dilated_conv as module
from tfgen.networks.fused import fused_elementwise


def spread(kernel, dilation):
    """The dense kernel with zeros between the taps."""
    height, width = ((side - 1) * dilation + 1 for side in kernel.shape[:2])
    dense = np.zeros((height, width, *kernel.shape[2:]), np.float32)
    dense[::dilation, ::dilation] = kernel
    return dense


def results(function, inputs, kernel, training=True):
    """The values of a convolution, and the gradients of the sum of their sines for both arguments."""

    @tf.function(autograph=False)
    def compute(inputs, kernel):
        with fused_elementwise() if training else contextlib.nullcontext(), tf.GradientTape() as tape:
            tape.watch((inputs, kernel))
            output = function(inputs, kernel)
            loss = tf.reduce_sum(tf.sin(output))
        return output, *tape.gradient(loss, (inputs, kernel))

    return [tensor.numpy() for tensor in compute(tf.constant(inputs), tf.constant(kernel))]


@pytest.mark.parametrize(("channels", "training"), [(3, True), (3, False), (module.SMALLEST_PRODUCT, True)])
@pytest.mark.parametrize("has_gradients", [True, False])
@pytest.mark.parametrize("dilation", [1, 2, 4])
def test_values_and_gradients_are_those_of_the_kernel_with_zeros_between_its_taps(
    dilation, has_gradients, channels, training, monkeypatch
):
    if has_gradients and not module.has_dilated_gradients():
        pytest.skip("TensorFlow has no gradients of dilated convolutions on this machine")
    monkeypatch.setattr(module, "has_dilated_gradients", lambda: has_gradients)
    random = np.random.default_rng(0)
    inputs = random.normal(size=(2, 13, 11, channels)).astype(np.float32)
    kernel = random.normal(size=(2, 3, channels, 4)).astype(np.float32)
    found = results(lambda x, k: module.dilated_conv(x, k, dilation), inputs, kernel, training)
    expected = results(lambda x, k: tf.nn.conv2d(x, k, 1, "VALID"), inputs, spread(kernel, dilation))
    expected[2] = expected[2][::dilation, ::dilation]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=2e-4)


@pytest.mark.parametrize("dilation", [1, 2])
def test_a_tap_that_is_not_visible_has_no_gradient_and_the_others_are_unchanged(dilation):
    random, channels = np.random.default_rng(0), module.SMALLEST_PRODUCT
    visible = np.array([[True, True, True], [True, False, False]])
    inputs = random.normal(size=(2, 9, 11, channels)).astype(np.float32)
    kernel = random.normal(size=(2, 3, channels, 4)).astype(np.float32) * visible[..., None, None]
    found = results(lambda x, k: module.dilated_conv(x, k, dilation, visible), inputs, kernel)
    expected = results(lambda x, k: module.dilated_conv(x, k, dilation), inputs, kernel)
    for one, other in zip(found[:2], expected[:2], strict=True):
        np.testing.assert_array_equal(one, other)
    assert (found[2][~visible] == 0).all() and (expected[2][~visible] != 0).any()
    np.testing.assert_array_equal(found[2][visible], expected[2][visible])


@pytest.mark.parametrize("visible", [np.ones((2, 3), bool), np.array([[True, True, True], [True, False, False]])])
def test_second_derivatives(visible):
    random, channels = np.random.default_rng(0), module.SMALLEST_PRODUCT
    inputs = tf.constant(random.normal(size=(1, 9, 9, channels)), tf.float32)
    kernel = tf.constant(0.1 * random.normal(size=(2, 3, channels, channels)) * visible[..., None, None], tf.float32)

    def penalty(convolve, kernel):
        with fused_elementwise(), tf.GradientTape() as outer:
            outer.watch(kernel)
            with tf.GradientTape() as inner:
                inner.watch(inputs)
                output = tf.reduce_sum(convolve(inputs, kernel) ** 3)
            norm = tf.reduce_sum(inner.gradient(output, inputs) ** 2)
        return outer.gradient(norm, kernel).numpy()

    found = penalty(lambda x, k: module.dilated_conv(x, k, 2, visible), kernel)
    dense = penalty(lambda x, k: tf.nn.conv2d(x, k, 1, "VALID"), tf.constant(spread(kernel.numpy(), 2)))
    expected = dense[::2, ::2][visible]
    np.testing.assert_allclose(found[visible], expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())


def test_only_a_training_step_has_gradients_of_its_own():
    """A SavedModel does not hold them, and TensorFlow warns when it loads a model without them."""
    shapes = (1, 9, 9, module.SMALLEST_PRODUCT), (2, 3, module.SMALLEST_PRODUCT, 2)

    def kinds(training):
        def run(inputs, kernel):
            with fused_elementwise() if training else contextlib.nullcontext():
                return module.dilated_conv(inputs, kernel, 1)

        graph = tf.function(run, autograph=False).get_concrete_function(*map(tf.TensorSpec, shapes)).graph
        return {operation.type for operation in graph.get_operations()}

    assert "IdentityN" in kinds(training=True) and "IdentityN" not in kinds(training=False)


@pytest.mark.slow
@pytest.mark.parametrize("onednn", ["0", "1"])
def test_an_autoregressive_flow_trains_with_and_without_onednn(onednn, tmp_path):
    options = "--autoregressive --checkerboard 0 --couplings 0 --squeeze 2 --blocks 3 --width 8 --epochs 1 --xla off"
    command = [sys.executable, "-m", "tfgen", "train", "--model", "flow", *options.split(), "--train-size", "64"]
    done = subprocess.run(
        [*command, "--run", str(tmp_path / "run")],
        env={**os.environ, "TF_ENABLE_ONEDNN_OPTS": onednn},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
