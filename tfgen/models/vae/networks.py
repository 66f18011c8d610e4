"""Construction of a VAE's networks from its configuration."""

import math

import keras

from tfgen.config import VAEConfig
from tfgen.networks import conv_decoder, conv_encoder, mlp


def encoder(config: VAEConfig, image_shape: tuple[int, int, int]) -> keras.Model:
    """Build the encoder, images [n, H, W, C] → mean and log standard deviation of q(z|x), [n, 2 · latent_dim]."""
    outputs = 2 * config.latent_dim
    if config.arch == "conv":
        return conv_encoder(image_shape, outputs, **_conv_options(config), name="encoder")
    network = mlp(math.prod(image_shape), config.hidden, outputs, activation=config.activation)
    return keras.Sequential([keras.layers.Input(image_shape), keras.layers.Flatten(), network], name="encoder")


def decoder(config: VAEConfig, image_shape: tuple[int, int, int]) -> keras.Model:
    """Build the decoder, latents [n, latent_dim] → parameters of p(x|z).

    These are the logits [n, H, W, C] of a Bernoulli distribution or the maps [n, H, W, 3 · mixtures · C] of a mixture.
    """
    height, width, channels = image_shape
    maps = channels if config.likelihood == "bernoulli" else channels * 3 * config.mixtures
    if config.arch == "conv":
        return conv_decoder(config.latent_dim, image_shape, maps, **_conv_options(config), name="decoder")
    network = mlp(config.latent_dim, config.hidden[::-1], height * width * maps, activation=config.activation)
    reshape = keras.layers.Reshape((height, width, maps), dtype="float32")
    return keras.Sequential([keras.layers.Input((config.latent_dim,)), network, reshape], name="decoder")


def prior_networks(config: VAEConfig) -> list[keras.Model]:
    """Build the conditioners of the prior's couplings, [n, latent_dim] → [n, 2 · latent_dim]. None for a normal prior.

    The last layer of each starts at zero, so that the prior of a new model is N(0, I).
    """
    if config.prior == "normal":
        return []
    size = config.latent_dim
    return [
        mlp(size, config.prior_hidden, 2 * size, activation="gelu", zero_last=True, name=f"prior_{index}")
        for index in range(config.prior_couplings)
    ]


def _conv_options(config: VAEConfig) -> dict:
    return {
        "filters": config.filters,
        "blocks": config.blocks,
        "activation": config.activation,
        "dropout": config.dropout,
    }
