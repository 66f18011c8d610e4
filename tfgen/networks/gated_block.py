"""The gated residual block."""

import keras
import tensorflow as tf

from tfgen.networks.activations import activation_layer
from tfgen.networks.dropout import Dropout
from tfgen.networks.fused import fused


@fused
def _add_gated(inputs, pair):
    """inputs + a · σ(b), for a and b in the first and the second half of the channels of `pair`."""
    value, gate = tf.split(pair, 2, axis=-1)
    return inputs + value * tf.sigmoid(gate)


@keras.saving.register_keras_serializable("tfgen")
class GatedBlock(keras.layers.Layer):
    """x + a(h) · σ(b(h)), where h is a convolution of x: [n, H, W, C] → [n, H, W, C].

    If a bias [n, 1, 1, C] is given, h is the convolution plus the bias. A class-conditional network gives the bias of
    each example's class.

    a and b start at zero, which makes a new block the identity and keeps deep stacks trainable. Layer normalization is
    not used, because on a CPU it takes a fifth of the training step.

    Args:
        filters: C, channels of input and output.
        activation: before each convolution.
        dropout: rate between the two convolutions.
        kernel: side of the first convolution's kernel.

    Reference: van den Oord et al.: Conditional image generation with PixelCNN decoders. NeurIPS 2016; Salimans et al.:
    PixelCNN++. ICLR 2017 (the residual form).
    """

    def __init__(self, filters: int, activation: str = "elu", dropout: float = 0.0, kernel: int = 3, **kwargs):
        super().__init__(**kwargs)
        self.filters, self.activation, self.rate, self.kernel = filters, activation, dropout, kernel
        self.first = keras.layers.Conv2D(filters, kernel, padding="same")
        self.second = keras.layers.Conv2D(2 * filters, 1, kernel_initializer="zeros")
        self.act = activation_layer(activation)
        self.drop = Dropout(dropout)

    def build(self, input_shape):
        for layer in (self.first, self.second):
            layer.build(input_shape)
        self.built = True

    def call(self, inputs, bias=None, training=False):
        hidden = self.first(self.act(inputs))
        return self.add_gated(inputs, hidden if bias is None else hidden + bias, training)

    def add_gated(self, inputs, hidden, training=False):
        """inputs + a(h) · σ(b(h)), where `hidden` is the result of the first convolution."""
        hidden = self.act(hidden)
        return _add_gated(inputs, self.second(self.drop(hidden, training=training)))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = {"filters": self.filters, "activation": self.activation, "dropout": self.rate, "kernel": self.kernel}
        return {**super().get_config(), **config}
