"""The variational autoencoder."""

import math

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfgen import random
from tfgen.config import VAEConfig
from tfgen.errors import ConfigError
from tfgen.models import pixels
from tfgen.models.contract import GenerativeModel
from tfgen.models.parts import in_parts
from tfgen.models.traced import traced
from tfgen.models.vae import networks
from tfgen.models.vae.active_units import active_units
from tfgen.models.vae.free_bits import free_bits
from tfgen.models.vae.observation import observation
from tfgen.models.vae.prior import prior_distribution
from tfgen.networks.hierarchy import Inference
from tfgen.networks.latent_group import bounded_log_std

# Number of images from which `diagnostics` counts the active latent dimensions.
DIAGNOSTIC_EXAMPLES = 2000


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
        if not self.is_image:
            raise ConfigError(
                f"event_shape: expected pictures, (H, W, C), for a VAE. Received: {self.event_shape}, points, which "
                "--model flow and --model gan take"
            )
        classes = len(self.classes)
        self.observation = observation(self.config, self.event_shape[-1], self.levels)
        self.encoder = networks.encoder(self.config, self.event_shape, classes)
        self.decoder = networks.decoder(self.config, self.event_shape, self.observation.maps, classes)
        self.prior_networks = networks.prior_networks(self.config, classes)
        self.prior = None if self.prior_networks and classes else self._prior_given()

    @property
    def is_hierarchical(self) -> bool:
        """Whether the latents are a hierarchy of grids, and not one vector."""
        return self.config.arch == "hierarchical"

    @property
    def feature_networks(self):
        return ("encoder",) if self.is_hierarchical else ()

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

    def features(self, inputs, label=None, training: bool = False):
        """The encoder's output for preprocessed images [n, H, W, C]: the parameters of q(z|x), or feature maps."""
        return self.encoder(inputs if label is None else [inputs, self.one_hot(label)], training=training)

    def infer(self, features, noise, label=None, training: bool = False) -> Inference:
        """Sample z ~ q(z|x) with standard normal noise [n, latents]: z = μ + σ ε. A hierarchy is sampled top-down."""
        if self.is_hierarchical:
            return self.decoder.infer(features, noise, self.one_hot(label), training=training)
        mean, log_std = tf.split(features, 2, axis=-1)
        std = tf.exp(bounded_log_std(log_std))
        latent = mean + std * noise
        return Inference(mean, std, latent, latent)

    def reconstruction_log_prob(self, latent, target, training: bool = False, label=None) -> tf.Tensor:
        """log p(x|z) of each image in nats: z [n, latents], x [n, H, W, C] → float32 [n]."""
        return self.observation.log_prob(self._maps(latent, label, training), target)

    def _maps(self, latent, label=None, training: bool = False):
        """The parameters of p(x|z), [n, H, W, maps]."""
        # Keras takes either arrays or tensors, and the one-hot vector is a tensor.
        inputs = latent if label is None else [tf.convert_to_tensor(latent), self.one_hot(label)]
        return self.decoder(inputs, training=training)

    def _reconstruction_log_prob(self, inference: Inference, target, training: bool = False, label=None):
        """`reconstruction_log_prob` of the sampled latents. That of a hierarchy has computed most of it already."""
        if self.is_hierarchical:
            return self.observation.log_prob(self.decoder.output_of(inference.state), target)
        return self.reconstruction_log_prob(inference.latent, target, training, **self.given(label))

    def _prior_given(self, label=None) -> tfd.Distribution:
        return prior_distribution(self.latent_shape[0], self.prior_networks, self.one_hot(label))

    def _prior(self, label=None) -> tfd.Distribution:
        """p(z), or p(z|y) of a conditional model with a flow prior."""
        return self._prior_given(label) if self.prior is None else self.prior

    def _prior_log_prob(self, latent, label=None):
        # TFP's bijectors cache results by the identity of the tensor. A new tensor avoids results of older weights.
        return self._prior(label).log_prob(tf.identity(latent))

    def _posterior_noise(self, rng, inputs):
        return rng.normal("posterior", (random.rows(inputs), *self.latent_shape))

    # -- the objective ------------------------------------------------------------------------------------------------

    def losses_of(self, examples, rng, training=False, label=None):
        inputs, target = self.preprocess(examples, rng)
        features = self.features(inputs, label, training)
        found = self.infer(features, self._posterior_noise(rng, inputs), label, training)
        reconstruction = -self._reconstruction_log_prob(found, target, training, label)
        kl_of_dimensions = self._kl_of_dimensions(found, label)
        penalty = kl = tf.reduce_sum(kl_of_dimensions, axis=-1)
        if training and self.config.free_bits:
            # A flow prior gives only the KL divergence of all dimensions together, which is bounded as one.
            together = 1 if self.config.prior == "normal" else self.config.latent_dim
            penalty = free_bits(kl_of_dimensions, self.config.free_bits * together)
        loss = reconstruction + self._kl_weight(training) * penalty
        bits = (reconstruction + kl) / (math.log(2.0) * math.prod(self.event_shape))
        return {"loss": loss, "bits_per_dim": bits, "reconstruction": reconstruction, "kl": kl}

    def _kl_of_dimensions(self, found: Inference, label=None) -> tf.Tensor:
        """KL(q(z|x) ‖ p(z)) of each latent dimension, [n, latents]; with a flow prior that of all together, [n, 1]."""
        if self.config.prior == "normal":
            return tfd.kl_divergence(tfd.Normal(found.mean, found.std), tfd.Normal(0.0, 1.0))
        return (self._posterior_log_prob(found) - self._prior_log_prob(found.latent, label))[:, None]

    @staticmethod
    def _posterior_log_prob(found: Inference):
        return tfd.MultivariateNormalDiag(loc=found.mean, scale_diag=found.std).log_prob(found.latent)

    def _kl_weight(self, training):
        """β, or during the warm-up of training a weight that rises linearly from 0 to β."""
        if not training or not self.config.kl_warmup:
            return self.config.beta
        return self.config.beta * tf.minimum(1.0, (tf.cast(self.step, tf.float32) + 1.0) / self.config.kl_warmup)

    @property
    def communicates(self):
        return self.config.free_bits > 0.0

    # -- sampling, decoding, encoding ---------------------------------------------------------------------------------

    @property
    def latent_shape(self):
        return (self.decoder.latents if self.is_hierarchical else self.config.latent_dim,)

    def latents_from(self, normal, label=None):
        if self.config.prior == "normal":
            return normal
        return self._from_normal(normal, self.labels_of(label, random.rows(normal)))

    @traced
    def _from_normal(self, normal, label):
        return self._prior(label).bijector.forward(tf.identity(normal))

    def normal_from(self, latent, label=None):
        if self.config.prior == "normal":
            return latent
        return self._prior(self.labels_of(label, random.rows(latent))).bijector.inverse(tf.identity(latent))

    def decode(self, latent, label=None):
        """Compute the mean of p(x|z): [n, latents] → [n, H, W, C] in [0, 1]."""
        latent = self.checked_latents(latent)
        return self._decoded(latent, self.labels_of(label, random.rows(latent)))

    @traced
    def _decoded(self, latent, label):
        return self.observation.mean(self._maps(latent, label))

    def encode(self, examples, label=None):
        """Compute the mean of q(z|x): [n, H, W, C] → [n, latents].

        In a hierarchy, the mean of a group of latents is that for the means of the groups above. Dynamic binarization
        uses the same random numbers for every image.
        """
        examples = self.checked(examples)
        return self._encoded(examples, self.labels_of(label, random.rows(examples)))

    @traced
    def _encoded(self, examples, label):
        with random.PerExampleRng(tf.fill((random.rows(examples),), random.seeds_from(self.seed + 1, 1)[0])) as rng:
            inputs, _ = self.preprocess(examples, rng)
            features = self.features(inputs, label)
        noise = tf.zeros((random.rows(examples), *self.latent_shape)) if self.is_hierarchical else 0.0
        return self.infer(features, noise, label).mean

    # Noise and decoder as one function.
    _sample_rows = traced(GenerativeModel._sample_rows)

    def sample_pixels(self, n: int = 1, seed: int = 0, temperature: float = 1.0, label=None) -> tf.Tensor:
        """Sample from p(x|z), whereas `sample` returns its mean; the latents are the same: [n, H, W, C] in [0, 1]."""
        return self._sample_by(self._pixels_of_seeds, n, seed, temperature, label)

    @traced
    def _pixels_of_seeds(self, seeds, temperature, label):
        maps = self._maps(self.prior_latents(seeds, temperature, label), label)
        uniform = random.uniform(seeds, 2 * math.prod(self.event_shape), stream=1)
        first, second = tf.unstack(tf.reshape(uniform, (-1, 2, *self.event_shape)), axis=1)
        return self.observation.sample(maps, first, second)

    # -- likelihood ---------------------------------------------------------------------------------------------------

    @property
    def observed_levels(self):
        return 2 if self.config.likelihood == "bernoulli" else self.levels

    def estimator(self, samples):
        if samples > 1:
            return f"importance-weighted bound, k = {samples}"
        return "ELBO, 1 sample, KL " + ("in closed form" if self.config.prior == "normal" else "by the same sample")

    def log_prob_with(self, examples, rng, label=None):
        losses = self.losses_of(examples, rng, **self.given(self.labels_of(label, random.rows(examples))))
        return -(losses["reconstruction"] + losses["kl"])

    def log_prob_of_pixels_with(self, examples, rng, label=None):
        """See `Interface.log_prob_of_pixels_with`. The terms of the pixels are log p(x_i|z), the rest is −KL."""
        label = self.labels_of(label, random.rows(examples))
        inputs, target = self.preprocess(examples, rng)
        found = self.infer(self.features(inputs, label), self._posterior_noise(rng, inputs), label)
        maps = self.decoder.output_of(found.state) if self.is_hierarchical else self._maps(found.latent, label)
        terms = self.observation.pixel_log_prob(maps, target)
        return terms, -tf.reduce_sum(self._kl_of_dimensions(found, label), axis=-1)

    def log_prob_given(self, examples, samples, seed, label):
        """Estimate a lower bound of log p(x) in nats: the ELBO for k = 1, the importance-weighted bound for k > 1.

            log p(x) ≥ E[log 1/k Σᵢ p(x, zᵢ) / q(zᵢ|x)],  zᵢ ~ q(z|x)

        Args:
            examples: images [n, H, W, C].
            samples: k. The bound rises with k.
            seed: seed of the noise.
            label: int32 [n], or None for a model without labels.

        Returns:
            float32 [n].
        """
        if samples == 1:
            return self.log_prob_of_draw(examples, seed, 0, label)
        return self._importance_weighted(examples, tf.constant(samples, tf.int64), tf.cast(seed, tf.int64), label)

    @traced
    def _importance_weighted(self, examples, samples, seed, label):
        with random.StepRng(seed, 0) as rng:
            inputs, target = self.preprocess(examples, rng)
            features = self.features(inputs, label)

        def add_sample(index, total):
            with random.StepRng(seed, index + 1) as rng:
                found = self.infer(features, self._posterior_noise(rng, inputs), label)
                joint = self._reconstruction_log_prob(found, target, label=label)
            joint += self._prior_log_prob(found.latent, label)
            # Adding one weight at a time needs the memory of one sample, whatever k.
            weights = tf.stack([total, joint - self._posterior_log_prob(found)])
            return index + 1, tf.reduce_logsumexp(weights, axis=0)

        nothing = tf.fill((random.rows(inputs),), -float("inf"))
        _, total = tf.while_loop(lambda index, _: index < samples, add_sample, (tf.zeros_like(samples), nothing))
        return total - tf.math.log(tf.cast(samples, tf.float32))

    def diagnostics(self, examples, label=None):
        """`active_units`, the number of latent dimensions that depend on the image."""
        examples = examples[:DIAGNOSTIC_EXAMPLES]
        label = self.labels_of(None if label is None else label[:DIAGNOSTIC_EXAMPLES], len(examples))
        return {"active_units": active_units(in_parts(self.encode, examples, label))}
