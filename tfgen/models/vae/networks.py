"""Construction of a VAE's networks from its configuration."""

import math

import keras

from tfgen.config import VAEConfig
from tfgen.networks import ClassBias, conv_decoder, conv_encoder, mlp
from tfgen.networks.hierarchy import TopDown, bottom_up

#: Channels that tell a convolutional encoder the class of the image.
CLASS_CHANNELS = 8


def encoder(config: VAEConfig, image_shape: tuple[int, int, int], classes: int = 0) -> keras.Model:
    """Build the encoder, images [n, H, W, C] → mean and log standard deviation of q(z|x), [n, 2 · latent_dim].

    That of a hierarchical VAE returns the features of the image on each grid of latents. With classes, a second input
    is a one-hot vector [n, classes].
    """
    if config.arch == "hierarchical":
        return bottom_up(
            image_shape,
            filters=config.filters,
            stride=config.latent_stride,
            blocks=config.blocks,
            activation=config.activation,
            dropout=config.dropout,
            classes=classes,
            name="encoder",
        )
    outputs = 2 * config.latent_dim
    if not classes:
        if config.arch == "conv":
            return conv_encoder(image_shape, outputs, **_conv_options(config), name="encoder")
        network = mlp(math.prod(image_shape), config.hidden, outputs, activation=config.activation)
        return keras.Sequential([keras.layers.Input(image_shape), keras.layers.Flatten(), network], name="encoder")
    image, label = keras.Input(image_shape), keras.Input((classes,))
    if config.arch == "conv":
        height, width, channels = image_shape
        (bias,) = ClassBias(classes, CLASS_CHANNELS, 1)(label)
        planes = keras.layers.UpSampling2D((height, width))(bias)
        inputs = keras.layers.Concatenate()([image, planes])
        network = conv_encoder((height, width, channels + CLASS_CHANNELS), outputs, **_conv_options(config))
    else:
        inputs = keras.layers.Concatenate()([keras.layers.Flatten()(image), label])
        network = mlp(math.prod(image_shape) + classes, config.hidden, outputs, activation=config.activation)
    return keras.Model([image, label], network(inputs), name="encoder")


def decoder(config: VAEConfig, image_shape: tuple[int, int, int], maps: int, classes: int = 0) -> keras.Model | TopDown:
    """Build the decoder, latents → feature maps [n, H, W, maps], the parameters of p(x|z).

    With classes, a second input is a one-hot vector [n, classes].
    """
    if config.arch == "hierarchical":
        network = TopDown(
            image_shape,
            maps,
            filters=config.filters,
            stride=config.latent_stride,
            groups=config.latent_groups,
            latent_channels=config.latent_channels,
            activation=config.activation,
            dropout=config.dropout,
            classes=classes,
            name="decoder",
        )
        network.build()
        return network
    inputs, name = config.latent_dim + classes, None if classes else "decoder"
    if config.arch == "conv":
        network = conv_decoder(inputs, image_shape, maps, **_conv_options(config), name=name)
    else:
        height, width, _ = image_shape
        layers = mlp(inputs, config.hidden[::-1], height * width * maps, activation=config.activation)
        reshape = keras.layers.Reshape((height, width, maps), dtype="float32")
        network = keras.Sequential([keras.layers.Input((inputs,)), layers, reshape], name=name)
    if not classes:
        return network
    latent, label = keras.Input((config.latent_dim,)), keras.Input((classes,))
    return keras.Model([latent, label], network(keras.layers.Concatenate()([latent, label])), name="decoder")


def prior_networks(config: VAEConfig, classes: int = 0) -> list[keras.Model]:
    """Build the conditioners of the prior's couplings, [n, latent_dim + classes] → [n, 2 · latent_dim].

    There are none for a normal prior. The last layer of each starts at zero, so that the prior of a new model is
    N(0, I).
    """
    if config.prior == "normal":
        return []
    size = config.latent_dim
    return [
        mlp(size + classes, config.prior_hidden, 2 * size, activation="gelu", zero_last=True, name=f"prior_{index}")
        for index in range(config.prior_couplings)
    ]


def _conv_options(config: VAEConfig) -> dict:
    return {
        "filters": config.filters,
        "blocks": config.blocks,
        "activation": config.activation,
        "dropout": config.dropout,
    }
