"""MAD-GAN: several generators, and one discriminator that identifies the generator of each fake."""

import keras
import tensorflow as tf

from tfgen.config import MADGANConfig
from tfgen.errors import ConfigError
from tfgen.models.gan.model import GAN
from tfgen.models.traced import traced
from tfgen.networks.branching import Branching


@keras.saving.register_keras_serializable("tfgen")
class MADGAN(GAN):
    """k generators G₁ … Gₖ with shared first layers, and a discriminator with the classes 1 … k and "real".

        discriminator   −½ E[log p(real|x)] − ½ 1/k Σᵢ E[log p(i|Gᵢ(z))]          → min
        generators      −1/k Σᵢ E[log p(real|Gᵢ(z))]            (nonsaturating)    → min
                        1/k Σᵢ E[log(1 − p(real|Gᵢ(z)))]        (minimax)          → min

    p is the softmax of the discriminator's k + 1 logits. The discriminator can identify the generator of a fake only if
    the generators produce different examples, so that each generator learns modes of its own. The model's distribution
    is the mixture of the generators with equal weights.

    A latent is the concatenation [z, c] of the generators' input z and of c ∈ Rᵏ. The generator with the largest c
    decodes z. Both parts are standard normal. The generator of a seed does not depend on the temperature, except for
    temperature 0, at which it is the first one.

    The penalties R1 and R2 use the logit of "real" against all other classes, log p(real|x) − log(1 − p(real|x)).

    Args:
        event_shape, levels, ema, seed: see `GenerativeModel`. The average is of the generators' weights.
        **hyperparameters: see `tfgen.config.MADGANConfig`.

    Reference: Ghosh, Kulharia, Namboodiri, Torr, Dokania: Multi-agent diverse generative adversarial networks. CVPR
    2018. The paper sums the discriminator's terms over the generators. This class averages them, so that real and fake
    examples have the same weight for every k.

    Example:
        >>> gan = MADGAN((28, 28, 1), generators=4)
        >>> gan.decode(latent, generator=2)                   # all latents decoded by the third generator
    """

    config_class = MADGANConfig
    config: MADGANConfig

    def _build_networks(self):
        if self.is_conditional:
            raise ConfigError(
                "classes: expected none for a MAD-GAN, whose discriminator tells generators apart and not classes. "
                f"Received: {len(self.classes)} classes"
            )
        network = self._build_generator()
        self.generator = Branching(network, self.config.generators, self.config.own_layers, name="generator")
        self.discriminator = self._build_discriminator(self.config.generators + 1)
        self._build_augmentation()

    @property
    def packing(self):
        return 1  # The examples of a pack would come from different generators.

    @property
    def loss_names(self):
        return *super().loss_names, "generator_accuracy"

    # -- logits and losses --------------------------------------------------------------------------------------------

    def generate(self, n, rng, training=False):
        """Generate `n` fakes: [n, *event_shape] in the scale of the networks. Generator r mod k makes row r."""
        latent = rng.normal("latent", (n, self.config.latent_dim))
        if training:
            return self.generator(latent, training=True)
        return self.generator.choose(latent, self.generator.branch_indices(latent))

    def real_logit(self, logits):
        return logits[:, -1] - tf.reduce_logsumexp(logits[:, :-1], axis=1)

    def discriminator_loss(self, real_logits, fake_logits):
        log_real, log_fake = tf.nn.log_softmax(real_logits), tf.nn.log_softmax(fake_logits)
        generator = self.generator.branch_indices(fake_logits)
        return -0.5 * (log_real[:, -1] + tf.gather(log_fake, generator, axis=1, batch_dims=1))

    def extra_metrics(self, fake_logits):
        """`generator_accuracy`: whether the most probable of the classes 1 … k is the generator of the fake."""
        predicted = tf.argmax(fake_logits[:, :-1], axis=1, output_type=tf.int32)
        correct = tf.equal(predicted, self.generator.branch_indices(fake_logits))
        return {"generator_accuracy": tf.cast(correct, tf.float32)}

    @property
    def batch_multiple(self):
        return super().batch_multiple * self.config.generators

    # -- the contract -------------------------------------------------------------------------------------------------

    @property
    def latent_shape(self):
        return (self.config.latent_dim + self.config.generators,)

    def decode(self, latent, generator: int | None = None):
        """Generate examples: [n, latent_dim + k] → images [n, H, W, C] in [0, 1], or points [n, D].

        Args:
            latent: [z, c].
            generator: index of the generator for all rows, 0 to k − 1. None uses the generator with the largest c.

        Raises:
            ConfigError: if `generator` is out of range.
        """
        count = self.config.generators
        if generator is not None and not 0 <= generator < count:
            raise ConfigError(f"generator: expected 0 to {count - 1}. Received: {generator}")
        return self._generated(latent, generator)

    @traced
    def _generated(self, latent, generator):
        z, choice = tf.split(latent, [self.config.latent_dim, self.config.generators], axis=1)
        if generator is None:
            index = tf.argmax(choice, axis=1, output_type=tf.int32)
        else:
            index = tf.fill((tf.shape(z)[0],), generator)
        return self.to_unit_interval(self.generator.choose(z, index))

    def stratified_latents(self, seeds):
        """Latents of the prior, of which the generators decode equal shares: row r by generator r mod k, [n, d].

        The entries of c are rotated, which does not change their distribution.
        """
        z, choice = tf.split(self.normal_noise(seeds), [self.config.latent_dim, self.config.generators], axis=1)
        shift = self.generator.branch_indices(z) - tf.argmax(choice, axis=1, output_type=tf.int32)
        place = (tf.range(self.config.generators)[None] - shift[:, None]) % self.config.generators
        return tf.concat([z, tf.gather(choice, place, axis=1, batch_dims=1)], axis=1)
