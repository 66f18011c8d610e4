"""The layer that gives the biases of each class for the hidden layers of a class-conditional network."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("tfgen")
class ClassBias(keras.layers.Layer):
    """One-hot classes to a bias of each channel for several layers: [n, K] → a list of [n, 1, 1, channels].

    The biases start at zero: a new network is the same function for all classes.

    Args:
        classes: K.
        channels: channels of each layer.
        layers: number of layers.

    Reference: van den Oord et al.: Conditional image generation with PixelCNN decoders. NeurIPS 2016, section 2.3.
    """

    def __init__(self, classes: int, channels: int, layers: int, **kwargs):
        super().__init__(**kwargs)
        self.classes, self.channels, self.count = classes, channels, layers
        # Optimizers treat a matrix of this name like a bias, not like a kernel whose rows mix.
        self.embeddings = self.add_weight((classes, layers * channels), initializer="zeros", name="embeddings")
        self.built = True

    def call(self, one_hot):
        biases = tf.matmul(tf.cast(one_hot, self.compute_dtype), self.embeddings)
        return tf.split(biases[:, tf.newaxis, tf.newaxis], self.count, axis=-1)

    def compute_output_shape(self, input_shape):
        return [(input_shape[0], 1, 1, self.channels)] * self.count

    def get_config(self):
        return {**super().get_config(), "classes": self.classes, "channels": self.channels, "layers": self.count}
