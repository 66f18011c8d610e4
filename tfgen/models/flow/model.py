"""The normalizing flow."""

import itertools
import math
from typing import ClassVar

import keras
import tensorflow as tf
from tensorflow_probability import bijectors as tfb
from tensorflow_probability import distributions as tfd

from tfgen import random
from tfgen.bijectors import (
    ActNorm,
    AffineCoupling,
    AutoregressiveSpline,
    ChannelCoupling,
    FactorOut,
    Invertible1x1,
    LUMatrix,
    MultiscaleAutoregressive,
    ScaleAndShift,
    Squeeze,
    alternating_mask,
    checkerboard_mask,
    coarse_first,
    in_growing_parts,
    logit,
    spline_parameters,
)
from tfgen.bijectors.coupling import halves
from tfgen.config import FlowConfig
from tfgen.errors import ConfigError
from tfgen.models import pixels
from tfgen.models.contract import GenerativeModel
from tfgen.models.flow.dequantizer import Dequantizer
from tfgen.networks import AutoregressiveNetwork, SoftRound, conv_conditioner, conv_stage, mlp

# Examples that are sent through the flow and back.
DIAGNOSED = 64
# Splines map [−B, B] to itself. A normal latent is beyond in one pixel of 16,000.
SPLINE_BOUND = 4.0


