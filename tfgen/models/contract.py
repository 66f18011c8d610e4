"""What every model answers, and what training asks of it."""

import contextlib
import dataclasses
import math
from collections.abc import Callable
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf

from tfgen import random
from tfgen.errors import ConfigError, UndefinedError
from tfgen.models.moving_average import MovingAverage
from tfgen.models.optimizer_step import OptimizerStep

# Pictures are decoded this many at a time, so that a large request needs no more memory than a small one.
DECODE_BATCH = 256


@dataclasses.dataclass(frozen=True)
class Likelihood:
    """Log-likelihoods of a set of examples, with everything needed to compare them with another figure.

    Attributes:
        nats: float64 [n], the log-probability of each example.
        estimator: what was computed, in words.
        samples: latent (or dequantization) samples for each example.
        levels: intensity levels of the observed pixels (2 once binarized), None for continuous points.
        dimensions: number of observed values, H·W·C.
    """

    nats: np.ndarray
    estimator: str
    samples: int
    levels: int | None
    dimensions: int

    @property
    def bits_per_dim(self) -> np.ndarray:
        """−log₂ p(x) / (H·W·C), float64 [n]."""
        return -self.nats / (self.dimensions * math.log(2.0))

    @property
    def mean(self) -> float:
        """Mean bits per dimension."""
        return float(self.bits_per_dim.mean())

    @property
    def standard_error(self) -> float:
        """Standard error of `mean` over the examples; 0 for a single one."""
        bits = self.bits_per_dim
        return float(bits.std(ddof=1) / math.sqrt(len(bits))) if len(bits) > 1 else 0.0


