"""Fully connected networks."""

from collections.abc import Sequence

import keras

from tfgen.networks.activations import activation_layer
from tfgen.networks.dropout import Dropout
from tfgen.networks.spectral import SpectralDense

#: Name of the last layer of every network. The optimizer `tfgen.training.optimizers.Muon` treats this layer separately.
LAST = "last"


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
    """A multilayer perceptron, [n, inputs] → [n, outputs]. The last layer is linear, and float32 in any precision.

    Args:
        inputs, hidden, outputs: units of the layers.
        activation: after each hidden layer.
        dropout: rate after each hidden layer.
        zero_last: whether the last layer starts at zero, which makes a new network the constant 0.
        spectral: whether each weight matrix is divided by its largest singular value.
        last_bias: whether the last layer has a bias.
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
