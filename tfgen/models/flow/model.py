"""The normalizing flow of images or points."""

import contextlib
import math
from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability import bijectors as tfb
from tensorflow_probability import distributions as tfd

from tfgen import random
from tfgen.bijectors import ActNorm, FactorOut, Invertible1x1, LUMatrix, ScaleAndShift
from tfgen.config import families, migration
from tfgen.models import pixels
from tfgen.models.contract import GenerativeModel
from tfgen.models.flow.image_chain import image_chain, make_dequantizer
from tfgen.models.flow.point_chain import point_chain
from tfgen.networks import AutoregressiveNetwork

# Number of examples of which `diagnostics` measures the inversion error.
DIAGNOSED = 64


@keras.saving.register_keras_serializable("tfgen")
class Flow(GenerativeModel):
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
        # Keras trains and saves the layers in these lists. It does not look inside bijectors.
        self.conditioners: list[keras.Model] = []
        self._in_training = False
        self._label = None
        self.normalizations: list[ScaleAndShift] = []
        self.invertible_convs: list[LUMatrix] = []
        if self.is_image:
            self.dequantizer = make_dequantizer(self)
        steps = image_chain(self) if self.is_image else point_chain(self)
        prior = tfd.Sample(tfd.Normal(0.0, self.config.prior_scale), self.latent_shape)
        self.flow = tfd.TransformedDistribution(prior, tfb.Chain(steps, name="chain"), name="flow")

    def add_conditioner(self, network):
        """Add a network to the model; returns the function that a bijector calls in its place."""
        self.conditioners.append(network)

        def conditioner(conditioning):
            # Bijectors do not pass on whether the model is in training, nor the labels of the examples.
            one_hot = self.current_one_hot()
            if one_hot is None:
                return network(conditioning, training=self._in_training)
            if isinstance(network, AutoregressiveNetwork):
                return network(conditioning, one_hot, training=self._in_training)
            parts = conditioning if isinstance(conditioning, list) else [conditioning]
            return network([*parts, one_hot], training=self._in_training)

        return conditioner

    def current_one_hot(self) -> tf.Tensor | None:
        """The one-hot classes [n, K] of the examples of the present call; None for a model without labels."""
        return self.one_hot(self._label)

    @contextlib.contextmanager
    def _given(self, label, training: bool = False):
        """Context in which the conditioners get these labels int32 [n], and know whether the model is in training."""
        before = self._label, self._in_training
        self._label, self._in_training = label, training
        try:
            yield
        finally:
            self._label, self._in_training = before

    def add_actnorm(self, channels: int, inside=None) -> list[tfb.Bijector]:
        """Add an ActNorm to the model; returns no bijector if the model has none. `inside`: see `ActNorm`."""
        if not self.config.actnorm:
            return []
        self.normalizations.append(ScaleAndShift(channels))
        return [ActNorm(self.normalizations[-1], inside)]

    def add_invertible_conv(self, channels: int, inside=None) -> list[tfb.Bijector]:
        """Add an invertible 1×1 convolution to the model (`inside`: see `Invertible1x1`).

        Returns no bijector if the model has none, or if every block contains padding.
        """
        if not self.config.invertible_1x1 or (inside is not None and not inside.all(axis=-1).any()):
            return []
        self.invertible_convs.append(LUMatrix(channels, seed=self.seed + len(self.invertible_convs)))
        return [Invertible1x1(self.invertible_convs[-1], inside)]

    def initialize_from(self, examples, label=None):
        """Initialize every ActNorm from a first batch, in the order from the data to the latent.

        An ActNorm that is initialized, by data or by loaded weights, does not change. Under `tf.distribute`, call this
        method outside `strategy.run` with the first global batch, so that all replicas get the same weights.
        """
        examples = self.checked(examples)
        with random.StepRng(self.seed, 0) as rng:
            events = self.dequantize(examples, rng)[0] if self.is_image else tf.cast(examples, tf.float32)
        with self._given(self.labels_of(label, random.rows(examples))):
            _initialize(self.flow.bijector, events)

    # -- densities ----------------------------------------------------------------------------------------------------

    def dequantize(self, images, rng: random.StepRng) -> tuple[tf.Tensor, tf.Tensor | float]:
        """y = (x + u) / levels in [0, 1] with u from q(u|x), [n, H, W, C] → the same shape; and log q(u|x), [n]."""
        whole = pixels.whole_levels(images, self.levels)
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

        The intensity of a level corresponds to the middle of its dequantization interval.
        """
        latent = self.checked_latents(latent)
        with self._given(self.labels_of(label, random.rows(latent))):
            data = self.flow.bijector.forward(tf.identity(tf.cast(latent, tf.float32)))
        if not self.is_image:
            return data
        return tf.clip_by_value((data * self.levels - 0.5) / (self.levels - 1.0), 0.0, 1.0)

    def encode(self, examples, label=None):
        """f⁻¹(x), the inverse of `decode`: [n, …] → [n, D]. Images are dequantized to the middle of each level."""
        examples = self.checked(examples)
        if self.is_image:
            unit = pixels.unit_interval(examples, self.levels)
            data = (unit * (self.levels - 1.0) + 0.5) / self.levels
        else:
            data = tf.identity(tf.cast(examples, tf.float32))
        with self._given(self.labels_of(label, random.rows(examples))):
            return self.flow.bijector.inverse(data)

    def inversion_error(self, examples, label=None) -> tf.Tensor:
        """Reconstruction error |x − f(f⁻¹(x))|: [n, …] → the same shape.

        For images in [0, 1], a difference of one of 256 levels is 3.9e-3.
        """
        examples = self.checked(examples)
        original = pixels.unit_interval(examples, self.levels) if self.is_image else tf.cast(examples, tf.float32)
        return tf.abs(self.decode(self.encode(examples, label), label) - original)

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
        if not self.is_image:
            return self.log_density(examples, label)

        def weight(index):
            with random.StepRng(seed, index) as rng:
                return self._log_prob_once(examples, rng, label)

        if samples == 1:
            return weight(0)
        first = weight(tf.constant(0, tf.int64))
        total = tf.foldl(
            lambda total, index: tf.reduce_logsumexp(tf.stack([total, weight(index)]), axis=0),
            tf.range(1, samples, dtype=tf.int64),
            first,
        )
        return total - math.log(samples)


def _initialize(bijector: tfb.Bijector, events) -> tf.Tensor:
    """Initialize the ActNorms in a chain from events on the data side; returns the events on the latent side."""
    if isinstance(bijector, tfb.Composition):
        for step in bijector.bijectors:
            events = _initialize(step, events)
        return events
    if isinstance(bijector, FactorOut):
        inner, rest = bijector.split(events)
        return tf.concat([_initialize(bijector.inner, inner), tf.reshape(rest, (rest.shape[0], -1))], axis=1)
    if isinstance(bijector, ActNorm):
        bijector.layer.initialize_from(events, bijector.inside)
    return bijector.inverse(tf.identity(events))
