"""Dropout whose masks are a function of the training step."""

import keras
import tensorflow as tf

from tfgen import random


@keras.saving.register_keras_serializable("tfgen")
class Dropout(keras.layers.Layer):
    """Zero each input with probability `rate` in training and scale the others by 1 / (1 − rate).

    The probability is the multiple of 2⁻¹⁶ that is nearest to `rate`.

    The masks come from the `random.StepRng` in whose `with` block the layer is called, so that a resumed run draws the
    same masks as an uninterrupted one. `keras.layers.Dropout` is not used: its generator's state is not saved with a
    model, and the state is the same on all replicas.

    Args:
        rate: probability of dropping a unit, in [0, 1).

    Reference: Srivastava et al.: Dropout: a simple way to prevent neural networks from overfitting. JMLR, 2014.
    """

    def __init__(self, rate: float, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate

    def call(self, inputs, training=False):
        if not training or self.rate == 0.0:
            return inputs
        # Integers of 16 bits take half the time of uniform numbers, which is a tenth of the step of a GAN with masks.
        dropped = min(round(self.rate * 2**16), 2**16 - 1)
        numbers = random.StepRng.current().integers("dropout", (random.rows(inputs), *inputs.shape[1:]))
        return tf.where(numbers >= dropped, inputs / (1.0 - dropped / 2**16), tf.zeros_like(inputs))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "rate": self.rate}
