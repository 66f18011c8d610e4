"""1×1 convolutions as matrix products."""

import keras
import tensorflow as tf


def pointwise(convolution: keras.layers.Conv2D, inputs: tf.Tensor, outputs: slice = slice(None)) -> tf.Tensor:
    """Return some outputs of a built 1×1 convolution: [n, H, W, C] → [n, H, W, F].

    For few pixels, a matrix product is faster than oneDNN's convolution, which reorders the weights at each call. A
    layer's result can be computed in parts, so that no split has to copy the parts.

    Args:
        convolution: a layer with a bias and without an activation.
        inputs: in the layer's compute type.
        outputs: the channels of the result, by default all.
    """
    kernel, bias = convolution.kernel[0, 0, :, outputs], convolution.bias[outputs]
    product = tf.matmul(tf.reshape(inputs, (-1, inputs.shape[-1])), kernel) + bias
    return tf.reshape(product, (-1, *inputs.shape[1:-1], product.shape[-1]))
