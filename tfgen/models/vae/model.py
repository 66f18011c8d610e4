"""The variational autoencoder."""

import math

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfgen import random
from tfgen.config import VAEConfig
from tfgen.models import logistic_mixture, pixels
from tfgen.models.contract import DECODE_BATCH, GenerativeModel
from tfgen.models.vae import networks
from tfgen.models.vae.prior import prior_distribution

# Number of images from which `diagnostics` counts the active latent dimensions.
DIAGNOSTIC_EXAMPLES = 2000
# Variance over the images above which the posterior mean of a latent dimension counts as active.
ACTIVE_VARIANCE = 0.01
# Upper bound of the posterior's log standard deviation. The prior's standard deviation is 1, so that no posterior needs
# more. Without the bound, the likelihood of all levels can make it diverge at the start of training.
MAX_LOG_STD = 2.0


@keras.saving.register_keras_serializable("tfgen")
class VAE(GenerativeModel):
    """A variational autoencoder, p(x, z) = p(z) p(x|z) with the approximate posterior q(z|x).

        q(z|x) = N(z; μ(x), diag σ(x)²)
        −ELBO(x) = E_q[−log p(x|z)] + KL(q(z|x) ‖ p(z))        ≥ −log p(x)

    The expectation is estimated with one sample z = μ + σ ε for each image. If the prior is normal, the KL divergence
    is computed in closed form. If the prior is a flow, it is estimated with the same z. p(x|z) is a Bernoulli
    distribution of binarized pixels, or a discretized mixture of logistics of all levels, whose likelihood is
    comparable to a flow's.

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
        self.encoder = networks.encoder(self.config, self.event_shape)
        self.decoder = networks.decoder(self.config, self.event_shape)
        self.prior_networks = networks.prior_networks(self.config)
        self.prior = prior_distribution(self.config.latent_dim, self.prior_networks)

    # -- the distributions --------------------------------------------------------------------------------------------

    def preprocess(self, images, rng: random.StepRng) -> tuple[tf.Tensor, tf.Tensor]:
        """Convert images to the encoder's input and to the values that p(x|z) is a distribution of, [n, H, W, C] each.

        Bernoulli: both are the binarized pixels. Mixture of logistics: pixels in [−1, 1], and integer levels.
        """
        unit = pixels.unit_interval(images, self.levels)
        if self.config.likelihood == "bernoulli":
            bits = pixels.binarize(unit, self.config.binarize, rng)
            return bits, bits
        return 2.0 * unit - 1.0, pixels.whole_levels(images, self.levels)

    def posterior(self, inputs, training: bool = False) -> tfd.Distribution:
        """q(z|x) of preprocessed images [n, H, W, C]: n normal distributions over [latent_dim]."""
        mean, log_std = tf.split(self.encoder(inputs, training=training), 2, axis=-1)
        # The bound has the gradient of the identity, so that the KL divergence still pulls the value below the bound.
        log_std -= tf.stop_gradient(tf.nn.relu(log_std - MAX_LOG_STD))
        return tfd.MultivariateNormalDiag(loc=mean, scale_diag=tf.exp(log_std))

    def reconstruction_log_prob(self, latent, target, training: bool = False) -> tf.Tensor:
        """log p(x|z) of each image in nats: z [n, latent_dim], x [n, H, W, C] → float32 [n]."""
        maps = self.decoder(latent, training=training)
        if self.config.likelihood == "bernoulli":
            # This form of the cross-entropy does not overflow for any logit, in any of the export formats.
            return -tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(target, maps), axis=(1, 2, 3))
        return logistic_mixture.log_prob(self._mixture(maps), target, self.levels)

    def _mixture(self, maps):
        return logistic_mixture.split_parameters(maps, self.config.mixtures, self.event_shape[-1])

    def _prior_log_prob(self, latent):
        # TFP's bijectors cache results by the identity of the tensor. A new tensor avoids results of older weights.
        return self.prior.log_prob(tf.identity(latent))

    def _posterior_noise(self, rng, inputs):
        return rng.normal("posterior", (random.rows(inputs), self.config.latent_dim))

    # -- the objective ------------------------------------------------------------------------------------------------

    def losses_of(self, examples, rng, training=False):
        inputs, target = self.preprocess(examples, rng)
        posterior = self.posterior(inputs, training=training)
        mean, std = posterior.mean(), posterior.stddev()
        latent = mean + std * self._posterior_noise(rng, inputs)
        reconstruction = -self.reconstruction_log_prob(latent, target, training=training)
        if self.config.prior == "normal":
            normal = tfd.Normal(mean, std)
            kl_of_dimensions = tfd.kl_divergence(normal, tfd.Normal(tf.zeros_like(mean), tf.ones_like(std)))
            kl = tf.reduce_sum(kl_of_dimensions, axis=-1)
        else:
            kl = posterior.log_prob(latent) - self._prior_log_prob(latent)
            kl_of_dimensions = kl[:, None]
        loss = reconstruction + self._kl_weight(training) * self._free_bits(kl, kl_of_dimensions, training)
        bits = (reconstruction + kl) / (math.log(2.0) * math.prod(self.event_shape))
        return {"loss": loss, "bits_per_dim": bits, "reconstruction": reconstruction, "kl": kl}

    def _kl_weight(self, training):
        """β, or during the warm-up of training a weight that rises linearly from 0 to β."""
        if not training or not self.config.kl_warmup:
            return self.config.beta
        return self.config.beta * tf.minimum(1.0, (tf.cast(self.step, tf.float32) + 1.0) / self.config.kl_warmup)

    def _free_bits(self, kl, kl_of_dimensions, training):
        """The KL term of the training loss, [n]: the batch mean of each dimension, but at least `free_bits` nats.

        A flow prior gives only the KL divergence of all dimensions together, which is bounded as one.
        """
        if not training or not self.config.free_bits:
            return kl
        allowance = self.config.free_bits * (1 if self.config.prior == "normal" else self.config.latent_dim)
        # Every example has the same value, so that the mean over the batch is this value.
        return tf.zeros_like(kl) + tf.reduce_sum(tf.maximum(tf.reduce_mean(kl_of_dimensions, axis=0), allowance))

    # -- sampling, decoding, encoding ---------------------------------------------------------------------------------

    @property
    def latent_shape(self):
        return (self.config.latent_dim,)

    def latents_from(self, normal):
        return normal if self.config.prior == "normal" else self.prior.bijector.forward(tf.identity(normal))

    def normal_from(self, latent):
        return latent if self.config.prior == "normal" else self.prior.bijector.inverse(tf.identity(latent))

    def decode(self, latent):
        """Compute the mean of p(x|z): [n, latent_dim] → [n, H, W, C] in [0, 1]."""
        maps = self.decoder(latent)
        if self.config.likelihood == "bernoulli":
            return tf.sigmoid(maps)
        return logistic_mixture.mean(self._mixture(maps))

    def encode(self, examples):
        """Compute the mean of q(z|x): [n, H, W, C] → [n, latent_dim].

        Dynamic binarization uses the same random numbers for every image.
        """
        with random.PerExampleRng(tf.fill((random.rows(examples),), random.seeds_from(self.seed + 1, 1)[0])) as rng:
            return self.posterior(self.preprocess(examples, rng)[0]).mean()

    def sample_pixels(self, n: int = 1, seed: int = 0, temperature: float = 1.0) -> tf.Tensor:
        """Sample from p(x|z), whereas `sample` returns its mean; the latents are the same: [n, H, W, C] in [0, 1]."""
        seeds = random.seeds_from(seed, n)
        starts = range(0, n, DECODE_BATCH)
        return tf.concat([self._pixels_of_seeds(seeds[i : i + DECODE_BATCH], temperature) for i in starts], axis=0)

    def _pixels_of_seeds(self, seeds, temperature):
        maps = self.decoder(self.prior_latents(seeds, temperature))
        uniform = random.uniform(seeds, 2 * math.prod(self.event_shape), stream=1)
        first, second = tf.unstack(tf.reshape(uniform, (-1, 2, *self.event_shape)), axis=1)
        if self.config.likelihood == "bernoulli":
            return tf.cast(first < tf.sigmoid(maps), tf.float32)
        return logistic_mixture.sample(self._mixture(maps), first, second, self.levels)

    # -- likelihood ---------------------------------------------------------------------------------------------------

    @property
    def observed_levels(self):
        return 2 if self.config.likelihood == "bernoulli" else self.levels

    def estimator(self, samples):
        if samples > 1:
            return f"importance-weighted bound, k = {samples}"
        return "ELBO, 1 sample, KL " + ("in closed form" if self.config.prior == "normal" else "by the same sample")

    def log_prob_with(self, examples, rng):
        losses = self.losses_of(examples, rng)
        return -(losses["reconstruction"] + losses["kl"])

    def log_prob_given(self, examples, samples=1, seed=0, label=None):
        """Estimate a lower bound of log p(x) in nats: the ELBO for k = 1, the importance-weighted bound for k > 1.

            log p(x) ≥ E[log 1/k Σᵢ p(x, zᵢ) / q(zᵢ|x)],  zᵢ ~ q(z|x)

        Args:
            examples: images [n, H, W, C].
            samples: k. The bound rises with k.
            seed: seed of the noise.

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
            inputs, target = self.preprocess(examples, rng)
            posterior = self.posterior(inputs)
        mean, std = posterior.mean(), posterior.stddev()
        total = tf.zeros_like(mean[:, 0]) - float("inf")
        for index in tf.range(samples):
            with random.StepRng(seed, index + 1) as rng:
                latent = mean + std * self._posterior_noise(rng, inputs)
            weight = self.reconstruction_log_prob(latent, target) + self._prior_log_prob(latent)
            # Adding one weight at a time needs the memory of one sample, whatever k.
            total = tf.reduce_logsumexp(tf.stack([total, weight - posterior.log_prob(latent)]), axis=0)
        return total - tf.math.log(tf.cast(samples, tf.float32))

    def diagnostics(self, examples):
        """`active_units`: the number of latent dimensions that depend on the image, Var_x(E_q[z|x]) > 0.01.

        The posterior of the other dimensions has collapsed to the prior.

        Reference: Burda, Grosse, Salakhutdinov: Importance weighted autoencoders. ICLR 2016, section 5.2.
        """
        examples = examples[:DIAGNOSTIC_EXAMPLES]
        starts = range(0, len(examples), DECODE_BATCH)
        means = tf.concat([self.encode(examples[i : i + DECODE_BATCH]) for i in starts], axis=0)
        active = tf.math.reduce_variance(means, axis=0) > ACTIVE_VARIANCE
        return {"active_units": float(tf.reduce_sum(tf.cast(active, tf.float32)))}
