"""The generative adversarial network."""

from collections.abc import Sequence
from typing import Any, ClassVar

import keras
import tensorflow as tf

from tfgen import random
from tfgen.config import GANConfig
from tfgen.models import pixels
from tfgen.models.contract import EVALUATION, GenerativeModel
from tfgen.models.gan import losses as adversarial
from tfgen.models.gan import networks as adversaries
from tfgen.models.optimizer_step import OptimizerStep
from tfgen.networks import SpectralNormalization

# Examples that are judged beside as many fakes.
DIAGNOSED = 500

_NO_DENSITY = "a GAN draws from its distribution without ever writing down a density (no tractable likelihood)"


@keras.saving.register_keras_serializable("tfgen")
class GAN(GenerativeModel):
    """A generator G: z → x and a discriminator D: x → logit of "real", playing against each other.

        discriminator   ½ E[softplus(−D(x))] + ½ E[softplus(D(G(z)))]        → min
        generator       E[softplus(−D(G(z)))]     (nonsaturating)            → min
                        −E[softplus(D(G(z)))]     (minimax)                  → min

    or what `tfgen.models.gan.losses` says of the other games. To the discriminator's loss are added

        R1   γ₁/2 E|∇D(x)|²             R2   γ₂/2 E|∇D(G(z))|²
        wgan-gp   λ E(|∇D(x̂)| − 1)²     with x̂ on the line from a fake to a real example

    Each step moves the discriminator once (or `discriminator_steps` times, each time by its own part of the batch) and
    then, with fresh latents, the generator once; each has an optimizer of its own. Images are seen in [−1, 1]. With
    `packing` m the discriminator judges m examples at a time; their loss counts as that of each of them.

    Args:
        event_shape, levels, ema, seed: see `GenerativeModel`; the average is of the generator's weights.
        **hyperparameters: see `tfgen.config.GANConfig`.

    Reference: Goodfellow et al.: Generative adversarial nets. NeurIPS 2014 (both losses).

    Example:
        >>> gan = GAN((28, 28, 1), generator_dropout=0.2)
        >>> gan.compile(keras.optimizers.Adam(2e-4, beta_1=0.5), keras.optimizers.Adam(2e-4, beta_1=0.5))
        >>> gan.fit(images, batch_size=128, epochs=250)       # uint8 [n, 28, 28, 1]
    """

    config_class: Any = GANConfig
    config: Any
    undefined: ClassVar[dict[str, str]] = {
        "encode": "a GAN has no encoder: nothing in it maps an image to its latent",
        "log_prob": _NO_DENSITY,
        "bits_per_dim": _NO_DENSITY,
    }
    selection_metric = "generator_loss"

    def _build_networks(self):
        self.generator = self._build_generator()
        self.discriminator = self._build_discriminator()

    def _build_generator(self) -> keras.Model:
        return adversaries.generator(self.config, self.event_shape)

    def _build_discriminator(self, outputs: int = 1, name: str = "discriminator") -> keras.Model:
        *sides, channels = self.event_shape
        return adversaries.discriminator(self.config, (*sides, self.packing * channels), outputs, name)

    @property
    def discriminators(self) -> Sequence[keras.Model]:
        """All of them; a GAN has one."""
        return [self.discriminator]

    @property
    def packing(self) -> int:
        """Examples that the discriminator judges together."""
        return self.config.packing

    @property
    def is_penalized(self) -> bool:
        """Whether the discriminator's slope costs anything."""
        return self.config.r1 > 0.0 or self.config.r2 > 0.0 or self._pulls_to_slope_one

    @property
    def _pulls_to_slope_one(self) -> bool:
        return self.config.loss == "wgan-gp" and self.config.gradient_penalty > 0.0

    @property
    def loss_names(self) -> tuple[str, ...]:  # type: ignore[override]
        accuracies = (
            ("accuracy",)
            if self.config.loss in adversarial.SHIFT_INVARIANT_LOSSES
            else ("real_accuracy", "fake_accuracy")
        )
        return "generator_loss", "discriminator_loss", *(("penalty",) if self.is_penalized else ()), *accuracies

    # -- the game -----------------------------------------------------------------------------------------------------

    def observe(self, examples) -> tf.Tensor:
        """Real examples as the discriminator sees them: images in [−1, 1], points as they are."""
        return 2.0 * pixels.unit_interval(examples, self.levels) - 1.0 if self.levels else tf.cast(examples, tf.float32)

    def generate(self, rows, rng: random.StepRng, training: bool = False) -> tf.Tensor:
        """Fakes of latents drawn for this step, [rows, *event_shape], in the discriminator's scale."""
        latent = rng.normal("latent", (rows, self.config.latent_dim))
        return self.generator(latent, training=training)

    def realness(self, verdict) -> tf.Tensor:
        """The logit of "real" in a discriminator's answer: [n, outputs] → [n]."""
        return verdict[:, 0]

    def verdict_loss(self, real, fake) -> tf.Tensor:
        """What a discriminator minimizes, from its answers to real and to fake examples: [n, outputs] each → [n]."""
        return adversarial.discriminator_loss(self.config.loss, self.realness(real), self.realness(fake))

    def beside(self, fake) -> dict[str, tf.Tensor]:
        """What more there is to say of a discriminator's answers to fakes, [n, outputs] → name → [n]."""
        return {}

    def feedback(self, rng: random.StepRng, training: bool) -> tf.Tensor:
        """The weight of what each discriminator tells the generator, float32 [discriminators]."""
        return tf.ones((1,))

    def _judged(self, discriminator, examples, training):
        verdict = discriminator(examples, training=training)
        return self.realness(verdict), verdict

    def _judge_with_slope(self, discriminator, examples, weight: float, training):
        """(logits [n], verdicts [n, outputs]) and weight/2 |∇D|², [n]; its work is spared where the weight is 0."""
        if weight == 0.0:
            answers = self._judged(discriminator, examples, training)
            return answers, tf.zeros_like(answers[0])
        answers, slope = adversarial.with_slope(lambda x: self._judged(discriminator, x, training), examples)
        return answers, 0.5 * weight * slope

    def _discriminator_terms(self, discriminator, real, fake, rng, training) -> dict[str, tf.Tensor]:
        """What one discriminator minimizes and how often it is right, each [n], from packs in its scale."""
        config = self.config
        (real_logit, real_verdict), r1 = self._judge_with_slope(discriminator, real, config.r1, training)
        (fake_logit, fake_verdict), r2 = self._judge_with_slope(discriminator, fake, config.r2, training)
        penalty = r1 + r2
        if self._pulls_to_slope_one:
            line = adversarial.between(real, fake, rng.uniform("interpolation", (random.rows(real),)))
            _, slope = adversarial.with_slope(lambda x: self._judged(discriminator, x, training), line)
            penalty += config.gradient_penalty * adversarial.lipschitz_penalty(slope)
        real_right, fake_right = adversarial.correct(config.loss, real_logit, fake_logit)
        return {
            "discriminator_loss": self.verdict_loss(real_verdict, fake_verdict),
            "penalty": penalty,
            "real_accuracy": real_right,
            "fake_accuracy": fake_right,
            "accuracy": 0.5 * (real_right + fake_right),
            **self.beside(fake_verdict),
        }

    def discriminator_terms(self, real, fake, rng: random.StepRng, training: bool) -> dict[str, tf.Tensor]:
        """The means of their terms over the discriminators, and the sum of all that they minimize: [n] each.

        Args:
            real, fake: packs of examples in the discriminator's scale, [n, …].
            rng: the step's.
            training: whether units are dropped.
        """
        found = [self._discriminator_terms(one, real, fake, rng, training) for one in self.discriminators]
        mean = {name: tf.add_n([terms[name] for terms in found]) / len(found) for name in found[0]}
        # Each is trained by its own loss alone, as if the others were not there.
        return mean | {"discriminator_objective": len(found) * (mean["discriminator_loss"] + mean["penalty"])}

    def generator_terms(self, real, fake, rng: random.StepRng, training: bool) -> dict[str, tf.Tensor]:
        """What the generator minimizes, [n], from packs of real and fake examples."""
        game = self.config.loss
        losses = [
            adversarial.generator_loss(
                game,
                self._judged(one, real, training)[0] if game == "relativistic" else None,
                self._judged(one, fake, training)[0],
            )
            for one in self.discriminators
        ]
        return {"generator_loss": tf.tensordot(self.feedback(rng, training), tf.stack(losses), 1)}

    def _packs(self, examples, rng, training):
        """Real and fake packs of a batch, [n / packing, …] each."""
        fake = self.generate(random.rows(examples), rng, training)
        return [adversarial.packed(each, self.packing) for each in (self.observe(examples), fake)]

    def _by_example(self, terms: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """What was found of packs, for each of their examples."""
        return {name: tf.repeat(value, self.packing) for name, value in terms.items()} if self.packing > 1 else terms

    def losses_of(self, examples, rng, training=False):
        real, fake = self._packs(examples, rng, training)
        terms = self.discriminator_terms(real, fake, rng, training)
        return self._by_example(terms | self.generator_terms(real, fake, rng, training))

    # -- training -----------------------------------------------------------------------------------------------------

    @property
    def batch_multiple(self):
        return self.packing * self.config.discriminator_steps

    def optimizer_steps(self):
        def discriminator(examples, rng):
            real, fake = self._packs(examples, rng, True)
            return self._by_example(self.discriminator_terms(real, fake, rng, True))

        def generator(examples, rng):
            real, fake = self._packs(examples, rng, True)
            return self._by_example(self.generator_terms(real, fake, rng, True))

        def part(number):
            return lambda examples: self._part(examples, number)

        return [
            *(
                OptimizerStep(
                    discriminator,
                    "discriminator_objective",
                    self.discriminator_optimizer,
                    self.discriminator_variables,
                    part(number),
                    self._iterate_spectral_norms,
                )
                for number in range(self.config.discriminator_steps)
            ),
            OptimizerStep(generator, "generator_loss", self.optimizer, self.generator.trainable_variables, part(0)),
        ]

    def _part(self, examples, number: int):
        """Every so-manieth pack, from that number on: the same ones on any number of replicas."""
        steps = self.config.discriminator_steps
        if steps == 1:
            return examples
        parts = tf.reshape(examples, (-1, steps, self.packing, *examples.shape[1:]))[:, number]
        return tf.reshape(parts, (-1, *examples.shape[1:]))

    def _iterate_spectral_norms(self) -> None:
        for discriminator in self.discriminators:
            for layer in discriminator._flatten_layers():
                if isinstance(layer, SpectralNormalization):
                    layer.iterate()

    @property
    def discriminator_variables(self) -> list:
        """The discriminators' weights."""
        return [variable for one in self.discriminators for variable in one.trainable_variables]

    # -- Keras --------------------------------------------------------------------------------------------------------

    @property
    def optimizers(self):
        return [self.optimizer, self.discriminator_optimizer]

    @property
    def optimized_variables(self):
        return self.generator.trainable_variables

    @property
    def averaged_variables(self):
        return self.generator.trainable_variables

    def compile(self, optimizer="adam", discriminator_optimizer=None, **kwargs):
        """Configure training.

        Args:
            optimizer: the generator's.
            discriminator_optimizer: the discriminator's; None for one with the same settings.
            **kwargs: see `GenerativeModel.compile`.
        """
        super().compile(optimizer, **kwargs)
        if discriminator_optimizer is None:
            discriminator_optimizer = type(self.optimizer).from_config(self._discriminator_optimizer_config())
        self.discriminator_optimizer = keras.optimizers.get(discriminator_optimizer)
        self.discriminator_optimizer.build(self.discriminator_variables)

    def _discriminator_optimizer_config(self) -> dict[str, Any]:
        config = self.optimizer.get_config()
        rate = config["learning_rate"]
        if self.config.discriminator_steps > 1 and isinstance(rate, dict):
            schedule = keras.optimizers.schedules.deserialize(rate)
            config["learning_rate"] = keras.optimizers.schedules.serialize(
                SlowedSchedule(schedule, self.config.discriminator_steps)
            )
        return config

    def get_compile_config(self):
        if not self.compiled:
            return None
        return {
            **super().get_compile_config(),
            "discriminator_optimizer": keras.saving.serialize_keras_object(self.discriminator_optimizer),
        }

    def diagnostics(self, examples):
        """The losses and the discriminator's accuracy, without dropout, and in games of cross-entropies `loss_ratio`.

        That is the generator's loss over the discriminator's, without penalties: 1 where neither has the upper hand.
        """
        count = min(DIAGNOSED, len(examples))
        with random.StepRng(self.seed + EVALUATION, 0) as rng:
            losses = self.losses_of(examples[: count - count % self.packing], rng)
        found = {name: float(tf.reduce_mean(losses[name])) for name in self.loss_names}
        if self.config.loss in adversarial.CROSS_ENTROPIES:
            found["loss_ratio"] = found["generator_loss"] / found["discriminator_loss"]
        return found

    # -- the contract -------------------------------------------------------------------------------------------------

    @property
    def latent_shape(self):
        return (self.config.latent_dim,)

    def decode(self, latent):
        """The generator: [n, latent_dim] → [n, H, W, C] in [0, 1], or points."""
        return self.seen(self.generator(latent))

    def seen(self, generated) -> tf.Tensor:
        """What a generator drew as the world sees it: images in [0, 1], points as they are."""
        return 0.5 * (generated + 1.0) if self.is_image else generated


@keras.saving.register_keras_serializable("tfgen")
class SlowedSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """The step sizes of another schedule, each for as many steps as the discriminator makes for one of the generator.

    Args:
        schedule: the generator's.
        divisor: that number.
    """

    def __init__(self, schedule, divisor: int):
        self.schedule, self.divisor = schedule, divisor

    def __call__(self, step):
        return self.schedule(keras.ops.cast(step, "int64") // self.divisor)

    def get_config(self):
        return {"schedule": keras.optimizers.schedules.serialize(self.schedule), "divisor": self.divisor}

    @classmethod
    def from_config(cls, config):
        return cls(keras.optimizers.schedules.deserialize(config["schedule"]), config["divisor"])
