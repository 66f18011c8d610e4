"""Dropout whose masks follow from the step, so that a resumed run drops what the uninterrupted one would have."""

import keras
import tensorflow as tf

from tfgen import random


@keras.saving.register_keras_serializable("tfgen")
class Dropout(keras.layers.Layer):
    """Zero each input with probability `rate` in training and scale the others by 1 / (1 − rate).

    Keras's own layer draws from a hidden generator that is neither saved with a model nor different on each replica;
    this one draws from the `random.StepRng` in whose `with` block it is called.

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
        kept = random.StepRng.current().uniform("dropout", (random.rows(inputs), *inputs.shape[1:])) >= self.rate
        return tf.where(kept, inputs / (1.0 - self.rate), tf.zeros_like(inputs))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "rate": self.rate}
