"""The two networks of an adversarial game, from its configuration."""

import math
from collections.abc import Sequence

import keras

from tfgen.config import AdversarialConfig
from tfgen.models.gan.losses import SHIFT_INVARIANT_LOSSES
from tfgen.networks import conv_decoder, conv_encoder, mlp

_ACTIVATION = "leaky_relu"


def is_fully_connected(config: AdversarialConfig, event_shape: Sequence[int]) -> bool:
    """Whether the two are multilayer perceptrons; points have nothing to convolve."""
    return config.arch == "mlp" or len(event_shape) == 1


def generator(config: AdversarialConfig, event_shape: tuple[int, ...]) -> keras.Model:
    """Latents to examples, images in [−1, 1]: [n, latent_dim] → [n, *event_shape], a chain of layers."""
    latent = keras.Input((config.latent_dim,))
    if is_fully_connected(config, event_shape):
        chain = mlp(
            config.latent_dim,
            config.generator_hidden,
            math.prod(event_shape),
            activation=_ACTIVATION,
            dropout=config.generator_dropout,
        ).layers
        chain.append(keras.layers.Reshape(event_shape, dtype="float32"))
    else:
        chain = conv_decoder(
            config.latent_dim,
            event_shape,  # type: ignore[arg-type]
            event_shape[-1],
            filters=config.filters,
            activation=_ACTIVATION,
            strided_only=config.arch == "dcgan",
        ).layers[1:]
    if len(event_shape) == 3:
        chain.append(keras.layers.Activation("tanh", dtype="float32"))
    drawn = latent
    for layer in chain:
        drawn = layer(drawn)
    return keras.Model(latent, drawn, name="generator")


def discriminator(
    config: AdversarialConfig, event_shape: tuple[int, ...], outputs: int = 1, name: str = "discriminator"
) -> keras.Model:
    """Examples, or packs of them, to logits: [n, *event_shape] → [n, outputs]."""
    # A number that the game takes no notice of could not be learned.
    last_bias = config.loss not in SHIFT_INVARIANT_LOSSES  # type: ignore[attr-defined]
    if is_fully_connected(config, event_shape):
        judge = mlp(
            math.prod(event_shape),
            config.discriminator_hidden,
            outputs,
            activation=_ACTIVATION,
            dropout=config.discriminator_dropout,
            spectral=config.spectral_norm,
            last_bias=last_bias,
        )
        return keras.Sequential([keras.layers.Input(event_shape), keras.layers.Flatten(), judge], name=name)
    return conv_encoder(
        event_shape,  # type: ignore[arg-type]
        outputs,
        filters=config.discriminator_filters or config.filters,
        activation=_ACTIVATION,
        strided_only=config.arch == "dcgan",
        spectral=config.spectral_norm,
        last_bias=last_bias,
        name=name,
    )
