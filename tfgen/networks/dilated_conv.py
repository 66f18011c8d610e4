"""Dilated convolution whose gradients exist on every processor."""

import functools

import tensorflow as tf


def dilated_conv(inputs: tf.Tensor, kernel: tf.Tensor, dilation: int) -> tf.Tensor:
    """Convolve images by a kernel whose taps are `dilation` pixels apart, without padding.

    Args:
        inputs: [batch, H, W, C].
        kernel: [h, w, C, filters].
        dilation: distance between neighbouring taps.

    Returns:
        [batch, H − dilation (h − 1), W − dilation (w − 1), filters].
    """
    if dilation == 1 or has_dilated_gradients():
        return tf.nn.conv2d(inputs, kernel, 1, "VALID", dilations=dilation)
    # Moves each of the dilation² interleaved grids of pixels into the batch, where the taps are neighbours.
    return tf.nn.convolution(inputs, kernel, padding="VALID", dilations=(dilation, dilation))


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