@keras.saving.register_keras_serializable("tfgen")
class Flow(GenerativeModel):
    """A normalizing flow, x = f(z) with f invertible and z ~ N(0, τ² I).

        log p(x) = log N(f⁻¹(x); 0, τ² I) + log |det ∂f⁻¹/∂x|

    of images   dequantize → logit → (wavefront of splines over all pixels) → [checkerboard coupling] × N → level × L
                level: squeeze → (sweep of splines over the b² pixels of a block) × sweeps
                               → (ActNorm → invertible 1×1 → channel coupling) × K
                               → factor out half of the channels, or after sweeps all but the first pixel of each block
    of points   (ActNorm →) [coupling with an alternating mask] × N

    written from the data to the latent, as the bijectors stand in the chain. Whole pixels x become densities by
    dequantization, y = (x + u) / levels with u in [0, 1)^D, which bounds their probability from below:

        log P(x) ≥ E_q(u|x)[log p(y) − log q(u|x)] − D log levels

    with q uniform, or variational: splines of the noise given the pixels, trained with the flow by the same bound.

    The loss of images is this bound's negative in nats per dimension, so that one gradient clip suits every size; that
    of points is −log p(x) in nats.

    Args:
        event_shape, levels, ema, seed: see `GenerativeModel`.
        **hyperparameters: see `tfgen.config.FlowConfig`.

    Raises:
        ConfigError: where a squeeze does not divide the sides, or a coupling finds nothing to condition on.

    Reference: Dinh, Sohl-Dickstein, Bengio: Density estimation using Real NVP. ICLR 2017; Kingma, Dhariwal: Glow.
    NeurIPS 2018; Papamakarios, Pavlakou, Murray: Masked autoregressive flow. NeurIPS 2017 (the wavefront); Theis, van
    den Oord, Bethge: A note on the evaluation of generative models. ICLR 2016 (the bound); Ho et al.: Flow++. ICML
    2019, section 3.1 (variational dequantization); Durkan et al.: Neural spline flows. NeurIPS 2019; Reed et al.:
    Parallel multiscale autoregressive density estimation. ICML 2017 (the sweep's order of the pixels).

    Example:
        >>> flow = Flow((28, 28, 1), squeeze=(4,), couplings=(12,), checkerboard=0, width=128)
        >>> flow.initialize_from(images[:256])                # uint8 [n, 28, 28, 1]
        >>> flow.compile(keras.optimizers.Adam(1e-3), clip_norm=1.0)
        >>> flow.fit(images, batch_size=128, epochs=10)
        >>> flow.sample(64, seed=7, temperature=0.8)
    """

    config_class = FlowConfig
    config: FlowConfig
    undefined: ClassVar[dict[str, str]] = {
        "int8": "a flow computed with 8 bits: each coupling multiplies the rounding of the one before it by up to e³. "
        "Expected float16, or dynamic-int8, whose scales follow the values as they come",
    }

    @property
    def loss_names(self):
        return ("loss", "bits_per_dim") if self.is_image else ("loss",)

    # -- the chain of bijectors ---------------------------------------------------------------------------------------

    def _build_networks(self):
        # What Keras is to train and save stands in these lists too: it does not look inside bijectors.
        self.conditioners: list[keras.Model] = []
        self._in_training = False
        self.normalizations: list[ScaleAndShift] = []
        self.mixtures: list[LUMatrix] = []
        if self.is_image:
            self.dequantizer = self._dequantizer()
            steps = [
                self._real_line(),
                *self._autoregressive_spline(),
                *self._checkerboards(),
                *self._level(0, self.event_shape),
            ]
        else:
            steps = self._point_couplings()
        prior = tfd.Sample(tfd.Normal(0.0, self.config.prior_scale), self.latent_shape)
        self.flow = tfd.TransformedDistribution(prior, tfb.Chain(steps, name="chain"), name="flow")

    def _point_couplings(self) -> list[tfb.Bijector]:
        (size,), config = self.event_shape, self.config
        steps = []
        for index in range(config.point_couplings):
            network = mlp(size, config.hidden, 2 * size, activation=config.activation, zero_last=True)
            steps += [*self._actnorm(size), AffineCoupling(self._held(network), alternating_mask(size, index % 2))]
        return steps

    def _dequantizer(self) -> Dequantizer | None:
        if self.config.dequantization == "uniform":
            return None
        block = self.config.squeeze[0]
        return Dequantizer(self.event_shape, self.levels, block, self.config.width, self.config.activation)

    def _real_line(self) -> tfb.Bijector:
        if not self.config.multiscale_passes and not self.config.autoregressive:
            return logit(self.config.alpha)
        return tfb.Chain([logit(self.config.alpha), tfb.Scale(self._stretch)], name="real_line")

    @property
    def _stretch(self) -> float:
        """The logit of white by the splines' bound: all that is between black and white fills their interval."""
        return math.log((1.0 - self.config.alpha) / self.config.alpha) / SPLINE_BOUND

    def _autoregressive_spline(self) -> list[tfb.Bijector]:
        if not self.config.autoregressive:
            return []
        outputs = self.event_shape[-1] * spline_parameters(self.config.bins)
        network = AutoregressiveNetwork(self.event_shape, outputs, soft_round=self._stairs, **self._inside)
        return [AutoregressiveSpline(network, self._held(network), self.config.bins, SPLINE_BOUND)]

    def _checkerboards(self) -> list[tfb.Bijector]:
        height, width, channels = self.event_shape
        steps = []
        for index in range(self.config.checkerboard):
            mask = checkerboard_mask(self.event_shape, index % 2)
            fold = 2 if height % 2 == width % 2 == 0 else 1
            network = self._conv_conditioner(self.event_shape, 2 * channels, fold=fold)
            steps += [*self._actnorm(channels), AffineCoupling(network, mask)]
        return steps

    def _multiscale_passes(self, level: int, shape: tuple[int, int, int], block: int) -> list[tfb.Bijector]:
        """Sweeps over the pixels of blocks that were squeezed into the channels of `shape` [H, W, b²C].

        On the way to the data the pixels of a block are made one after the other, or some at once, coarse to fine, each
        given those before it: equal places of all blocks in one part, since they are b pixels apart. A further sweep
        goes the other way. The stages of the sweep next to the data see pixels as they are. So do those of the next
        level: the first pixel of each block is left to it, untouched. A spline that made it normal would hide in its
        tail what tells grey from black.
        """
        if not self.config.multiscale_passes:
            return []
        last = level == len(self.config.squeeze) - 1
        # Whether what comes in is pixels still: a sweep the other way changes the first ones too.
        raw = not self.config.autoregressive and not self.config.checkerboard and not any(self.config.couplings[:level])
        raw = raw and (level == 0 or self.config.multiscale_passes == 1)
        height, width, channels = shape
        size = channels // block**2
        group_size = self.config.group_size[level] if self.config.group_size else 1
        ends = [size * end for end in in_growing_parts(block**2, group_size)]
        limits = [0, *ends] if last else ends
        steps: list[tfb.Bijector] = [coarse_first(block, size)]
        for sweep in range(self.config.multiscale_passes):
            stages: list[keras.Model] = []
            new = limits[0]
            for start, end in itertools.pairwise(limits):
                stages.append(self._stage((height, width, max(1, new)), end - start, bool(stages), raw and sweep == 0))
                new = end - start
            turned = [tfb.Permute(list(range(channels))[::-1])] if sweep % 2 else []
            steps += [*turned, MultiscaleAutoregressive(stages, limits, self.config.bins, SPLINE_BOUND), *turned]
        return steps

    def _level(self, level: int, shape: tuple[int, int, int]) -> list[tfb.Bijector]:
        """The bijectors from images of `shape` [H, W, C] to flat latents [H·W·C], those of later levels included."""
        config = self.config
        if len(config.squeeze) != len(config.couplings) or not config.squeeze:
            raise ConfigError(
                "squeeze, couplings: expected one number a level in each. "
                f"Received: {config.squeeze} and {config.couplings}"
            )
        if config.group_size and len(config.group_size) != len(config.squeeze):
            raise ConfigError(
                "squeeze, at_once: expected one number a level in each, or none in the second. "
                f"Received: {config.squeeze} and {config.group_size}"
            )
        if config.checkerboard + sum(config.couplings) + config.multiscale_passes + config.autoregressive < 1:
            raise ConfigError("checkerboard, couplings, sweeps, wavefront: expected at least one coupling. Received: 0")
        (height, width, channels), block = shape, config.squeeze[level]
        if height % block or width % block:
            raise ConfigError(
                f"squeeze: expected a divisor of the sides {height} and {width} at level {level + 1}. Received: {block}"
            )
        height, width, channels = height // block, width // block, channels * block**2
        last = level == len(config.squeeze) - 1
        if channels < 2 and (config.couplings[level] or not last):
            raise ConfigError(
                f"squeeze: expected at least 2 channels to split at level {level + 1}. Received: blocks of {block} "
                f"pixels, which make {channels}"
            )
        steps: list[tfb.Bijector] = [Squeeze(block)] if block > 1 else []
        steps += self._multiscale_passes(level, (height, width, channels), block)
        for index in range(config.couplings[level]):
            condition, moved = halves(channels) if index % 2 == 0 else halves(channels)[::-1]
            network = self._conv_conditioner((height, width, condition), 2 * moved)
            steps += [*self._actnorm(channels), *self._mixing(channels), ChannelCoupling(network, channels, index % 2)]
        if last:
            flat = tfb.Reshape(event_shape_out=(height, width, channels), event_shape_in=(height * width * channels,))
            return [*steps, flat]
        # After a sweep the first pixel of each block goes on: an image as coarse as the blocks, by which all others
        # were made, and which knows nothing yet of itself.
        kept = channels // block**2 if config.multiscale_passes and block > 1 else channels // 2
        inner = tfb.Chain(self._level(level + 1, (height, width, kept)), name=f"level_{level + 2}")
        return [*steps, FactorOut(inner, (height, width, channels), kept)]

    def _stage(self, shape, moved, carries, raw):
        """A stage of a sweep's network, which sees new pixels of `shape` and moves that many channels."""
        stage = conv_stage(
            shape,
            moved * spline_parameters(self.config.bins),
            carries=carries,
            soft_round=self._stairs if raw else None,
            **self._inside,
        )
        return self._held(stage)

    def _conv_conditioner(self, shape, outputs, **form):
        return self._held(conv_conditioner(shape, outputs, **self._inside, **form))

    @property
    def _stairs(self):
        return SoftRound(self.levels, self.config.alpha, self._stretch)

    @property
    def _inside(self):
        config = self.config
        options = {"width": config.width, "blocks": config.blocks, "activation": config.activation}
        return {**options, "dropout": config.dropout}

    def _held(self, network):
        self.conditioners.append(network)
        # A bijector does not tell what it is asked for.
        return lambda condition: network(condition, training=self._in_training)

    def _actnorm(self, channels) -> list[tfb.Bijector]:
        if not self.config.actnorm:
            return []
        self.normalizations.append(ScaleAndShift(channels))
        return [ActNorm(self.normalizations[-1])]

    def _mixing(self, channels) -> list[tfb.Bijector]:
        if not self.config.invertible_1x1:
            return []
        self.mixtures.append(LUMatrix(channels, seed=self.seed + len(self.mixtures)))
        return [Invertible1x1(self.mixtures[-1])]

    def initialize_from(self, examples):
        """Set every ActNorm from a first batch, layer by layer from the data to the latent.

        Once set, by data or by loaded weights, an ActNorm stays as it is. Under `tf.distribute` call it outside of
        `strategy.run`, with the first global batch: every replica then has the same weights.
        """
        with random.StepRng(self.seed, 0) as rng:
            events = self.dequantize(examples, rng)[0] if self.is_image else tf.cast(examples, tf.float32)
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

    def log_density(self, y) -> tf.Tensor:
        """Exact log-density of continuous values, dequantized images in [0, 1] or points: [n, …] → nats, [n]."""
        # A bijector's cache knows a tensor by its identity and would answer for weights that have since changed.
        return self.flow.log_prob(tf.identity(tf.cast(y, tf.float32)))

    def losses_of(self, examples, rng, training=False):
        if not self.is_image:
            return {"loss": -self.log_density(examples)}
        self._in_training = training
        try:
            nats = -self.log_prob_with(examples, rng) / math.prod(self.event_shape)
        finally:
            self._in_training = False
        return {"loss": nats, "bits_per_dim": nats / math.log(2.0)}

    # -- the contract -------------------------------------------------------------------------------------------------

    @property
    def latent_shape(self):
        return (math.prod(self.event_shape),)

    def latents_from(self, normal):
        return normal * self.config.prior_scale

    def normal_from(self, latent):
        return latent / self.config.prior_scale

    def decode(self, latent):
        """f(z): [n, D] → images [n, H, W, C] in [0, 1], or points [n, D]. The middle of a bin is its intensity."""
        data = self.flow.bijector.forward(tf.identity(tf.cast(latent, tf.float32)))
        if not self.is_image:
            return data
        return tf.clip_by_value((data * self.levels - 0.5) / (self.levels - 1.0), 0.0, 1.0)

    def encode(self, examples):
        """f⁻¹(x) of points, or of images at the middle of each bin: [n, …] → [n, D]; `decode` gives them back."""
        if self.is_image:
            unit = pixels.unit_interval(examples, self.levels)
            data = (unit * (self.levels - 1.0) + 0.5) / self.levels
        else:
            data = tf.identity(tf.cast(examples, tf.float32))
        return self.flow.bijector.inverse(data)

    def inversion_error(self, examples) -> tf.Tensor:
        """How far examples are from where they come back to, |x − f(f⁻¹(x))|: [n, …] → the same shape.

        Of images in [0, 1], one level of 256 is 3.9e-3.
        """
        seen = pixels.unit_interval(examples, self.levels) if self.is_image else tf.cast(examples, tf.float32)
        return tf.abs(self.decode(self.encode(examples)) - seen)

    def diagnostics(self, examples):
        """`inversion_error` of some examples: the largest and the mean of all their values."""
        error = self.inversion_error(examples[:DIAGNOSED])
        return {
            "inversion_error": float(tf.reduce_max(error)),
            "mean_inversion_error": float(tf.reduce_mean(error)),
        }

    def estimator(self, samples):
        if not self.is_image:
            return "exact"
        kind = f"{self.config.dequantization} dequantization"
        return f"{kind}, importance-weighted bound, k = {samples}" if samples > 1 else f"{kind} bound, 1 sample"

    def log_prob_with(self, examples, rng):
        if not self.is_image:
            return self.log_density(examples)
        data, log_noise = self.dequantize(examples, rng)
        return self.log_density(data) - log_noise - math.prod(self.event_shape) * math.log(self.levels)

    def log_prob(self, examples, samples=1, seed=0):
        """Log-probability in nats: exact for points, a lower bound for whole pixels that tightens with `samples`.

            log P(x) ≥ E[log 1/k Σᵢ p((x + uᵢ) / levels) / q(uᵢ|x)] − D log levels,  uᵢ ~ q

        Args:
            examples: images [n, H, W, C] or points [n, D].
            samples: k; makes no difference to points.
            seed: of the dequantization noise.

        Returns:
            float32 [n].
        """
        if not self.is_image:
            return self.log_density(examples)

        def weight(index):
            with random.StepRng(seed, index) as rng:
                return self.log_prob_with(examples, rng)

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
    """Set the ActNorms in a chain from events on its data side; returns the events on its latent side."""
    if isinstance(bijector, tfb.Composition):
        for step in bijector.bijectors:
            events = _initialize(step, events)
        return events
    if isinstance(bijector, FactorOut):
        inner, rest = bijector.split(events)
        return tf.concat([_initialize(bijector.inner, inner), tf.reshape(rest, (rest.shape[0], -1))], axis=1)
    if isinstance(bijector, ActNorm):
        bijector.layer.initialize_from(events)
    return bijector.inverse(tf.identity(events))
