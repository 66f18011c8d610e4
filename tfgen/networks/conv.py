"""Convolutional encoders and decoders that halve and double the resolution."""

import keras

from tfgen.networks.gated_resnet import GatedBlock
from tfgen.networks.mlp import activation_layer

# Strided convolutions go on until a side is this small.
SMALLEST_SIDE = 4


def resolutions(image_shape: tuple[int, int, int]) -> list[tuple[int, int]]:
    """The heights and widths an encoder passes through, from the image's own to the last: (28, 28) … (4, 4)."""
    sides = [image_shape[:2]]
    while min(sides[-1]) > SMALLEST_SIDE:
        height, width = sides[-1]
        sides.append(((height + 1) // 2, (width + 1) // 2))
    return sides


def channels(filters: int, stage: int) -> int:
    """Filters after stage 0, 1, 2, …: the base at first, doubled after it, at most fourfold."""
    return filters * min(2**stage, 2)


def conv_encoder(
    image_shape: tuple[int, int, int],
    outputs: int,
    *,
    filters: int = 32,
    blocks: int = 0,
    activation: str = "gelu",
    dropout: float = 0.0,
    name: str | None = None,
) -> keras.Model:
    """Images to vectors: [n, H, W, C] → [n, outputs].

    Each stage is a 3×3 convolution of stride 2, followed by one of stride 1 (but at the last resolution), or by
    `blocks` gated residual blocks. A dense layer reads the last feature maps.

    Args:
        image_shape: (H, W, C).
        outputs: size of the vector.
        filters: at the first stage, doubled after it.
        blocks: gated residual blocks at each resolution; 0 for the plain network.
        activation: after each convolution.
        dropout: rate inside the residual blocks.
        name: of the network.
    """
    image = hidden = keras.Input(image_shape)
    stages = len(resolutions(image_shape)) - 1
    for stage in range(stages):
        width = channels(filters, stage)
        hidden = keras.layers.Conv2D(width, 3, strides=2, padding="same")(hidden)
        if blocks:
            for _ in range(blocks):
                hidden = GatedBlock(width, activation, dropout)(hidden)
        else:
            hidden = activation_layer(activation)(hidden)
            if stage < stages - 1:
                hidden = keras.layers.Conv2D(width, 3, padding="same")(hidden)
                hidden = activation_layer(activation)(hidden)
    if blocks:
        hidden = activation_layer(activation)(hidden)
    return keras.Model(image, keras.layers.Dense(outputs, dtype="float32")(keras.layers.Flatten()(hidden)), name=name)


def conv_decoder(
    latent_dim: int,
    image_shape: tuple[int, int, int],
    outputs: int,
    *,
    filters: int = 32,
    blocks: int = 0,
    activation: str = "gelu",
    dropout: float = 0.0,
    name: str | None = None,
) -> keras.Model:
    """Vectors to feature maps of an image's size: [n, latent_dim] → [n, H, W, outputs]; mirrors `conv_encoder`.

    A transposed convolution doubles the resolution; where the encoder halved an odd side (7 → 4), the surplus row and
    column are cropped.

    Args: as for `conv_encoder`; `outputs` are the channels of the result.
    """
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
        elif stage < stages - 1:
            hidden = keras.layers.Conv2D(channels(filters, stage), 3, padding="same")(hidden)
            hidden = activation_layer(activation)(hidden)
        # The result is float32 in any precision.
        maps, dtype = (outputs, "float32") if stage == 0 else (channels(filters, stage - 1), None)
        hidden = keras.layers.Conv2DTranspose(maps, 3, strides=2, padding="same", dtype=dtype)(hidden)
        surplus = [2 * small - large for small, large in zip(sides[stage + 1], sides[stage], strict=True)]
        if any(surplus):
            hidden = keras.layers.Cropping2D(((0, surplus[0]), (0, surplus[1])), dtype=dtype)(hidden)
        # The residual blocks begin with an activation of their own.
        if stage > 0 and not blocks:
            hidden = activation_layer(activation)(hidden)
    if not stages:
        hidden = keras.layers.Conv2D(outputs, 3, padding="same", dtype="float32")(hidden)
    return keras.Model(latent, hidden, name=name)
