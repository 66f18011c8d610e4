"""Dilated convolution of masked kernels, with gradients on every processor."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

#: Number of input channels from which on the gradient of the kernel consists of one matrix product for each tap.
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
    own = dilation > 1 or inputs.shape[-1] >= SMALLEST_PRODUCT
    if tf.config.list_logical_devices("GPU") or not own:
        return tf.nn.conv2d(inputs, kernel, 1, "VALID", dilations=dilation)
    return _with_gradients(dilation, visible)(inputs, kernel)


def _with_gradients(dilation: int, visible: np.ndarray) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """Return the convolution as a function of (inputs, kernel) with gradients of its own.

    TensorFlow's own CPU kernels have no gradients of dilated convolutions. Those of oneDNN need more than twice the
    time of the products below for the gradient of the kernel.
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
