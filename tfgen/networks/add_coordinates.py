"""The layer that appends the coordinates of each pixel (CoordConv)."""

import keras
import numpy as np
import tensorflow as tf


# Files of earlier versions name the class Place.
@keras.saving.register_keras_serializable("tfgen")
@keras.saving.register_keras_serializable("tfgen", name="Place")
class AddCoordinates(keras.layers.Layer):
    """Append row and column, each from −1 to 1, as two channels: [n, H, W, C] → [n, H, W, C + 2].

    Reference: Liu et al.: An intriguing failing of convolutional neural networks and the CoordConv solution. NeurIPS
    2018.
    """

    def call(self, inputs):
        height, width = inputs.shape[1:3]
        rows, columns = np.meshgrid(_line(height), _line(width), indexing="ij")
        coordinates = tf.cast(tf.constant(np.stack([rows, columns], axis=-1)), inputs.dtype)
        # Broadcasting works in TensorFlow Lite for any batch size; `tf.tile` by the number of rows does not.
        return tf.concat([inputs, tf.zeros_like(inputs[..., :1]) + coordinates], axis=-1)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], input_shape[-1] + 2)


def _line(count: int) -> np.ndarray:
    """Return `tf.linspace(-1.0, 1.0, count)`, float32 [count], which would add forty operations to a graph."""
    # NumPy's function computes in float64 and differs in the last bit, with which trained networks would change.
    line = np.float32(-1.0) + np.float32(2.0) / np.float32(max(count - 1, 1)) * np.arange(count, dtype=np.float32)
    line[1:][-1:] = 1.0
    return line
