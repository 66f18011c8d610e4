"""A dilated convolution and its gradients, with and without TensorFlow's own kernels for them."""

import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from tfgen.networks import dilated_conv as module


def spread(kernel, dilation):
    """The dense kernel with zeros between the taps."""
    height, width = ((side - 1) * dilation + 1 for side in kernel.shape[:2])
    dense = np.zeros((height, width, *kernel.shape[2:]), np.float32)
    dense[::dilation, ::dilation] = kernel
    return dense


@pytest.mark.parametrize("has_gradients", [True, False])
@pytest.mark.parametrize("dilation", [1, 2, 4])
def test_values_and_gradients_are_those_of_the_kernel_with_zeros_between_its_taps(
    dilation, has_gradients, monkeypatch
):
    if has_gradients and not module.has_dilated_gradients():
        pytest.skip("TensorFlow has no gradients of dilated convolutions on this machine")
    monkeypatch.setattr(module, "has_dilated_gradients", lambda: has_gradients)
    random = np.random.default_rng(0)
    inputs = tf.constant(random.normal(size=(2, 13, 11, 3)), tf.float32)
    kernel = tf.constant(random.normal(size=(2, 3, 3, 4)), tf.float32)
    dense = tf.constant(spread(kernel.numpy(), dilation))

    @tf.function
    def of_taps(inputs, kernel):
        with tf.GradientTape() as tape:
            tape.watch((inputs, kernel))
            output = module.dilated_conv(inputs, kernel, dilation)
            loss = tf.reduce_sum(tf.sin(output))
        return output, *tape.gradient(loss, (inputs, kernel))

    with tf.GradientTape() as tape:
        tape.watch((inputs, dense))
        expected = tf.nn.conv2d(inputs, dense, 1, "VALID")
        loss = tf.reduce_sum(tf.sin(expected))
    of_inputs, of_dense = tape.gradient(loss, (inputs, dense))
    output, by_inputs, by_kernel = of_taps(inputs, kernel)
    np.testing.assert_allclose(output, expected, atol=2e-5)
    np.testing.assert_allclose(by_inputs, of_inputs, atol=2e-5)
    np.testing.assert_allclose(by_kernel, of_dense[::dilation, ::dilation], atol=2e-4)


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
