"""Dilated convolution of masked kernels, with gradients on every processor."""

import functools
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tfgen.networks.fused import in_training_step

#: Number of input channels from which on a training step computes the gradient of the kernel tap by tap.
SMALLEST_PRODUCT = 16


def dilated_conv(inputs: tf.Tensor, kernel: tf.Tensor, dilation: int, visible: np.ndarray | None = None) -> tf.Tensor:
    """Convolve images by a kernel whose taps are `dilation` pixels apart, without padding.

    Args:
        inputs: [batch, H, W, C].
        kernel: [h, w, C, filters].
        dilation: distance between neighbouring taps.
        visible: bool [h, w], False for taps that are zero and need no gradient. Default: all taps are visible.

    Returns:
        [batch, H − dilation (h − 1), W − dilation (w − 1), filters].
    """
    visible = np.ones(kernel.shape[:2], bool) if visible is None else visible
    # Only training steps have gradients of their own, because a SavedModel does not hold such gradients.
    if in_training_step() and inputs.shape[-1] >= SMALLEST_PRODUCT:
        return _with_gradients(dilation, visible)(inputs, kernel)
    if dilation == 1 or has_dilated_gradients():
        return tf.nn.conv2d(inputs, kernel, 1, "VALID", dilations=dilation)
    # Moves each of the dilation² interleaved grids of pixels into the batch, where the taps are neighbours.
    return tf.nn.convolution(inputs, kernel, padding="VALID", dilations=(dilation, dilation))


def _with_gradients(dilation: int, visible: np.ndarray) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """Return the convolution as a function of (inputs, kernel) with gradients of its own.

    The gradient of the kernel by oneDNN takes up to twice the time of the products below, and the kernels of TensorFlow
    itself have no gradients of dilated convolutions.
    """

    @tf.custom_gradient
    def convolve(inputs, kernel):
        def gradients(upstream):
            rows, columns = (dilation * (side - 1) for side in kernel.shape[:2])
            padded = tf.pad(upstream, ((0, 0), (rows, rows), (columns, columns), (0, 0)))
            turned = tf.transpose(kernel[::-1, ::-1], (0, 1, 3, 2))
            return dilated_conv(padded, turned, dilation, visible[::-1, ::-1]), of_kernel(upstream)

        def of_kernel(upstream):
            """The gradient of each visible tap is the product of the pixels under the tap and the upstream gradient."""
            channels, filters = kernel.shape[2:]
            height, width = upstream.shape[1:3]
            flat, taps = tf.reshape(upstream, (-1, filters)), []
            for row, column in np.ndindex(*visible.shape):
                if not visible[row, column]:
                    taps.append(tf.zeros((channels, filters), kernel.dtype))
                    continue
                begin = (0, dilation * row, dilation * column, 0)
                pixels = tf.reshape(tf.slice(inputs, begin, (-1, height, width, channels)), (-1, channels))
                taps.append(tf.matmul(pixels, flat, transpose_a=True))
            return tf.reshape(tf.stack(taps), kernel.shape)

        return tf.nn.conv2d(inputs, kernel, 1, "VALID", dilations=dilation), gradients

    return convolve


@functools.cache
def has_dilated_gradients() -> bool:
    """Return whether TensorFlow computes the gradients of a dilated convolution on this machine.

    TensorFlow's own CPU kernels have no gradients of dilated convolutions; those of oneDNN have. TensorFlow uses oneDNN
    only on processors with AVX512-VNNI or newer instructions for networks, unless `TF_ENABLE_ONEDNN_OPTS` is 1.
    """
    # The function may be called while a graph is traced. No tape records here, so that the gradients' operations are
    # called themselves.
    with tf.init_scope():
        image, kernel, gradient = tf.ones((1, 5, 5, 1)), tf.ones((3, 3, 1, 1)), tf.ones((1, 1, 1, 1))
        settings = {"strides": [1] * 4, "padding": "VALID", "dilations": [1, 2, 2, 1], "out_backprop": gradient}
        try:
            tf.raw_ops.Conv2DBackpropFilter(input=image, filter_sizes=kernel.shape, **settings)
            tf.raw_ops.Conv2DBackpropInput(input_sizes=image.shape, filter=kernel, **settings)
        except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError):
            return False
    return True