class GenerativeModel(keras.Model):
    """A generative model of images (or of 2-D points) with one contract for every family.

    A family implements `_build_networks`, `losses`, `update`, `decode`, and of `encode` and `log_prob` those it has;
    what it lacks it names in `undefined` together with the reason.

    Args:
        event_shape: shape of one example, (H, W, C) or (2,).
        levels: intensity levels of the pixels (256 for 8-bit images), None for points.
        ema: decay of the moving average of the weights; 0 for none.
        seed: seed of the training noise.
        **hyperparameters: the fields of the family's configuration (`config_class`), which holds their meaning and
            defaults.

    Raises:
        ConfigError: on an unknown hyperparameter, or a value out of range.
    """

    #: The dataclass of the family's hyperparameters.
    config_class: Any
    #: Question → why it has no answer.
    undefined: ClassVar[dict[str, str]] = {}
    #: Names of the per-example losses, as they appear in the metrics; the first is the one to minimize.
    loss_names: tuple[str, ...] = ("loss",)
    #: Which of them, on the validation set, chooses the best epoch.
    selection_metric = "loss"

    def __init__(self, event_shape, levels=256, *, ema: float = 0.0, seed: int = 0, name=None, **hyperparameters):
        # Its networks may compute in less; what they give out, and everything done with it, is float32.
        super().__init__(name=name, dtype="float32")
        self.event_shape: tuple = tuple(int(side) for side in event_shape)
        if len(self.event_shape) not in (1, 3) or min(self.event_shape) < 1:
            raise ConfigError(f"event_shape: expected (H, W, C) or (D,). Received: {tuple(event_shape)}")
        if self.is_image and (levels is None or not 2 <= levels <= 256):
            raise ConfigError(f"levels: expected 2 to 256. Received: {levels}")
        self.levels: Any = int(levels) if self.is_image else None
        self.seed = int(seed)
        self.ema = float(ema)
        self.config = self.config_class.from_dict(hyperparameters)
        self.clip_norm: float | None = None
        # (descent, examples, draws) → losses and gradients; the training loop may put a compiled version in its place.
        self.differentiate: Callable = OptimizerStep.gradients
        self.trackers = {name: keras.metrics.Mean(name=name) for name in self.loss_names}
        self._build_networks()
        self.average = MovingAverage(self.averaged_variables, ema, name="average") if ema else None
        self.build((None, *self.event_shape))

    # -- what a family implements -------------------------------------------------------------------------------------

    def _build_networks(self) -> None:
        """Make and build every network, as attributes of the model (Keras trains nothing else)."""
        raise NotImplementedError

    @property
    def latent_shape(self) -> tuple[int, ...]:
        """Shape of one latent."""
        raise NotImplementedError

    def decode(self, latent) -> tf.Tensor:
        """Examples of latents: [n, *latent_shape] → [n, H, W, C] in [0, 1], or [n, D]."""
        raise NotImplementedError

    def losses_of(self, examples, rng: random.StepRng, training: bool = False) -> dict[str, tf.Tensor]:
        """The losses of each example, named as in `loss_names`: [n, *event_shape] → float32 [n] each."""
        raise NotImplementedError

    def encode(self, examples) -> tf.Tensor:
        """Latents of examples: [n, *event_shape] → [n, *latent_shape]."""
        raise self._undefined("encode")

    def log_prob(self, examples, samples: int = 1, seed: int = 0) -> tf.Tensor:
        """Log-probability of each example in nats: [n, *event_shape] → float32 [n]."""
        raise self._undefined("log_prob")

    def log_prob_with(self, examples, rng: random.StepRng) -> tf.Tensor:
        """`log_prob` by one sample whose noise is `rng`, whose `with` block runs: [n, *event_shape] → nats, [n]."""
        raise self._undefined("log_prob")

    def estimator(self, samples: int) -> str:
        """What `log_prob` computes with that many samples, in words."""
        raise self._undefined("log_prob")

    def diagnostics(self, examples) -> dict[str, float]:
        """What else tells how training goes, cheap enough for every epoch; nothing, for a model that has nothing.

        Args:
            examples: [n, *event_shape], of which a model may look at the first ones only.
        """
        return {}

    def initialize_from(self, examples) -> None:
        """Set what depends on data (ActNorm) from a first batch. Most models have nothing to set."""

    # -- the contract -------------------------------------------------------------------------------------------------

    @property
    def is_image(self) -> bool:
        """Whether the examples are images and not points."""
        return len(self.event_shape) == 3

    @property
    def is_fully_connected(self) -> bool:
        """Whether no network has a convolution: then compiling the step with XLA pays on a CPU."""
        return not self.is_image or getattr(self.config, "arch", "conv") == "mlp"

    @property
    def batch_multiple(self) -> int:
        """What the number of examples of a replica's batch has to be a multiple of."""
        return 1

    @property
    def observed_levels(self) -> int | None:
        """Levels of a pixel as the likelihood sees it: 2 after binarization."""
        return self.levels

    def can(self, question: str) -> bool:
        """Whether the model answers `question`: sample, decode, encode, log_prob, … or another of its methods."""
        return hasattr(self, question) and question not in self.undefined

    def _undefined(self, question: str) -> UndefinedError:
        reason = self.undefined.get(question, "this model does not define it")
        return UndefinedError(f"{type(self).__name__} cannot answer {question!r}: {reason}")

    def latents_from(self, normal) -> tf.Tensor:
        """Latents of the prior from standard normal numbers, [n, *latent_shape] → the same shape.

        The identity where the prior is N(0, I). Interpolation and grids are made in the normal space and brought here,
        so that they are right for every prior.
        """
        return normal

    def normal_from(self, latent) -> tf.Tensor:
        """Standard normal numbers of latents, [n, *latent_shape] → the same shape: the inverse of `latents_from`."""
        return latent

    def normal_noise(self, seeds, temperature=1.0) -> tf.Tensor:
        """The normal noise behind each seed's example, times the temperature: int32 [n] → [n, *latent_shape]."""
        scale = tf.reshape(tf.cast(temperature, tf.float32), (-1, 1))
        return tf.reshape(random.normal(seeds, math.prod(self.latent_shape)) * scale, (-1, *self.latent_shape))

    def prior_latents(self, seeds, temperature=1.0) -> tf.Tensor:
        """Latents of the prior, each a function of its own seed.

        Args:
            seeds: int32 [n].
            temperature: scalar or [n], factor on the standard deviation of the underlying normal noise.

        Returns:
            float32 [n, *latent_shape].
        """
        return self.latents_from(self.normal_noise(seeds, temperature))

    def sample(self, n: int = 1, seed: int = 0, temperature: float = 1.0) -> tf.Tensor:
        """Draw `n` examples: the pictures of the seeds seed, seed + 1, …, seed + n − 1.

        Args:
            n: how many.
            seed: the first one's seed.
            temperature: factor on the standard deviation of the latent noise, 0 or more.

        Returns:
            float32 [n, H, W, C] in [0, 1], or points [n, D].

        Raises:
            ConfigError: if `n` < 1 or the temperature is negative or not finite.
        """
        if n < 1:
            raise ConfigError(f"n: expected at least 1. Received: {n}")
        if not (temperature >= 0.0 and math.isfinite(temperature)):
            raise ConfigError(f"temperature: expected a finite number, 0 or more. Received: {temperature}")
        seeds = random.seeds_from(seed, n)
        return tf.concat(
            [
                self.decode(self.prior_latents(seeds[start : start + DECODE_BATCH], temperature))
                for start in range(0, n, DECODE_BATCH)
            ],
            axis=0,
        )

    def bits_per_dim(self, examples, samples: int = 1, seed: int = 0) -> Likelihood:
        """Likelihood of images with its estimator, levels and sample count: [n, H, W, C] → `Likelihood`."""
        if not self.is_image:
            raise UndefinedError("Points have a density in nats, not bits per dimension: use log_prob.")
        return self.likelihood(examples, samples, seed)

    def likelihood(self, examples, samples: int = 1, seed: int = 0) -> Likelihood:
        """`log_prob` of images or points together with what it means."""
        nats = np.asarray(self.log_prob(examples, samples=samples, seed=seed), np.float64)
        return Likelihood(
            nats, self.estimator(samples), samples, self.observed_levels, dimensions=math.prod(self.event_shape)
        )

    # -- Keras --------------------------------------------------------------------------------------------------------

    def build(self, input_shape=None):
        """Networks are built in the constructor, whose arguments say every shape."""
        self.built = True

    def call(self, inputs, training=False):
        """Keras's forward pass: the losses of a batch, reduced to their mean. Models are used by their own methods."""
        with random.StepRng(self.seed, 0) as rng:
            return tf.reduce_mean(self.losses_of(inputs, rng, training=training)[self.loss_names[0]])

    def get_config(self) -> dict[str, Any]:
        return {
            "event_shape": list(self.event_shape),
            "levels": self.levels,
            "ema": self.ema,
            "seed": self.seed,
            "name": self.name,
            **self.config.to_dict(),
        }

    def compile(self, optimizer="adam", *, clip_norm: float | None = None, jit_compile: bool = False, **kwargs):
        """Configure training.

        Args:
            optimizer: as for `keras.Model.compile`.
            clip_norm: largest global norm of the gradient, clipped after it was summed over the replicas.
            jit_compile: whether `fit` compiles its steps with XLA. Off unless asked for: convolutions are slower with
                it on CPUs, and the noise that XLA draws is another (the training loop draws it outside).
            **kwargs: passed to `keras.Model.compile`.
        """
        super().compile(optimizer=optimizer, jit_compile=jit_compile, **kwargs)
        self.clip_norm = clip_norm
        self.optimizer.build(self.optimized_variables)

    def get_compile_config(self):
        if not self.compiled:
            return None
        return {
            "optimizer": keras.saving.serialize_keras_object(self.optimizer),
            "clip_norm": self.clip_norm,
        }

    def compile_from_config(self, config):
        self.compile(**keras.saving.deserialize_keras_object(config))

    @property
    def metrics(self):
        return list(self.trackers.values())

    # -- training -----------------------------------------------------------------------------------------------------

    @property
    def step(self) -> tf.Tensor:
        """Number of updates made so far, scalar int64: the counter from which the noise of the next one follows."""
        return tf.cast(tf.convert_to_tensor(self.optimizer.iterations), tf.int64)

    @property
    def optimizers(self) -> list:
        """Every optimizer of the model."""
        return [self.optimizer]

    @property
    def state(self) -> list[tf.Variable]:
        """Everything that the following updates depend on: weights, averages, and the optimizers' variables."""
        parts = [*self.weights, *(variable for optimizer in self.optimizers for variable in optimizer.variables)]
        return [variable.value for variable in parts]

    @property
    def optimized_variables(self) -> list:
        """The variables that `optimizer` updates."""
        return self.trainable_variables

    @property
    def averaged_variables(self) -> list:
        """The trainable variables whose moving average is kept when `ema` > 0."""
        return self.trainable_variables

    def averaged_weights(self):
        """Context manager in which the model has its averaged weights (or its own, without an average)."""
        if self.average is None:
            return contextlib.nullcontext()
        return self.average.swapped(self.averaged_variables)

    def optimizer_steps(self) -> list[OptimizerStep]:
        """What a training step consists of, in order."""
        return [
            OptimizerStep(
                lambda examples, rng: self.losses_of(examples, rng, training=True),
                self.loss_names[0],
                self.optimizer,
                self.optimized_variables,
            )
        ]

    def update(self, examples) -> dict[str, tf.Tensor]:
        """One step of training on a batch of this replica: [n, *event_shape] → the losses of each example, [n]."""
        losses: dict[str, tf.Tensor] = {}
        with random.StepRng(self.seed, self.step) as rng:
            for optimizer_step in self.optimizer_steps():
                optimizer_step.prepare()
                found, gradients = self.differentiate(optimizer_step, optimizer_step.part(examples), rng)
                optimizer_step.apply(gradients, self.clip_norm)
                losses |= found
        if self.average is not None:
            self.average.update(self.averaged_variables, self.step)
        return losses

    def train_step(self, data):
        """One update on a batch (or a tuple that begins with one), for `fit` and the training loop alike."""
        examples, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        return self._track(self.update(examples))

    def test_step(self, data):
        """The losses of a batch, rows weighted by the sample weight where there is one."""
        examples, _, weight = keras.utils.unpack_x_y_sample_weight(data)
        # The rows seen so far number the batch: nothing to store, and every evaluation draws the same noise. Each of
        # several replicas has seen its share of them.
        replicas, _ = random.replica()
        seen = replicas * tf.cast(tf.convert_to_tensor(self.trackers[self.loss_names[0]].count), tf.int64)
        with random.StepRng(self.seed + EVALUATION, seen) as rng:
            return self._track(self.losses_of(examples, rng), weight)

    def _track(self, losses: dict[str, tf.Tensor], weight=None) -> dict[str, tf.Tensor]:
        for name, tracker in self.trackers.items():
            tracker.update_state(losses[name], sample_weight=weight)
        return {name: tracker.result() for name, tracker in self.trackers.items()}


# Added to a run's seed for the noise of validation, so that it is none of training's.
EVALUATION = 0x5EED
