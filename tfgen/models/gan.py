"""The generative adversarial network."""

import math
from typing import ClassVar

import keras
import tensorflow as tf

from tfgen import noise
from tfgen.config import GANConfig
from tfgen.models import pixels
from tfgen.models.contract import GenerativeModel
from tfgen.models.descent import Descent
from tfgen.networks import conv_decoder, conv_encoder, mlp

_NO_DENSITY = "a GAN draws from its distribution without ever writing down a density (no tractable likelihood)"


@keras.saving.register_keras_serializable("tfgen")
class GAN(GenerativeModel):
    """A generator G: z → x and a discriminator D: x → logit of "real", playing against each other.

        discriminator   ½ E[softplus(−D(x))] + ½ E[softplus(D(G(z)))]        → min
        generator       E[softplus(−D(G(z)))]     (nonsaturating)            → min
                        −E[softplus(D(G(z)))]     (minimax)                  → min

    softplus(−D) = −log σ(D) is the cross-entropy of calling an example real. Each step moves the discriminator once and
    then, with fresh latents, the generator once; each has an optimizer of its own. Images are seen in [−1, 1].

    Args:
        event_shape, levels, ema, seed: see `GenerativeModel`; the average is of the generator's weights.
        **hyperparameters: see `tfgen.config.GANConfig`.

    Reference: Goodfellow et al.: Generative adversarial nets. NeurIPS 2014 (both losses).

    Example:
        >>> gan = GAN((28, 28, 1), generator_dropout=0.2)
        >>> gan.compile(keras.optimizers.Adam(2e-4, beta_1=0.5), keras.optimizers.Adam(2e-4, beta_1=0.5))
        >>> gan.fit(images, batch_size=128, epochs=250)       # uint8 [n, 28, 28, 1]
    """

    config_class = GANConfig
    config: GANConfig
    undefined: ClassVar[dict[str, str]] = {
        "encode": "a GAN has no encoder: nothing in it maps an image to its latent",
        "log_prob": _NO_DENSITY,
        "bits_per_dim": _NO_DENSITY,
    }
    loss_names = ("generator_loss", "discriminator_loss", "real_accuracy", "fake_accuracy")
    selection_metric = "generator_loss"

    def _build_networks(self):
        config, outputs = self.config, math.prod(self.event_shape)
        if config.arch == "mlp" or not self.is_image:
            generator = mlp(
                config.latent_dim,
                config.generator_hidden,
                outputs,
                activation="leaky_relu",
                dropout=config.generator_dropout,
            )
            layers = [
                keras.layers.Input((config.latent_dim,)),
                generator,
                keras.layers.Reshape(self.event_shape, dtype="float32"),
            ]
            self.generator = keras.Sequential(
                layers + ([keras.layers.Activation("tanh", dtype="float32")] if self.is_image else []), name="generator"
            )
            self.discriminator = keras.Sequential(
                [
                    keras.layers.Input(self.event_shape),
                    keras.layers.Flatten(),
                    mlp(
                        outputs,
                        config.discriminator_hidden,
                        1,
                        activation="leaky_relu",
                        dropout=config.discriminator_dropout,
                    ),
                ],
                name="discriminator",
            )
            return
        channels, options = self.event_shape[-1], {"filters": config.filters, "activation": "leaky_relu"}
        self.generator = keras.Sequential(
            [
                keras.layers.Input((config.latent_dim,)),
                conv_decoder(config.latent_dim, self.event_shape, channels, **options),
                keras.layers.Activation("tanh", dtype="float32"),
            ],
            name="generator",
        )
        self.discriminator = conv_encoder(
            self.event_shape, 1, **options, dropout=config.discriminator_dropout, name="discriminator"
        )

    # -- the game -----------------------------------------------------------------------------------------------------

    def observe(self, examples) -> tf.Tensor:
        """Real examples as the discriminator sees them: images in [−1, 1], points as they are."""
        return 2.0 * pixels.unit_interval(examples, self.levels) - 1.0 if self.levels else tf.cast(examples, tf.float32)

    def generate(self, rows, draws: noise.Draws, training: bool = False) -> tf.Tensor:
        """Fakes of latents drawn for this step, [rows, *event_shape], in the discriminator's scale."""
        latent = draws.normal("latent", (rows, self.config.latent_dim))
        return self.generator(latent, training=training)

    def discriminator_losses(self, real_logit, fake_logit) -> tf.Tensor:
        """The discriminator's cross-entropy, its two halves averaged: logits [n] → [n]."""
        return 0.5 * (tf.nn.softplus(-real_logit) + tf.nn.softplus(fake_logit))

    def generator_losses(self, fake_logit) -> tf.Tensor:
        """What the generator minimizes, by the configuration's `loss`: logits [n] → [n]."""
        if self.config.loss == "minimax":
            return -tf.nn.softplus(fake_logit)
        return tf.nn.softplus(-fake_logit)

    def losses_of(self, examples, draws, training=False):
        real = self.observe(examples)
        fake = self.generate(noise.rows(real), draws, training)
        real_logit = self.discriminator(real, training=training)[:, 0]
        fake_logit = self.discriminator(fake, training=training)[:, 0]
        return {
            "generator_loss": self.generator_losses(fake_logit),
            "discriminator_loss": self.discriminator_losses(real_logit, fake_logit),
            "real_accuracy": tf.cast(real_logit > 0.0, tf.float32),
            "fake_accuracy": tf.cast(fake_logit < 0.0, tf.float32),
        }

    def descents(self):
        def discriminator(examples, draws):
            return self.losses_of(examples, draws, training=True)

        def generator(examples, draws):
            fake = self.generate(noise.rows(examples), draws, training=True)
            return {"generator_loss": self.generator_losses(self.discriminator(fake, training=True)[:, 0])}

        return [
            Descent(
                discriminator,
                "discriminator_loss",
                self.discriminator_optimizer,
                self.discriminator.trainable_variables,
            ),
            Descent(generator, "generator_loss", self.optimizer, self.generator.trainable_variables),
        ]

    # -- Keras --------------------------------------------------------------------------------------------------------

    @property
    def optimizers(self):
        return [self.optimizer, self.discriminator_optimizer]

    @property
    def optimized_variables(self):
        return self.generator.trainable_variables

    @property
    def averaged_variables(self):
        return self.generator.trainable_variables

    def compile(self, optimizer="adam", discriminator_optimizer=None, **kwargs):
        """Configure training.

        Args:
            optimizer: the generator's.
            discriminator_optimizer: the discriminator's; None for one with the same settings.
            **kwargs: see `GenerativeModel.compile`.
        """
        super().compile(optimizer, **kwargs)
        if discriminator_optimizer is None:
            discriminator_optimizer = type(self.optimizer).from_config(self.optimizer.get_config())
        self.discriminator_optimizer = keras.optimizers.get(discriminator_optimizer)
        self.discriminator_optimizer.build(self.discriminator.trainable_variables)

    def get_compile_config(self):
        if not self.compiled:
            return None
        return {
            **super().get_compile_config(),
            "discriminator_optimizer": keras.saving.serialize_keras_object(self.discriminator_optimizer),
        }

    # -- the contract -------------------------------------------------------------------------------------------------

    @property
    def latent_shape(self):
        return (self.config.latent_dim,)

    def decode(self, latent):
        """The generator: [n, latent_dim] → [n, H, W, C] in [0, 1], or points."""
        generated = self.generator(latent)
        return 0.5 * (generated + 1.0) if self.is_image else generated
