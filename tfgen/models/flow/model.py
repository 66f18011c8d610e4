"""The normalizing flow of images or points."""

import contextlib
import math
from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability import bijectors as tfb
from tensorflow_probability import distributions as tfd

from tfgen import random
from tfgen.bijectors import in_order_of_data, inverse_and_log_slopes
from tfgen.config import families, migration
from tfgen.models import pixels
from tfgen.models.contract import GenerativeModel
from tfgen.models.flow.gaussian_noise import add_gaussian_noise, remove_gaussian_noise
from tfgen.models.flow.image_chain import image_chain, make_dequantizer
from tfgen.models.flow.initialize import initialize
from tfgen.models.flow.parts import Parts
from tfgen.models.flow.point_chain import point_chain
from tfgen.models.flow.transformer_chain import transformer_chain
from tfgen.models.traced import traced

# Number of examples of which `diagnostics` measures the inversion error.
DIAGNOSED = 64
# Label of an example whose class is not given to the networks: its one-hot vector is zero.
NO_CLASS = -1


@keras.saving.register_keras_serializable("tfgen")
class Flow(Parts, GenerativeModel):
    """A normalizing flow, x = f(z) with f invertible and z ~ N(0, τ² I).

        log p(x) = log N(f⁻¹(x); 0, τ² I) + log |det ∂f⁻¹/∂x|

    The chain of bijectors, from the data to the latent, is for

        images   dequantize → logit → (autoregressive splines of all pixels) → [checkerboard coupling] × N → level × L
                 level: squeeze → (multiscale autoregressive splines of the b² pixels of a block) × passes
                        → (ActNorm → invertible 1×1 → channel coupling) × K
                        → factor out half of the channels, or after passes all but the first pixel of each block
        points   (ActNorm → coupling with an alternating mask) × N

    Dequantization adds noise u in [0, 1)^D to integer levels x, y = (x + u) / levels. The density of y bounds the
    probability of x from below:

        log P(x) ≥ E_q(u|x)[log p(y) − log q(u|x)] − D log levels

    q is uniform, or variational: a small flow of the noise, conditioned on the pixels and trained by the same bound.

    The loss of images is the negative bound in nats per dimension, so that one norm of gradient clipping suits every
    image size. The loss of points is −log p(x) in nats.

    Args:
        event_shape, levels, ema, seed: see `GenerativeModel`.
        **hyperparameters: fields of `tfgen.config.flow.FlowConfig` for images, of `PointFlowConfig` for points.

    Raises:
        ConfigError: if a squeeze is larger than the image, or if a coupling has nothing to condition on.

    Reference: Dinh, Sohl-Dickstein, Bengio: Density estimation using Real NVP. ICLR 2017; Kingma, Dhariwal: Glow.
    NeurIPS 2018; Papamakarios, Pavlakou, Murray: Masked autoregressive flow. NeurIPS 2017; Theis, van den Oord, Bethge:
    A note on the evaluation of generative models. ICLR 2016 (the bound); Ho et al.: Flow++. ICML 2019, section 3.1
    (variational dequantization); Durkan et al.: Neural spline flows. NeurIPS 2019; Reed et al.: Parallel multiscale
    autoregressive density estimation. ICML 2017.

    Example:
        >>> flow = Flow((28, 28, 1), squeeze=(4,), couplings=(12,), checkerboard=0, width=128)
        >>> flow.initialize_from(images[:256])                # uint8 [n, 28, 28, 1]
        >>> flow.compile(keras.optimizers.Adam(1e-3), clip_norm=1.0)
        >>> flow.fit(images, batch_size=128, epochs=10)
        >>> flow.sample(64, seed=7, temperature=0.8)
    """

    config: Any

    @property
    def config_class(self):
        return families.config_class("flow", points=not self.is_image)

    @classmethod
    def from_config(cls, config):
        points = len(config["event_shape"]) == 1
        return cls(**migration.migrate_hyperparameters("flow", migration.without_format(config), points))

    amplifies_rounding = "each coupling multiplies the rounding errors of the previous coupling by up to e³"

    @property
    def loss_names(self):
        return ("loss", "bits_per_dim") if self.is_image else ("loss",)

    # -- the chain of bijectors ---------------------------------------------------------------------------------------

    def _build_networks(self):
        self._start_parts()
        #: Weight of the guidance of `decode`, and whether `decode` removes gaussian noise. Both may be changed.
        self.guidance: float = getattr(self.config, "guidance", 0.0)
        self.denoise: bool = self.is_image and self.config.dequantization == "gaussian" and self.config.denoise
        if self.is_image:
            self.dequantizer = make_dequantizer(self)
        chain = point_chain if not self.is_image else transformer_chain if self.config.transformers else image_chain
        prior = tfd.Sample(tfd.Normal(0.0, self.config.prior_scale), self.latent_shape)
        self.flow = tfd.TransformedDistribution(prior, tfb.Chain(chain(self), name="chain"), name="flow")

    def initialize_from(self, examples, label=None):
        """Initialize every ActNorm from a first batch, in the order from the data to the latent.

        An ActNorm that is initialized, by data or by loaded weights, does not change. Under `tf.distribute`, call this
        method outside `strategy.run` with the first global batch, so that all replicas get the same weights.
        """
        examples = self.checked(examples)
        with random.StepRng(self.seed, 0) as rng:
            events = self.dequantize(examples, rng)[0] if self.is_image else tf.cast(examples, tf.float32)
        with self._given(self.labels_of(label, random.rows(examples))):
            initialize(self.flow.bijector, events)

    # -- densities ----------------------------------------------------------------------------------------------------

    def dequantize(self, images, rng: random.StepRng) -> tuple[tf.Tensor, tf.Tensor | float]:
        """y = (x + u) / levels in [0, 1] with u from q(u|x), [n, H, W, C] → the same shape; and log q(u|x), [n]."""
        data, terms = self._dequantize_values(images, rng)
        return data, terms if isinstance(terms, float) else tf.reduce_sum(terms, axis=(1, 2, 3))

    def _dequantize_values(self, images, rng: random.StepRng) -> tuple[tf.Tensor, tf.Tensor | float]:
        """`dequantize` with the terms of log q(u|x) of the values, [n, H, W, C]; 0 for uniform noise."""
        whole = pixels.whole_levels(images, self.levels)
        if self.config.dequantization == "gaussian":
            normal = rng.normal("dequantize", (random.rows(whole), *self.event_shape))
            return add_gaussian_noise(whole, normal, self.levels, self.config.noise)
        uniform = rng.uniform("dequantize", (random.rows(whole), *self.event_shape))
        if self.dequantizer is None:
            return (whole + uniform) / self.levels, 0.0
        fraction, log_density = self.dequantizer(whole, uniform)
        return (whole + fraction) / self.levels, log_density

    def log_density(self, y, label=None, training: bool = False) -> tf.Tensor:
        """Exact log-density of continuous values, dequantized images in [0, 1] or points: [n, …] → nats, [n].

        Args:
            y: the values.
            label: labels int32 [n]; None for a model without labels.
            training: whether dropout is active.
        """
        # A copy, because the cache of a bijector identifies tensors: it would return results of earlier weights, or of
        # other labels.
        with self._given(label, training):
            return self.flow.log_prob(tf.identity(tf.cast(y, tf.float32)))

    def losses_of(self, examples, rng, training=False, label=None):
        label = self.labels_of(label, random.rows(examples))
        if training and label is not None and self.is_image and self.config.transformers:
            dropped = rng.uniform("label dropout", (random.rows(examples),)) < self.config.label_dropout
            label = tf.where(dropped, NO_CLASS, label)
        if not self.is_image:
            return {"loss": -self.log_density(examples, label, training)}
        nats = -self._log_prob_once(examples, rng, label, training) / math.prod(self.event_shape)
        return {"loss": nats, "bits_per_dim": nats / math.log(2.0)}

    # -- the contract -------------------------------------------------------------------------------------------------

    @property
    def latent_shape(self):
        return (math.prod(self.event_shape),)

    def latents_from(self, normal, label=None):
        return normal * self.config.prior_scale

    def normal_from(self, latent, label=None):
        return latent / self.config.prior_scale

    def decode(self, latent, label=None):
        """f(z): [n, D] → images [n, H, W, C] in [0, 1], or points [n, D].

        The intensity of a level corresponds to the middle of its dequantization interval. Gaussian noise is removed if
        `denoise` is true. With `guidance`, f is the guided map.
        """
        latent = self.checked_latents(latent)
        label = self.labels_of(label, random.rows(latent))
        # The loops of transformers are compiled already, and read the guidance.
        forward = self._forward if self.is_image and self.config.transformers else self._traced_forward
        data = forward(latent, label)
        if self.denoise:
            data = self._without_noise(data, self.one_hot(label))
        if not self.is_image:
            return data
        return tf.clip_by_value((data * self.levels - 0.5) / (self.levels - 1.0), 0.0, 1.0)

    def _forward(self, latent, label) -> tf.Tensor:
        with self._given(label):
            return self.flow.bijector.forward(tf.identity(tf.cast(latent, tf.float32)))

    _traced_forward = traced(_forward)

    @traced
    def _without_noise(self, data, one_hot) -> tf.Tensor:
        """Values without their gaussian noise, [n, H, W, C] → the same shape, for labels as vectors [n, K] or None."""
        with self._given(one_hot):
            return remove_gaussian_noise(data, lambda y: self.flow.log_prob(tf.identity(y)), self.config.noise)

    def encode(self, examples, label=None):
        """f⁻¹(x), the inverse of `decode`: [n, …] → [n, D]. Images are dequantized to the middle of each level."""
        examples = self.checked(examples)
        return self._encoded(examples, self.labels_of(label, random.rows(examples)))

    @traced
    def _encoded(self, examples, label):
        if self.is_image:
            unit = pixels.unit_interval(examples, self.levels)
            data = (unit * (self.levels - 1.0) + 0.5) / self.levels
        else:
            data = tf.identity(tf.cast(examples, tf.float32))
        with self._given(label):
            return self.flow.bijector.inverse(data)

    def inversion_error(self, examples, label=None) -> tf.Tensor:
        """Reconstruction error |x − f(f⁻¹(x))|: [n, …] → the same shape.

        For images in [0, 1], a difference of one of 256 levels is 3.9e-3.
        """
        examples = self.checked(examples)
        original = pixels.unit_interval(examples, self.levels) if self.is_image else tf.cast(examples, tf.float32)
        with self.decoding(guidance=0.0, denoise=False):
            return tf.abs(self.decode(self.encode(examples, label), label) - original)

    @contextlib.contextmanager
    def decoding(self, guidance: float | None = None, denoise: bool | None = None):
        """Context in which `decode` has this `guidance`, and removes the noise or not. None changes nothing."""
        before = self.guidance, self.denoise
        self.guidance = before[0] if guidance is None else guidance
        self.denoise = before[1] if denoise is None else denoise
        try:
            yield
        finally:
            self.guidance, self.denoise = before

    def diagnostics(self, examples, label=None):
        """Largest and mean value of `inversion_error` over the first examples."""
        label = self.labels_of(label, len(examples))
        error = self.inversion_error(examples[:DIAGNOSED], None if label is None else label[:DIAGNOSED])
        return {"inversion_error": float(tf.reduce_max(error)), "mean_inversion_error": float(tf.reduce_mean(error))}

    def estimator(self, samples):
        if not self.is_image:
            return "exact"
        kind = f"{self.config.dequantization} dequantization"
        return f"{kind}, importance-weighted bound, k = {samples}" if samples > 1 else f"{kind} bound, 1 sample"

    def log_prob_with(self, examples, rng, label=None):
        return self._log_prob_once(examples, rng, self.labels_of(label, random.rows(examples)))

    def _log_prob_once(self, examples, rng, label, training: bool = False):
        """`log_prob_with` for labels int32 [n], or None."""
        if not self.is_image:
            return self.log_density(examples, label, training)
        data, log_noise = self.dequantize(examples, rng)
        return self.log_density(data, label, training) - log_noise - math.prod(self.event_shape) * math.log(self.levels)

    def log_prob_of_pixels_with(self, examples, rng, label=None):
        """See `Interface.log_prob_of_pixels_with`. No part of the likelihood belongs to no pixel.

        The term of a value is the log-density of its latent, its log-slopes (`tfgen.bijectors.log_slopes`) and minus
        the terms of the dequantization. A value and its latent have the same place in the image.
        """
        with self._given(self.labels_of(label, random.rows(examples))):
            data, log_noise = self._dequantize_values(examples, rng)
            latent, log_slopes = inverse_and_log_slopes(self.flow.bijector, data)
            terms = tfd.Normal(0.0, self.config.prior_scale).log_prob(latent) + log_slopes
            terms = in_order_of_data(self.flow.bijector, terms) - log_noise - math.log(self.levels)
        return tf.reduce_sum(terms, axis=-1), tf.zeros_like(terms[:, 0, 0, 0])

    def log_prob_given(self, examples, samples=1, seed=0, label=None):
        """Log-probability in nats: exact for points, for images a lower bound that tightens with `samples`.

            log P(x) ≥ E[log 1/k Σᵢ p((x + uᵢ) / levels) / q(uᵢ|x)] − D log levels,  uᵢ ~ q

        Args:
            examples: images [n, H, W, C] or points [n, D].
            samples: k. Has no effect for points.
            seed: seed of the dequantization noise.
            label: labels int32 [n]; None for a model without labels.

        Returns float32 [n].
        """

        def weight(index):
            return self.log_prob_of_draw(examples, seed, index, label)

        if samples == 1 or not self.is_image:
            return weight(0)
        first = weight(tf.constant(0, tf.int64))
        total = tf.foldl(
            lambda total, index: tf.reduce_logsumexp(tf.stack([total, weight(index)]), axis=0),
            tf.range(1, samples, dtype=tf.int64),
            first,
        )
        return total - math.log(samples)
