"""The GAN with several discriminators that do not always get a hearing."""

import keras
import tensorflow as tf

from tfgen.config import DropoutGANConfig
from tfgen.models.gan.model import GAN


@keras.saving.register_keras_serializable("tfgen")
class DropoutGAN(GAN):
    """A generator G against K discriminators, of which each batch hears a random part.

        discriminator k   its own loss, as in a GAN                           → min, on every batch
        generator         1/K Σₖ δₖ E[L(Dₖ(G(z)))],  P(δₖ = 0) = d            → min

    with L the generator's loss in the chosen game. δ is drawn once for a batch; where all would be 0, one, drawn
    evenly, is 1. What fools a single judge, such as a single mode, is not worth learning for a generator whose judges
    change. Without training all are heard.

    Args:
        event_shape, levels, ema, seed: see `GenerativeModel`; the average is of the generator's weights.
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

    @property
    def discriminators(self):
        return self.ensemble

    def feedback(self, rng, training):
        count = self.config.discriminators
        if not training:
            return tf.fill((count,), 1.0 / count)
        uniform = rng.shared_uniform("feedback", (count + 1,))
        heard = uniform[:count] >= self.config.feedback_dropout
        one = tf.equal(tf.range(count), tf.cast(uniform[count] * count, tf.int32))
        return tf.cast(tf.where(tf.reduce_any(heard), heard, one), tf.float32) / count
