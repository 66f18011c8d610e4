"""The residual block of networks without normalization, and its initial weights."""

import keras
import tensorflow as tf

#: Slope of the leaky rectifier for negative inputs.
SLOPE = 0.2


@keras.saving.register_keras_serializable("tfgen")
def fused_leaky_relu(x):
    """max(x, 0.2 x) as one operator, which is faster on a CPU than `tfgen.networks.activations.leaky_relu`."""
    return tf.nn.leaky_relu(x, SLOPE)


def scaled_normal(gain: float = 1.0) -> keras.initializers.Initializer:
    """He's initializer for a leaky rectifier: normal numbers of variance gain² · 2 / ((1 + slope²) · inputs).

    Reference: He et al.: Delving deep into rectifiers. ICCV 2015.
    """
    return keras.initializers.VarianceScaling(2.0 * gain**2 / (1.0 + SLOPE**2), "fan_in", "untruncated_normal")


@keras.saving.register_keras_serializable("tfgen")
class ResidualBlock(keras.layers.Layer):
    """x + W₃ a(W₂ a(W₁ x + b₁) + b₂): [n, H, W, C] → [n, H, W, C].

    W₁ and W₃ are 1×1 convolutions, W₂ is a 3×3 convolution, and a is the leaky rectifier. W₃ starts at zero, so that
    a new block is the identity. The other weights start small, by the factor `gain`, which keeps a deep stack trainable
    without normalization (fix-up initialization). The paper's block is wider between the convolutions and groups the
    channels of W₂. On a CPU, a dense W₂ of half the width is faster.

    Args:
        filters: C, channels of input and output.
        width: channels between the convolutions.
        gain: factor on the initial weights of W₁ and W₂.

    References: Huang, Gokaslan, Kuleshov, Tompkin: The GAN is dead; long live the GAN! A modern GAN baseline. NeurIPS
    2024 (R3GAN). Zhang, Dauphin, Ma: Fixup initialization: residual learning without normalization. ICLR 2019.
    """

    def __init__(self, filters: int, width: int, gain: float = 1.0, **kwargs):
        super().__init__(**kwargs)
        self.filters, self.width, self.gain = filters, width, gain
        start = scaled_normal(gain)
        self.first = keras.layers.Conv2D(width, 1, kernel_initializer=start)
        self.middle = keras.layers.Conv2D(width, 3, padding="same", kernel_initializer=start)
        self.last = keras.layers.Conv2D(filters, 1, use_bias=False, kernel_initializer="zeros")

    def build(self, input_shape):
        inner = (*input_shape[:-1], self.width)
        self.first.build(input_shape)
        self.middle.build(inner)
        self.last.build(inner)
        self.built = True

    def call(self, inputs):
        hidden = fused_leaky_relu(self.first(inputs))
        return inputs + self.last(fused_leaky_relu(self.middle(hidden)))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "filters": self.filters, "width": self.width, "gain": self.gain}
