"""Activation functions, and their layers by name."""

import math

import keras
import tensorflow as tf

from tfgen.networks.fused import fused

# Keras computes Φ by the complementary error function, which takes XLA more than twice the time.
_gelu = fused(
    lambda x: keras.ops.gelu(x, approximate=False),
    in_training=lambda x: 0.5 * x * (1.0 + tf.math.erf(x / math.sqrt(2.0))),
)
_tanh_gelu = fused(lambda x: keras.ops.gelu(x, approximate=True))
_silu = fused(keras.ops.silu)
_leaky_relu = fused(lambda x: keras.ops.maximum(x, 0.2 * x))


@keras.saving.register_keras_serializable("tfgen")
def leaky_relu(x):
    """max(x, 0.2 x), with the slope that the GAN papers use.

    The function does not use Keras's fused operator, because TensorFlow's graph optimizer reports an error for that
    operator after a convolution.
    """
    return _leaky_relu(x)


@keras.saving.register_keras_serializable("tfgen")
def gelu(x):
    """x Φ(x), with the distribution function Φ of the standard normal (Hendrycks, Gimpel 2016)."""
    return _gelu(x)


@keras.saving.register_keras_serializable("tfgen")
def tanh_gelu(x):
    """x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2, the approximation of `gelu` without the error function."""
    return _tanh_gelu(x)


@keras.saving.register_keras_serializable("tfgen")
def silu(x):
    """x σ(x), with the logistic function σ (Hendrycks, Gimpel 2016)."""
    return _silu(x)


#: Functions of this module by the names of Keras's own functions that they replace.
_BY_NAME = {"gelu": gelu, "leaky_relu": leaky_relu, "silu": silu}


def activation_layer(name: str) -> keras.layers.Layer:
    """The layer of an activation function, by its name: one of this module, or one of Keras."""
    return keras.layers.Activation(_BY_NAME.get(name, name))
