"""Dropout-GAN: one generator and several discriminators, a random subset of which trains the generator."""

import keras
import tensorflow as tf

from tfgen.config import DropoutGANConfig
from tfgen.models.gan.model import GAN


@keras.saving.register_keras_serializable("tfgen")
class DropoutGAN(GAN):
    """A generator G and K discriminators. Each batch trains the generator with a random subset of the discriminators.

        discriminator k   its own loss, as in a GAN, on every batch           → min
        generator         1/K Σₖ δₖ E[L(Dₖ(G(z)))],  P(δₖ = 0) = d            → min

    L is the generator's adversarial loss, d is `feedback_dropout`. δ is drawn once for a batch. If all δₖ are 0, one of
    them, drawn uniformly, is set to 1. The subset changes from batch to batch, so that fooling a single discriminator,
    for example by generating a single mode, does not pay. Outside of training all δₖ are 1.

    Args:
        event_shape, levels, ema, seed: see `GenerativeModel`. The average is of the generator's weights.
        **hyperparameters: see `tfgen.config.DropoutGANConfig`.

    Reference: Mordido, Yang, Meinel: Dropout-GAN: learning from a dynamic ensemble of discriminators, 2018.

    Example:
        >>> gan = DropoutGAN((28, 28, 1), discriminators=5, feedback_dropout=0.5)
    """

    config_class = DropoutGANConfig
    config: DropoutGANConfig

    def _build_networks(self):
        self.generator = self._build_generator()
        self.ensemble = [
            self._build_discriminator(name=f"discriminator_{number}") for number in range(self.config.discriminators)
        ]
        self._build_augmentation()

    @property
    def discriminators(self):
        return self.ensemble

    def feedback(self, rng, training):
        """δ / K, float32 [K]."""
        count = self.config.discriminators
        if not training:
            return tf.fill((count,), 1.0 / count)
        uniform = rng.shared_uniform("feedback", (count + 1,))
        kept = uniform[:count] >= self.config.feedback_dropout
        fallback = tf.equal(tf.range(count), tf.cast(uniform[count] * count, tf.int32))
        return tf.cast(tf.where(tf.reduce_any(kept), kept, fallback), tf.float32) / count
