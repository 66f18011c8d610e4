"""The GAN with several generators, which the discriminator has to tell apart."""

import keras
import tensorflow as tf

from tfgen.config import MADGANConfig
from tfgen.errors import ConfigError
from tfgen.models.gan.model import GAN
from tfgen.networks.branching import Branching


@keras.saving.register_keras_serializable("tfgen")
class MADGAN(GAN):
    """k generators G₁ … Gₖ with common first layers, and a discriminator that says which of them, or whether none.

        discriminator   −½ E[log p(real|x)] − ½ 1/k Σᵢ E[log p(i|Gᵢ(z))]          → min
        generators      −1/k Σᵢ E[log p(real|Gᵢ(z))]            (nonsaturating)    → min
                        1/k Σᵢ E[log(1 − p(real|Gᵢ(z)))]        (minimax)          → min

    with p the softmax of its k + 1 logits. To be told apart the generators have to draw different things: each takes
    modes of its own. What is drawn from is their even mixture.

    A latent is [z, c], z for the generators and c ∈ Rᵏ for the choice: the generator of the largest c draws. Both are
    standard normal, so that every seed has its generator, whatever the temperature (at 0 it is the first).

    R1 and R2 act on the logit of real against all others, log p(real|x) − log(1 − p(real|x)).

    Args:
        event_shape, levels, ema, seed: see `GenerativeModel`; the average is of the generators' weights.
        **hyperparameters: see `tfgen.config.MADGANConfig`.

    Reference: Ghosh, Kulharia, Namboodiri, Torr, Dokania: Multi-agent diverse generative adversarial networks. CVPR
    2018. There the discriminator's terms are summed over the generators; here they are averaged, as in a batch drawn
    from the mixture, so that its two halves weigh the same for every k.

    Example:
        >>> gan = MADGAN((28, 28, 1), generators=4)
        >>> gan.decode(latent, generator=2)                   # all of them by the third
    """

    config_class = MADGANConfig
    config: MADGANConfig

    def _build_networks(self):
        network = self._build_generator()
        self.generator = Branching(network, self.config.generators, self.config.own_layers, name="generator")
        self.discriminator = self._build_discriminator(self.config.generators + 1)

    @property
    def packing(self):
        return 1  # a pack would have no one generator

    @property
    def loss_names(self):
        return *super().loss_names, "generator_accuracy"

    # -- the game -----------------------------------------------------------------------------------------------------

    def generate(self, rows, rng, training=False):
        """Fakes [rows, *event_shape], row r by generator r mod k."""
        latent = rng.normal("latent", (rows, self.config.latent_dim))
        if training:
            return self.generator(latent, training=True)
        return self.generator.choose(latent, self.generator.turns(latent))

    def realness(self, verdict):
        return verdict[:, -1] - tf.reduce_logsumexp(verdict[:, :-1], axis=1)

    def verdict_loss(self, real, fake):
        log_real, log_fake = tf.nn.log_softmax(real), tf.nn.log_softmax(fake)
        return -0.5 * (log_real[:, -1] + tf.gather(log_fake, self.generator.turns(fake), axis=1, batch_dims=1))

    def beside(self, fake):
        named = tf.argmax(fake[:, :-1], axis=1, output_type=tf.int32)
        return {"generator_accuracy": tf.cast(tf.equal(named, self.generator.turns(fake)), tf.float32)}

    @property
    def batch_multiple(self):
        return super().batch_multiple * self.config.generators

    # -- the contract -------------------------------------------------------------------------------------------------

    @property
    def latent_shape(self):
        return (self.config.latent_dim + self.config.generators,)

    def decode(self, latent, generator: int | None = None):
        """The generators: [n, latent_dim + k] → [n, H, W, C] in [0, 1], or points.

        Args:
            latent: [z, c].
            generator: 0 to k − 1, who draws them all; None for the one of the largest c.

        Raises:
            ConfigError: if there is no such generator.
        """
        count = self.config.generators
        if generator is not None and not 0 <= generator < count:
            raise ConfigError(f"generator: expected 0 to {count - 1}. Received: {generator}")
        z, choice = tf.split(latent, [self.config.latent_dim, count], axis=1)
        if generator is None:
            return self.seen(self.generator.choose(z, tf.argmax(choice, axis=1, output_type=tf.int32)))
        return self.seen(self.generator.choose(z, tf.fill((tf.shape(z)[0],), generator)))
