"""The layer that appends the coordinates of each pixel (CoordConv)."""

import keras
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
        rows, columns = tf.meshgrid(tf.linspace(-1.0, 1.0, height), tf.linspace(-1.0, 1.0, width), indexing="ij")
        coordinates = tf.cast(tf.stack([rows, columns], axis=-1), inputs.dtype)
        # Broadcasting works in TensorFlow Lite for any batch size; `tf.tile` by the number of rows does not.
        return tf.concat([inputs, tf.zeros_like(inputs[..., :1]) + coordinates], axis=-1)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], input_shape[-1] + 2)
