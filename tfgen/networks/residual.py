"""Residual convolutional encoders and decoders without normalization, for images of any size.

Reference: Huang, Gokaslan, Kuleshov, Tompkin: The GAN is dead; long live the GAN! A modern GAN baseline. NeurIPS 2024
(R3GAN).
"""

import math

import keras

from tfgen.networks.mlp import LAST
from tfgen.networks.residual_block import ResidualBlock, fused_leaky_relu, scaled_normal

# The resolution is halved until both sides have at most this many pixels.
SMALLEST_SIDE = 4
# From this side on, the first blocks work at half the resolution of the image, since blocks at full resolution are the
# most expensive ones.
PATCHED_SIDE = 32
# Channels between the convolutions of a block, as a fraction of its channels.
BOTTLENECK = 0.5


def stages(image_shape: tuple[int, int, int], filters: int, max_filters: int) -> list[tuple[int, int, int]]:
    """Shapes of the feature maps (height, width, channels), from the highest to the lowest resolution.

    The first shape is the image's own, or half of it for images with a side of at least 32 pixels. Each side is halved,
    rounded up, until it has at most 4 pixels. Each halving doubles the channels up to `max_filters`.
    """
    patch = patch_size(image_shape)
    height, width = (math.ceil(side / patch) for side in image_shape[:2])
    found = [(height, width, min(filters, max_filters))]
    while max(height, width) > SMALLEST_SIDE:
        height, width = (side if side <= SMALLEST_SIDE else math.ceil(side / 2) for side in (height, width))
        found.append((height, width, min(2 * found[-1][2], max_filters)))
    return found


def patch_size(image_shape: tuple[int, int, int]) -> int:
    """Stride of the encoder's first convolution, and factor of the decoder's last interpolation: 1, or 2."""
    return 2 if max(image_shape[:2]) >= PATCHED_SIDE else 1


def residual_encoder(
    image_shape: tuple[int, int, int],
    outputs: int,
    *,
    filters: int = 32,
    max_filters: int = 256,
    blocks: int = 1,
    last_bias: bool = True,
    name: str | None = None,
) -> keras.Model:
    """A network from images to vectors: [n, H, W, C] → [n, outputs].

    A convolution makes the first feature maps. Each stage consists of residual blocks. Between stages, 2×2 means (the
    bilinear interpolation at half the size) and a 1×1 convolution change resolution and channels. At the end, a
    weighted sum over the positions, one for each channel, and a dense layer make the vector.

    Args:
        image_shape: (H, W, C).
        outputs: size of the vector.
        filters: channels of the first stage; the number doubles at each lower resolution.
        max_filters: largest number of channels.
        blocks: residual blocks of each stage.
        last_bias: whether the last layer has a bias.
        name: of the network.
    """
    shapes, patch = stages(image_shape, filters, max_filters), patch_size(image_shape)
    gain = _block_gain(len(shapes) * blocks)
    image = keras.Input(image_shape)
    kernel = 3 if patch == 1 else 4
    hidden = keras.layers.Conv2D(
        shapes[0][2], kernel, strides=patch, padding="same", kernel_initializer=scaled_normal(_LINEAR)
    )(image)
    for number, (height, width, channels) in enumerate(shapes):
        if number:
            before = shapes[number - 1]
            pool = (1 if before[0] == height else 2, 1 if before[1] == width else 2)
            hidden = keras.layers.AveragePooling2D(pool, padding="same")(hidden)
            if channels != before[2]:
                hidden = _projection(channels)(hidden)
        for _ in range(blocks):
            hidden = ResidualBlock(channels, _width(channels), gain)(hidden)
    positions = shapes[-1][:2]
    start = keras.initializers.RandomNormal(stddev=math.prod(positions) ** -0.5)
    hidden = keras.layers.DepthwiseConv2D(positions, depthwise_initializer=start)(hidden)
    hidden = keras.layers.Activation(fused_leaky_relu)(keras.layers.Flatten()(hidden))
    last = keras.layers.Dense(outputs, use_bias=last_bias, dtype="float32", name=LAST)
    return keras.Model(image, last(hidden), name=name)


def residual_decoder(
    latent_dim: int,
    image_shape: tuple[int, int, int],
    outputs: int,
    *,
    filters: int = 32,
    max_filters: int = 256,
    blocks: int = 1,
    name: str | None = None,
) -> keras.Model:
    """A network from vectors to feature maps of an image's size: [n, latent_dim] → [n, H, W, outputs].

    The mirror image of `residual_encoder`, a chain of layers: a dense layer, residual blocks at each resolution, and
    between them a 1×1 convolution and bilinear interpolation. If the first feature maps have half the resolution of the
    image, a 1×1 convolution to `filters` / 2 channels and bilinear interpolation come before the last convolution.

    Args:
        latent_dim: size of the vector.
        image_shape: (H, W, C) of the image.
        outputs: channels of the feature maps.
        filters, max_filters, blocks, name: see `residual_encoder`.
    """
    shapes, patch = stages(image_shape, filters, max_filters), patch_size(image_shape)
    gain = _block_gain(len(shapes) * blocks)
    latent = keras.Input((latent_dim,))
    hidden = keras.layers.Dense(math.prod(shapes[-1]), kernel_initializer=scaled_normal(_LINEAR))(latent)
    hidden = keras.layers.Reshape(shapes[-1])(hidden)
    for height, width, channels in reversed(shapes):
        # The convolution comes first, since it is cheaper before the interpolation and gives the same result.
        if channels != hidden.shape[-1]:
            hidden = _projection(channels)(hidden)
        if hidden.shape[1:3] != (height, width):
            hidden = keras.layers.Resizing(height, width, interpolation="bilinear")(hidden)
        for _ in range(blocks):
            hidden = ResidualBlock(channels, _width(channels), gain)(hidden)
    hidden = keras.layers.Activation(fused_leaky_relu)(hidden)
    if patch > 1:
        # A transposed convolution of stride 2 would make a visible pattern of 2×2 pixels in short trainings.
        hidden = keras.layers.Conv2D(_width(filters), 1, kernel_initializer=scaled_normal())(hidden)
        hidden = keras.layers.Resizing(*image_shape[:2], interpolation="bilinear")(hidden)
        hidden = keras.layers.Activation(fused_leaky_relu)(hidden)
    last = keras.layers.Conv2D(
        outputs, 3, padding="same", kernel_initializer=scaled_normal(_OUTPUT), dtype="float32", name=LAST
    )
    return keras.Model(latent, last(hidden), name=name)


# Gain of a layer that no activation follows: `scaled_normal` assumes one, which about halves the variance.
_LINEAR = math.sqrt(0.52)
# Gain of the last convolution, small enough to start in the linear part of a tanh.
_OUTPUT = 0.3


def _block_gain(blocks: int) -> float:
    """Factor on the initial weights of a block's first two convolutions in a stack of that many blocks.

    L^(−1 / (2m − 2)) with m = 3 convolutions of a block, by fix-up initialization.
    """
    return blocks**-0.25


def _width(channels: int) -> int:
    return max(1, int(BOTTLENECK * channels))


def _projection(channels: int) -> keras.layers.Layer:
    return keras.layers.Conv2D(channels, 1, use_bias=False, kernel_initializer=scaled_normal(_LINEAR))
