"""The variational autoencoder."""

import math

import keras
import tensorflow as tf
from tensorflow_probability import bijectors as tfb
from tensorflow_probability import distributions as tfd

from tfgen import random
from tfgen.bijectors.coupling import AffineCoupling
from tfgen.bijectors.masks import alternating_mask
from tfgen.config import VAEConfig
from tfgen.models import pixels
from tfgen.models.contract import DECODE_BATCH, GenerativeModel
from tfgen.networks import conv_decoder, conv_encoder, mlp

# Images from which the active latent dimensions are told, and the variance above which one is active.
DIAGNOSED = 2000
ACTIVE_VARIANCE = 0.01
# No posterior under a prior of standard deviation 1 needs a wider one. On the steep likelihood of all levels a new
# encoder's may otherwise grow without bound before the KL term is felt.
LARGEST_LOG_STD = 2.0


@keras.saving.register_keras_serializable("tfgen")
class VAE(GenerativeModel):
    """A variational autoencoder, p(x, z) = p(z) p(x|z) with the approximate posterior q(z|x).

        q(z|x) = N(z; μ(x), diag σ(x)²)
        −ELBO(x) = E_q[−log p(x|z)] + KL(q(z|x) ‖ p(z))        ≥ −log p(x)

    z = μ + σ ε is drawn once for each image. The KL term is closed where the prior is normal, and estimated with the
    same z where the prior is a learned flow. p(x|z) is Bernoulli on binarized pixels or, on all levels, a discretized
    mixture of logistics, so that its likelihood can stand beside a flow's.

    Args:
        event_shape, levels, ema, seed: see `GenerativeModel`.
        **hyperparameters: see `tfgen.config.VAEConfig`.

    Reference: Kingma, Welling: Auto-encoding variational Bayes. ICLR 2014. Importance weighting: Burda et al., ICLR
    2016. Free bits: Kingma et al.: Inverse autoregressive flow, 2016. KL warm-up: Sønderby et al., 2016.

    Example:
        >>> vae = VAE((28, 28, 1), arch="conv", activation="gelu")
        >>> vae.compile(keras.optimizers.Adam(1e-3))
        >>> vae.fit(images, batch_size=128, epochs=80)        # uint8 [n, 28, 28, 1]
        >>> vae.sample(64, seed=7)
    """

    config_class = VAEConfig
    config: VAEConfig
    loss_names = ("loss", "bits_per_dim", "reconstruction", "kl")
    selection_metric = "bits_per_dim"

    def _build_networks(self):
        config = self.config
        height, width, channels = self.event_shape
        maps = channels if config.likelihood == "bernoulli" else channels * 3 * config.mixtures
        latents = config.latent_dim
        if config.arch == "mlp":
            inputs = math.prod(self.event_shape)
            activation = config.activation
            self.encoder = keras.Sequential(
                [
                    keras.layers.Input(self.event_shape),
                    keras.layers.Flatten(),
                    mlp(inputs, config.hidden, 2 * latents, activation=activation),
                ],
                name="encoder",
            )
            self.decoder = keras.Sequential(
                [
                    keras.layers.Input((latents,)),
                    mlp(latents, config.hidden[::-1], height * width * maps, activation=activation),
                    keras.layers.Reshape((height, width, maps), dtype="float32"),
                ],
                name="decoder",
            )
        else:
            options = {
                "filters": config.filters,
                "blocks": config.blocks,
                "activation": config.activation,
                "dropout": config.dropout,
            }
            self.encoder = conv_encoder(self.event_shape, 2 * latents, **options, name="encoder")
            self.decoder = conv_decoder(latents, self.event_shape, maps, **options, name="decoder")
        self.prior_networks = []
        if config.prior == "flow":
            self.prior_networks = [
                mlp(latents, config.prior_hidden, 2 * latents, activation="gelu", zero_last=True, name=f"prior_{index}")
                for index in range(config.prior_couplings)
            ]
        self.prior = self._build_prior()

    def _build_prior(self):
        normal = tfd.MultivariateNormalDiag(loc=tf.zeros(self.config.latent_dim), scale_diag=None)
        if not self.prior_networks:
            return normal
        couplings = [
            AffineCoupling(network, alternating_mask(self.config.latent_dim, parity=index % 2))
            for index, network in enumerate(self.prior_networks)
        ]
        return tfd.TransformedDistribution(normal, tfb.Chain(couplings))

    # -- the pieces of the ELBO ---------------------------------------------------------------------------------------

    def posterior(self, observed, training: bool = False) -> tfd.Distribution:
        """q(z|x) of images as the model observes them, a batch of normals over [latent_dim]."""
        mean, log_std = tf.split(self.encoder(observed, training=training), 2, axis=-1)
        # Bounded on the way forward, as if unbounded on the way back: the KL term still pulls it down.
        log_std -= tf.stop_gradient(tf.nn.relu(log_std - LARGEST_LOG_STD))
        return tfd.MultivariateNormalDiag(loc=mean, scale_diag=tf.exp(log_std))

    def observe(self, images, rng: random.StepRng) -> tuple[tf.Tensor, tf.Tensor]:
        """What the encoder is shown and what p(x|z) has to explain, [n, H, W, C] each."""
        unit = pixels.unit_interval(images, self.levels)
        if self.config.likelihood == "bernoulli":
            bits = pixels.binarize(unit, self.config.binarize, rng)
            return bits, bits
        return 2.0 * unit - 1.0, pixels.whole_levels(images, self.levels)

    def reconstruction_log_prob(self, latent, target, training: bool = False) -> tf.Tensor:
        """log p(x|z) of each image in nats: z [n, latent_dim], target [n, H, W, C] → [n]."""
        maps = self.decoder(latent, training=training)
        if self.config.likelihood == "bernoulli":
            # The cross-entropy of a Bernoulli, in the form that no logit makes overflow in any runtime.
            return -tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(target, maps), axis=(1, 2, 3))
        return pixels.logistic_mixture_log_prob(self._mixture(maps), target, self.levels)

    def _mixture(self, maps):
        return pixels.logistic_mixture_parameters(maps, self.config.mixtures, self.event_shape[-1])

    def _prior_log_prob(self, latent):
        # A bijector's cache knows a tensor by its identity and would answer for weights that have since changed.
        return self.prior.log_prob(tf.identity(latent))

    def _noise(self, rng, observed):
        return rng.normal("posterior", (random.rows(observed), self.config.latent_dim))

    def losses_of(self, examples, rng, training=False):
        observed, target = self.observe(examples, rng)
        posterior = self.posterior(observed, training=training)
        mean, std = posterior.mean(), posterior.stddev()
        latent = mean + std * self._noise(rng, observed)
        reconstruction = -self.reconstruction_log_prob(latent, target, training=training)
        if self.config.prior == "normal":
            normal = tfd.Normal(mean, std)
            by_dimension = tfd.kl_divergence(normal, tfd.Normal(tf.zeros_like(mean), tf.ones_like(std)))
            kl = tf.reduce_sum(by_dimension, axis=-1)
        else:
            kl = posterior.log_prob(latent) - self._prior_log_prob(latent)
            by_dimension = kl[:, None]
        loss = reconstruction + self._kl_weight(training) * self._penalized(kl, by_dimension, training)
        bits = (reconstruction + kl) / (math.log(2.0) * math.prod(self.event_shape))
        return {"loss": loss, "bits_per_dim": bits, "reconstruction": reconstruction, "kl": kl}

    def _kl_weight(self, training):
        if not training or not self.config.kl_warmup:
            return self.config.beta
        return self.config.beta * tf.minimum(1.0, (tf.cast(self.step, tf.float32) + 1.0) / self.config.kl_warmup)

    def _penalized(self, kl, by_dimension, training):
        if not training or not self.config.free_bits:
            return kl
        # The batch mean of each dimension is what must rise above the allowance; every row carries an equal share.
        allowance = self.config.free_bits * (1 if self.config.prior == "normal" else self.config.latent_dim)
        return tf.zeros_like(kl) + tf.reduce_sum(tf.maximum(tf.reduce_mean(by_dimension, axis=0), allowance))

    # -- the contract -------------------------------------------------------------------------------------------------

    @property
    def latent_shape(self):
        return (self.config.latent_dim,)

    @property
    def observed_levels(self):
        return 2 if self.config.likelihood == "bernoulli" else self.levels

    def latents_from(self, normal):
        return normal if self.config.prior == "normal" else self.prior.bijector.forward(tf.identity(normal))

    def normal_from(self, latent):
        return latent if self.config.prior == "normal" else self.prior.bijector.inverse(tf.identity(latent))

    def decode(self, latent):
        """Mean of p(x|z): [n, latent_dim] → [n, H, W, C] in [0, 1]."""
        maps = self.decoder(latent)
        if self.config.likelihood == "bernoulli":
            return tf.sigmoid(maps)
        return pixels.logistic_mixture_mean(self._mixture(maps))

    def encode(self, examples):
        """Mean of q(z|x): [n, H, W, C] → [n, latent_dim], under dynamic binarization of one and the same draw."""
        with random.PerExampleRng(tf.fill((random.rows(examples),), random.seeds_from(self.seed + 1, 1)[0])) as rng:
            return self.posterior(self.observe(examples, rng)[0]).mean()

    def diagnostics(self, examples):
        """`active_units`: latent dimensions that depend on the image, Var_x(E_q[z|x]) > 0.01; the others are collapsed.

        Reference: Burda, Grosse, Salakhutdinov: Importance weighted autoencoders. ICLR 2016, section 5.2.
        """
        examples = examples[:DIAGNOSED]
        starts = range(0, len(examples), DECODE_BATCH)
        means = tf.concat([self.encode(examples[i : i + DECODE_BATCH]) for i in starts], axis=0)
        active = tf.math.reduce_variance(means, axis=0) > ACTIVE_VARIANCE
        return {"active_units": float(tf.reduce_sum(tf.cast(active, tf.float32)))}

    def sample_pixels(self, n: int = 1, seed: int = 0, temperature: float = 1.0) -> tf.Tensor:
        """Samples of p(x|z) itself and not its mean, from the same latents as `sample`: [n, H, W, C] in [0, 1]."""
        seeds = random.seeds_from(seed, n)
        starts = range(0, n, DECODE_BATCH)
        return tf.concat([self._pixels(seeds[i : i + DECODE_BATCH], temperature) for i in starts], axis=0)

    def _pixels(self, seeds, temperature):
        maps = self.decoder(self.prior_latents(seeds, temperature))
        uniform = random.uniform(seeds, 2 * math.prod(self.event_shape), stream=1)
        first, second = tf.unstack(tf.reshape(uniform, (-1, 2, *self.event_shape)), axis=1)
        if self.config.likelihood == "bernoulli":
            return tf.cast(first < tf.sigmoid(maps), tf.float32)
        return pixels.logistic_mixture_sample(self._mixture(maps), first, second, self.levels)

    def estimator(self, samples):
        if samples > 1:
            return f"importance-weighted bound, k = {samples}"
        return "ELBO, 1 sample, KL " + ("in closed form" if self.config.prior == "normal" else "by the same sample")

    def log_prob_with(self, examples, rng):
        losses = self.losses_of(examples, rng)
        return -(losses["reconstruction"] + losses["kl"])

    def log_prob(self, examples, samples=1, seed=0):
        """A lower bound on log p(x) in nats: the ELBO with one sample, the importance-weighted bound with k > 1.

            log p(x) ≥ E[log 1/k Σᵢ p(x, zᵢ) / q(zᵢ|x)],  zᵢ ~ q(z|x)

        Args:
            examples: images [n, H, W, C].
            samples: k; the bound rises with it.
            seed: of the noise.

        Returns:
            float32 [n].
        """
        if samples == 1:
            with random.StepRng(seed, 0) as rng:
                return self.log_prob_with(examples, rng)
        return self._importance_weighted(examples, tf.constant(samples, tf.int64), tf.cast(seed, tf.int64))

    @tf.function(reduce_retracing=True)
    def _importance_weighted(self, examples, samples, seed):
        with random.StepRng(seed, 0) as rng:
            observed, target = self.observe(examples, rng)
            posterior = self.posterior(observed)
        mean, std = posterior.mean(), posterior.stddev()
        total = tf.zeros_like(mean[:, 0]) - float("inf")
        for index in tf.range(samples):
            with random.StepRng(seed, index + 1) as rng:
                latent = mean + std * self._noise(rng, observed)
            weight = self.reconstruction_log_prob(latent, target) + self._prior_log_prob(latent)
            # log(a + b) one sample at a time: k samples need no more memory than one.
            total = tf.reduce_logsumexp(tf.stack([total, weight - posterior.log_prob(latent)]), axis=0)
        return total - tf.math.log(tf.cast(samples, tf.float32))
