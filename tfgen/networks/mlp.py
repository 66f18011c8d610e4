"""Fully connected networks."""

from collections.abc import Sequence

import keras

from tfgen.networks.dropout import Dropout
from tfgen.networks.spectral import SpectralDense

#: The name of the layer whose outputs are a network's. Optimizers may ask for it (`tfgen.training.optimizers.Muon`).
LAST = "last"


@keras.saving.register_keras_serializable("tfgen")
def leaky_relu(x):
    """max(x, 0.2 x), the slope that the GAN papers use.

    Written out, because TensorFlow's graph optimizer fails on the fused operator behind a convolution (and says so).
    """
    return keras.ops.maximum(x, 0.2 * x)


def activation_layer(name: str) -> keras.layers.Layer:
    """The layer of an activation by name."""
    return keras.layers.Activation(leaky_relu if name == "leaky_relu" else name)


def mlp(
    inputs: int,
    hidden: Sequence[int],
    outputs: int,
    *,
    activation: str = "relu",
    dropout: float = 0.0,
    zero_last: bool = False,
    spectral: bool = False,
    last_bias: bool = True,
    name: str | None = None,
) -> keras.Sequential:
    """A multilayer perceptron, [n, inputs] → [n, outputs], linear at the end, where it is float32 in any precision.

    Args:
        inputs, hidden, outputs: units of the layers.
        activation: after each hidden layer.
        dropout: rate after each hidden layer.
        zero_last: start the last layer at zero, so that the network begins as the constant 0.
        spectral: divide each weight matrix by its largest singular value.
        last_bias: whether the last layer adds one.
        name: of the network.
    """
    dense = SpectralDense if spectral else keras.layers.Dense
    layers: list[keras.layers.Layer] = [keras.layers.Input((inputs,))]
    for units in hidden:
        layers += [dense(units), activation_layer(activation)]
        if dropout:
            layers.append(Dropout(dropout))
    initializer = "zeros" if zero_last else "glorot_uniform"
    layers.append(dense(outputs, use_bias=last_bias, kernel_initializer=initializer, dtype="float32", name=LAST))
    return keras.Sequential(layers, name=name)
