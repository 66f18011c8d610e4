"""Conditioners of coupling layers: networks from one part of an image to the parameters of the other part's map."""

import keras

from tfgen.networks.activations import activation_layer
from tfgen.networks.add_coordinates import AddCoordinates
from tfgen.networks.class_bias import ClassBias
from tfgen.networks.gated_block import GatedBlock
from tfgen.networks.mlp import LAST
from tfgen.networks.soft_round import SoftRound
from tfgen.networks.space_to_depth import DepthToSpace, SpaceToDepth


def conv_conditioner(
    image_shape: tuple[int, int, int],
    outputs: int,
    *,
    width: int = 64,
    blocks: int = 0,
    activation: str = "relu",
    dropout: float = 0.0,
    block_size: int = 1,
    last_kernel: int = 3,
    classes: int = 0,
    name: str | None = None,
) -> keras.Model:
    """A network from images to parameters of the same resolution: [n, H, W, C] → [n, H, W, outputs].

    The network has convolutions of 3×3, 1×1 and 3×3 as in Glow, or `blocks` gated residual blocks between two
    convolutions. The last convolution starts at zero: a new coupling is the identity, and a new deep flow has a finite
    likelihood. For images of a single pixel, all convolutions are 1×1.

    Args:
        image_shape: (H, W, C) of the conditioning part.
        outputs: channels of the result.
        width: filters of the hidden layers.
        blocks: gated residual blocks; 0 for the plain network.
        activation: after each convolution but the last.
        dropout: rate inside the residual blocks.
        block_size: side of the blocks of pixels that become channels inside the network. For a masked image of one
            channel, a value of 2 cuts the cost to a quarter, because convolutions with few channels use a processor
            badly.
        last_kernel: side of the last convolution's kernel. With the many outputs of splines, a side of 3 would take
            most of the cost.
        classes: number of classes of a class-conditional network, whose last input are one-hot classes [n, classes].
            They give a bias to the first convolution and to each block. 0 for a network without classes.
        name: of the network.
    """
    image = hidden = keras.Input(image_shape)
    one_hot, biases = _class_biases(classes, width, blocks)
    kernel = _kernel_side(image_shape)
    if block_size > 1:
        hidden = SpaceToDepth(block_size)(hidden)
    hidden = _with_bias(keras.layers.Conv2D(width, kernel, padding="same")(hidden), biases[0])
    for bias in biases[1:]:
        hidden = _block(GatedBlock(width, activation, dropout, kernel), hidden, bias)
    hidden = activation_layer(activation)(hidden)
    if not blocks:
        hidden = activation_layer(activation)(keras.layers.Conv2D(width, 1)(hidden))
    # The result is float32 in any precision.
    hidden = keras.layers.Conv2D(
        outputs * block_size**2,
        min(last_kernel, kernel),
        padding="same",
        kernel_initializer="zeros",
        dtype="float32",
        name=LAST,
    )(hidden)
    if block_size > 1:
        hidden = DepthToSpace(block_size, dtype="float32")(hidden)
    return keras.Model([image, *one_hot] if one_hot else image, hidden, name=name)


def multiscale_conditioner(
    image_shape: tuple[int, int, int],
    outputs: int,
    *,
    receives_features: bool = True,
    width: int = 64,
    blocks: int = 1,
    activation: str = "relu",
    dropout: float = 0.0,
    soft_round: SoftRound | None = None,
    kernel: int = 3,
    classes: int = 0,
    name: str | None = None,
) -> keras.Model:
    """One conditioner of the chain in `tfgen.bijectors.MultiscaleAutoregressive`.

        [h: [n, H, W, width], newest: [n, H, W, C]] → [h′: [n, H, W, width], parameters: [n, H, W, outputs]]

    h are the features of the previous conditioner. A convolution of the newest pixels is added to h, and gated residual
    blocks follow. The coordinates of each pixel are appended to the input, because away from the border convolutions
    cannot derive them. For images of a single pixel, all convolutions are 1×1. The convolution to the parameters starts
    at zero, which makes new splines the identity.

    Args:
        image_shape: (H, W, C) of the newest pixels.
        outputs: number of parameters per pixel.
        receives_features: whether there is a previous conditioner. The input of the first one is `newest` alone.
        width: filters of the hidden layers.
        blocks: gated residual blocks; 0 for a 1×1 convolution before the one to the parameters.
        activation: after each convolution but the last.
        dropout: rate inside the residual blocks.
        soft_round: layer that the pixels pass first; None: the network reads pixels as they are.
        kernel: side of the convolutions' kernels. With 1, the parameters of a pixel depend on the newest values of that
            pixel only.
        classes: number of classes of a class-conditional network, whose last input are one-hot classes [n, classes].
            They give a bias to the first convolution and to each block. 0 for a network without classes.
        name: of the network.
    """
    newest = keras.Input(image_shape)
    one_hot, biases = _class_biases(classes, width, blocks)
    kernel = min(kernel, _kernel_side(image_shape))
    pixels = AddCoordinates()(soft_round(newest) if soft_round else newest)
    features = keras.layers.Conv2D(width, kernel, padding="same")(pixels)
    received = [keras.Input((*image_shape[:2], width))] if receives_features else []
    if receives_features:
        features = keras.layers.Add()([*received, features])
    features = _with_bias(features, biases[0])
    for bias in biases[1:]:
        features = _block(GatedBlock(width, activation, dropout, kernel), features, bias)
    hidden = activation_layer(activation)(features)
    if not blocks:
        hidden = activation_layer(activation)(keras.layers.Conv2D(width, 1)(hidden))
    parameters = keras.layers.Conv2D(outputs, 1, kernel_initializer="zeros", dtype="float32", name=LAST)(hidden)
    inputs = [*received, newest, *one_hot]
    return keras.Model(inputs if len(inputs) > 1 else newest, [features, parameters], name=name)


def _class_biases(classes: int, width: int, blocks: int) -> tuple[list, list]:
    """(the input of one-hot classes, the biases of the first convolution and of each block)."""
    if not classes:
        return [], [None] * (blocks + 1)
    one_hot = keras.Input((classes,))
    return [one_hot], ClassBias(classes, width, blocks + 1)(one_hot)


def _block(block: GatedBlock, features, bias):
    return block(features) if bias is None else block(features, bias)


def _with_bias(features, bias):
    return features if bias is None else keras.layers.Add()([features, bias])


def _kernel_side(image_shape) -> int:
    """Side of the convolutions' kernels: 3, or 1 for images of a single pixel."""
    return 3 if max(image_shape[:2]) > 1 else 1
