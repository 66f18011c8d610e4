"""Convolutional encoders and decoders, which halve and double the resolution."""

import keras

from tfgen.networks.activations import activation_layer
from tfgen.networks.crop import Crop
from tfgen.networks.gated_block import GatedBlock
from tfgen.networks.mlp import LAST
from tfgen.networks.spectral import SpectralConv2D, SpectralDense

# The encoder halves the resolution until a side is at most this many pixels.
SMALLEST_SIDE = 4
# Side of the kernels if there are strided convolutions only. Twice the stride covers all pixels equally often, which
# avoids checkerboard patterns.
STRIDED_KERNEL = 4


def resolutions(image_shape: tuple[int, int, int]) -> list[tuple[int, int]]:
    """Heights and widths of the feature maps of an encoder, from the image's own to the last: (28, 28) … (4, 4)."""
    sides = [image_shape[:2]]
    while min(sides[-1]) > SMALLEST_SIDE:
        height, width = sides[-1]
        sides.append(((height + 1) // 2, (width + 1) // 2))
    return sides


def channels(filters: int, stage: int) -> int:
    """Number of filters of stage 0, 1, 2, …: `filters` in stage 0, twice as many in later stages."""
    return filters * min(2**stage, 2)


def conv_encoder(
    image_shape: tuple[int, int, int],
    outputs: int,
    *,
    filters: int = 32,
    blocks: int = 0,
    activation: str = "gelu",
    dropout: float = 0.0,
    strided_only: bool = False,
    spectral: bool = False,
    last_bias: bool = True,
    name: str | None = None,
) -> keras.Model:
    """A network from images to vectors: [n, H, W, C] → [n, outputs].

    A stage is a 3×3 convolution of stride 2, followed by a 3×3 convolution of stride 1 (except in the last stage) or by
    `blocks` gated residual blocks. A dense layer maps the last feature maps to the vector. With `strided_only`, a stage
    is one 4×4 convolution of stride 2 as in DCGAN, at half the cost.

    Args:
        image_shape: (H, W, C).
        outputs: size of the vector.
        filters: filters of the first stage; later stages have twice as many.
        blocks: gated residual blocks of each stage; 0 for the plain network.
        activation: after each convolution.
        dropout: rate inside the residual blocks.
        strided_only: whether each stage has one convolution only.
        spectral: whether weight matrices outside of the residual blocks are divided by their largest singular value.
        last_bias: whether the last layer has a bias.
        name: of the network.

    Reference: Radford, Metz, Chintala: Unsupervised representation learning with deep convolutional GANs. ICLR 2016.
    """
    convolution, dense = (SpectralConv2D, SpectralDense) if spectral else (keras.layers.Conv2D, keras.layers.Dense)
    kernel = STRIDED_KERNEL if strided_only else 3
    image = hidden = keras.Input(image_shape)
    stages = len(resolutions(image_shape)) - 1
    for stage in range(stages):
        width = channels(filters, stage)
        hidden = convolution(width, kernel, strides=2, padding="same")(hidden)
        if blocks:
            for _ in range(blocks):
                hidden = GatedBlock(width, activation, dropout)(hidden)
        else:
            hidden = activation_layer(activation)(hidden)
            if stage < stages - 1 and not strided_only:
                hidden = convolution(width, 3, padding="same")(hidden)
                hidden = activation_layer(activation)(hidden)
    if blocks:
        hidden = activation_layer(activation)(hidden)
    last = dense(outputs, use_bias=last_bias, dtype="float32", name=LAST)
    return keras.Model(image, last(keras.layers.Flatten()(hidden)), name=name)


def conv_decoder(
    latent_dim: int,
    image_shape: tuple[int, int, int],
    outputs: int,
    *,
    filters: int = 32,
    blocks: int = 0,
    activation: str = "gelu",
    dropout: float = 0.0,
    strided_only: bool = False,
    name: str | None = None,
) -> keras.Model:
    """A network from vectors to feature maps of an image's size, the mirror image of `conv_encoder`.

        [n, latent_dim] → [n, H, W, outputs]

    Transposed convolutions double the resolution. Where the encoder halved an odd side (7 → 4), the surplus row and
    column are cropped.

    Args:
        latent_dim: size of the vector.
        image_shape: (H, W, C) of the image.
        outputs: channels of the feature maps.
        filters, blocks, activation, dropout, strided_only, name: see `conv_encoder`.
    """
    kernel = STRIDED_KERNEL if strided_only else 3
    sides = resolutions(image_shape)
    stages = len(sides) - 1
    latent = keras.Input((latent_dim,))
    height, width = sides[-1]
    maps = channels(filters, max(stages - 1, 0))
    hidden = keras.layers.Dense(height * width * maps)(latent)
    hidden = activation_layer(activation)(hidden)
    hidden = keras.layers.Reshape((height, width, maps))(hidden)
    for stage in reversed(range(stages)):
        if blocks:
            for _ in range(blocks):
                hidden = GatedBlock(channels(filters, stage), activation, dropout)(hidden)
            hidden = activation_layer(activation)(hidden)
        elif stage < stages - 1 and not strided_only:
            hidden = keras.layers.Conv2D(channels(filters, stage), 3, padding="same")(hidden)
            hidden = activation_layer(activation)(hidden)
        # The result is float32 in any precision.
        maps, dtype, called = (channels(filters, stage - 1), None, None) if stage else (outputs, "float32", LAST)
        hidden = keras.layers.Conv2DTranspose(maps, kernel, strides=2, padding="same", dtype=dtype, name=called)(hidden)
        if sides[stage] != tuple(2 * side for side in sides[stage + 1]):
            hidden = Crop(*sides[stage], dtype=dtype)(hidden)
        # Residual blocks start with their own activation.
        if stage > 0 and not blocks:
            hidden = activation_layer(activation)(hidden)
    if not stages:
        hidden = keras.layers.Conv2D(outputs, 3, padding="same", dtype="float32", name=LAST)(hidden)
    return keras.Model(latent, hidden, name=name)
