"""Construction of the generator and the discriminator from a GAN's configuration, and their spectral norms."""

import math
from collections.abc import Sequence

import keras

from tfgen.config import AdversarialConfig
from tfgen.errors import ConfigError
from tfgen.models.gan.losses import SHIFT_INVARIANT_LOSSES
from tfgen.models.gan.projection import with_embedding, with_projection
from tfgen.networks import SpectralNormalization, conv_decoder, conv_encoder, mlp, residual_decoder, residual_encoder

_ACTIVATION = "leaky_relu"


def generator(config: AdversarialConfig, event_shape: tuple[int, ...], classes: int = 0) -> keras.Model:
    """Build a generator, [n, latent_dim] → images in [−1, 1] or points, [n, *event_shape]: a chain of layers.

    With `classes`, the one-hot vectors of the labels [n, classes] are a second input.
    """
    if classes:
        return with_embedding(_generator(config, event_shape, 2 * config.latent_dim), config.latent_dim, classes)
    return _generator(config, event_shape, config.latent_dim)


def _generator(config: AdversarialConfig, event_shape: tuple[int, ...], inputs: int) -> keras.Model:
    latent = keras.Input((inputs,))
    if _is_fully_connected(config, event_shape):
        layers = mlp(
            inputs,
            config.generator_hidden,
            math.prod(event_shape),
            activation=_ACTIVATION,
            dropout=config.generator_dropout,
        ).layers
        layers.append(keras.layers.Reshape(event_shape, dtype="float32"))
    elif config.arch == "residual":
        layers = residual_decoder(
            inputs,
            event_shape,  # type: ignore[arg-type]
            event_shape[-1],
            filters=config.filters,
            max_filters=config.max_filters,
            blocks=config.blocks,
        ).layers[1:]
    else:
        layers = conv_decoder(
            inputs,
            event_shape,  # type: ignore[arg-type]
            event_shape[-1],
            filters=config.filters,
            activation=_ACTIVATION,
            strided_only=config.arch == "dcgan",
        ).layers[1:]
    if len(event_shape) == 3:
        layers.append(keras.layers.Activation("tanh", dtype="float32"))
    output = latent
    for layer in layers:
        output = layer(output)
    return keras.Model(latent, output, name="generator")


def discriminator(
    config: AdversarialConfig,
    event_shape: tuple[int, ...],
    outputs: int = 1,
    name: str = "discriminator",
    classes: int = 0,
) -> keras.Model:
    """Build a discriminator, [n, *event_shape] → logits [n, outputs].

    Args:
        config: the GAN's configuration.
        event_shape: shape of one example, or of one pack of examples.
        outputs: number of logits.
        name: name of the network.
        classes: length of the one-hot vectors of the labels, which are a second input; 0 for no labels.

    Raises:
        ConfigError: on spectral normalization of residual blocks.
    """
    network = _discriminator(config, event_shape, outputs, name)
    return with_projection(network, classes, config.spectral_norm) if classes else network


def _discriminator(config: AdversarialConfig, event_shape: tuple[int, ...], outputs: int, name: str) -> keras.Model:
    # These losses do not change when a constant is added to D, so an output bias would get no gradient.
    last_bias = config.loss not in SHIFT_INVARIANT_LOSSES  # type: ignore[attr-defined]
    if _is_fully_connected(config, event_shape):
        network = mlp(
            math.prod(event_shape),
            config.discriminator_hidden,
            outputs,
            activation=_ACTIVATION,
            dropout=config.discriminator_dropout,
            spectral=config.spectral_norm,
            last_bias=last_bias,
        )
        return keras.Sequential([keras.layers.Input(event_shape), keras.layers.Flatten(), network], name=name)
    if config.arch == "residual":
        if config.spectral_norm:
            raise ConfigError(
                "spectral_norm: expected off with arch residual, some kernels of which start at zero. Received: on. "
                "The penalties r1 and r2 limit the gradient instead"
            )
        return residual_encoder(
            event_shape,  # type: ignore[arg-type]
            outputs,
            filters=config.discriminator_filters or config.filters,
            max_filters=config.max_filters,
            blocks=config.blocks,
            last_bias=last_bias,
            name=name,
        )
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


def update_spectral_norms(discriminators: Sequence[keras.Model]) -> None:
    """Do one power iteration in every layer with spectral normalization."""
    for network in discriminators:
        for layer in network._flatten_layers():
            if isinstance(layer, SpectralNormalization):
                layer.iterate()


def _is_fully_connected(config: AdversarialConfig, event_shape: Sequence[int]) -> bool:
    """Whether the networks are multilayer perceptrons. For points they always are."""
    return config.arch == "mlp" or len(event_shape) == 1
