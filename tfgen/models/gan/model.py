"""The generative adversarial network."""

import functools
from collections.abc import Sequence
from typing import Any, ClassVar

import keras
import tensorflow as tf

from tfgen import random
from tfgen.config import GANConfig
from tfgen.models import pixels
from tfgen.models.contract import EVALUATION, GenerativeModel
from tfgen.models.gan import losses, networks
from tfgen.models.gan.packs import per_example, select_packs, to_packs
from tfgen.models.gan.penalties import interpolate, lipschitz_penalty, with_gradient_norm
from tfgen.models.gan.schedule import slowed_copy
from tfgen.models.optimizer_step import OptimizerStep

# Number of real examples, and of fakes, from which `diagnostics` computes its metrics.
DIAGNOSTIC_EXAMPLES = 500

_NO_DENSITY = "a GAN has no tractable likelihood: it generates examples without computing their density"


@keras.saving.register_keras_serializable("tfgen")
class GAN(GenerativeModel):
    """A generator G: z → x and a discriminator D: x → logit of "real", trained against each other.

        discriminator   ½ E[softplus(−D(x))] + ½ E[softplus(D(G(z)))]        → min
        generator       E[softplus(−D(G(z)))]     (nonsaturating)            → min
                        −E[softplus(D(G(z)))]     (minimax)                  → min

    or one of the other adversarial losses of `tfgen.models.gan.losses`. Penalties added to the discriminator's loss:

        R1   γ₁/2 E|∇D(x)|²             R2   γ₂/2 E|∇D(G(z))|²
        wgan-gp   λ E(|∇D(x̂)| − 1)²     at points x̂ between a fake and a real example

    A training step updates the discriminator `discriminator_steps` times, each time with another share of the batch,
    and then the generator once, with new latents. Each network has its own optimizer. The networks work on images in
    [−1, 1]. With `packing` = m, the discriminator classifies m examples together, and the loss of a pack is the loss
    of each of its examples.

    Args:
        event_shape, levels, ema, seed: see `GenerativeModel`. The average is of the generator's weights.
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
        "encode": "a GAN has no encoder: it has no network that maps an image to a latent",
        "log_prob": _NO_DENSITY,
        "bits_per_dim": _NO_DENSITY,
    }
    selection_metric = "generator_loss"

    # -- networks and options -----------------------------------------------------------------------------------------

    def _build_networks(self):
        self.generator = self._build_generator()
        self.discriminator = self._build_discriminator()

    def _build_generator(self) -> keras.Model:
        return networks.generator(self.config, self.event_shape)

    def _build_discriminator(self, outputs: int = 1, name: str = "discriminator") -> keras.Model:
        *sides, channels = self.event_shape
        return networks.discriminator(self.config, (*sides, self.packing * channels), outputs, name)

    @property
    def discriminators(self) -> Sequence[keras.Model]:
        """All discriminators of the model. A plain GAN has one."""
        return [self.discriminator]

    @property
    def packing(self) -> int:
        """Number of examples that the discriminator classifies together."""
        return self.config.packing

    @property
    def uses_gradient_penalty(self) -> bool:
        """Whether the discriminator's loss contains the penalty (|∇D| − 1)² of WGAN-GP."""
        return self.config.loss == "wgan-gp" and self.config.gradient_penalty > 0.0

    @property
    def is_penalized(self) -> bool:
        """Whether the discriminator's loss contains any penalty."""
        return self.config.r1 > 0.0 or self.config.r2 > 0.0 or self.uses_gradient_penalty

    @property
    def loss_names(self) -> tuple[str, ...]:  # type: ignore[override]
        is_shift_invariant = self.config.loss in losses.SHIFT_INVARIANT_LOSSES
        accuracies = ("accuracy",) if is_shift_invariant else ("real_accuracy", "fake_accuracy")
        return "generator_loss", "discriminator_loss", *(("penalty",) if self.is_penalized else ()), *accuracies

    # -- examples and logits ------------------------------------------------------------------------------------------

    def preprocess(self, examples) -> tf.Tensor:
        """Convert real examples to the scale of the networks: images to [−1, 1], points unchanged, float32."""
        return 2.0 * pixels.unit_interval(examples, self.levels) - 1.0 if self.levels else tf.cast(examples, tf.float32)

    def to_unit_interval(self, generated) -> tf.Tensor:
        """Convert the generator's output to the scale of `sample`: images to [0, 1], points unchanged."""
        return 0.5 * (generated + 1.0) if self.is_image else generated

    def generate(self, n, rng: random.StepRng, training: bool = False) -> tf.Tensor:
        """Generate `n` fakes from latents of the step's noise: [n, *event_shape] in the scale of the networks."""
        latent = rng.normal("latent", (n, self.config.latent_dim))
        return self.generator(latent, training=training)

    def real_and_fake_packs(self, examples, rng: random.StepRng, training: bool) -> tuple[tf.Tensor, tf.Tensor]:
        """Packs of the real examples of a batch [n, …], and as many packs of fakes: [n / packing, …] each."""
        fake = self.generate(random.rows(examples), rng, training)
        return to_packs(self.preprocess(examples), self.packing), to_packs(fake, self.packing)

    def real_logit(self, logits) -> tf.Tensor:
        """The logit of "real" among a discriminator's logits: [n, outputs] → [n]."""
        return logits[:, 0]

    def logits_of(self, discriminator, packs, training: bool) -> tuple[tf.Tensor, tf.Tensor]:
        """Apply a discriminator to packs: the logit of "real" [n], and all logits [n, outputs]."""
        logits = discriminator(packs, training=training)
        return self.real_logit(logits), logits

    # -- the two losses -----------------------------------------------------------------------------------------------

    def discriminator_loss(self, real_logits, fake_logits) -> tf.Tensor:
        """Adversarial loss of a discriminator from its logits of real and fake packs, [n, outputs] each → [n]."""
        return losses.discriminator_loss(self.config.loss, self.real_logit(real_logits), self.real_logit(fake_logits))

    def extra_metrics(self, fake_logits) -> dict[str, tf.Tensor]:
        """Further metrics from a discriminator's logits of fakes, [n, outputs] → [n] each. Empty for a plain GAN."""
        return {}

    def feedback(self, rng: random.StepRng, training: bool) -> tf.Tensor:
        """Weights of the discriminators in the generator's loss, float32 [discriminators]."""
        return tf.ones((1,))

    def discriminator_losses(self, real, fake, rng: random.StepRng, training: bool) -> dict[str, tf.Tensor]:
        """Losses and metrics of the discriminators from packs of real examples x and of fakes G(z), [n] each.

            discriminator_loss        adversarial loss of D(x) and D(G(z))
            penalty                   γ₁/2 |∇D(x)|² + γ₂/2 |∇D(G(z))|² + λ (|∇D(x̂)| − 1)²
            discriminator_objective   discriminator_loss + penalty, summed over the discriminators

        with x̂ = G(z) + u (x − G(z)), u ~ U(0, 1). All but the last are means over the discriminators. The last one is
        minimized. It is a sum, so that each discriminator is trained as if it were the only one.
        """
        config, found = self.config, []
        for discriminator in self.discriminators:
            logits_of = functools.partial(self.logits_of, discriminator, training=training)
            (real_logit, real_logits), real_norm = with_gradient_norm(logits_of, real, needed=config.r1 > 0.0)
            (fake_logit, fake_logits), fake_norm = with_gradient_norm(logits_of, fake, needed=config.r2 > 0.0)
            penalty = 0.5 * config.r1 * real_norm + 0.5 * config.r2 * fake_norm
            if self.uses_gradient_penalty:
                between = interpolate(real, fake, rng.uniform("interpolation", (random.rows(real),)))
                _, between_norm = with_gradient_norm(logits_of, between)
                penalty += config.gradient_penalty * lipschitz_penalty(between_norm)
            real_correct, fake_correct = losses.correct(config.loss, real_logit, fake_logit)
            found.append(
                {
                    "discriminator_loss": self.discriminator_loss(real_logits, fake_logits),
                    "penalty": penalty,
                    "real_accuracy": real_correct,
                    "fake_accuracy": fake_correct,
                    "accuracy": 0.5 * (real_correct + fake_correct),
                    **self.extra_metrics(fake_logits),
                }
            )
        mean = {name: tf.add_n([each[name] for each in found]) / len(found) for name in found[0]}
        return mean | {"discriminator_objective": len(found) * (mean["discriminator_loss"] + mean["penalty"])}

    def generator_losses(self, real, fake, rng: random.StepRng, training: bool) -> dict[str, tf.Tensor]:
        """The generator's loss from packs of real examples x and of fakes G(z), [n].

            generator_loss   Σₖ wₖ · (adversarial loss of Dₖ(G(z)), and of Dₖ(x) if the loss is relativistic)

        with w the `feedback` weights of the discriminators Dₖ.
        """
        name, found = self.config.loss, []
        for discriminator in self.discriminators:
            real_logit = self.logits_of(discriminator, real, training)[0] if name == "relativistic" else None
            fake_logit, _ = self.logits_of(discriminator, fake, training)
            found.append(losses.generator_loss(name, real_logit, fake_logit))
        return {"generator_loss": tf.tensordot(self.feedback(rng, training), tf.stack(found), 1)}

    def losses_of(self, examples, rng, training=False):
        real, fake = self.real_and_fake_packs(examples, rng, training)
        of_discriminator = self.discriminator_losses(real, fake, rng, training)
        return per_example(of_discriminator | self.generator_losses(real, fake, rng, training), self.packing)

    # -- training -----------------------------------------------------------------------------------------------------

    def optimizer_steps(self):
        """The optimizer steps of one training step: those of the discriminator, then one of the generator."""

        def discriminator_losses(rng, examples):
            real, fake = self.real_and_fake_packs(examples, rng, training=True)
            return per_example(self.discriminator_losses(real, fake, rng, training=True), self.packing)

        def generator_losses(rng, examples):
            real, fake = self.real_and_fake_packs(examples, rng, training=True)
            return per_example(self.generator_losses(real, fake, rng, training=True), self.packing)

        count = self.config.discriminator_steps
        shares = [functools.partial(select_packs, size=self.packing, start=i, step=count) for i in range(count)]
        of_discriminator = [
            OptimizerStep(
                discriminator_losses,
                "discriminator_objective",
                self.discriminator_optimizer,
                self.discriminator_variables,
                select_batch=share,
                before_step=functools.partial(networks.update_spectral_norms, self.discriminators),
            )
            for share in shares
        ]
        variables = self.generator.trainable_variables
        of_generator = OptimizerStep(generator_losses, "generator_loss", self.optimizer, variables, shares[0])
        return [*of_discriminator, of_generator]

    @property
    def batch_multiple(self):
        return self.packing * self.config.discriminator_steps

    @property
    def discriminator_variables(self) -> list:
        """The trainable variables of all discriminators."""
        return [variable for discriminator in self.discriminators for variable in discriminator.trainable_variables]

    @property
    def optimizers(self):
        return [self.optimizer, self.discriminator_optimizer]

    @property
    def optimized_variables(self):
        return self.generator.trainable_variables

    @property
    def averaged_variables(self):
        return self.generator.trainable_variables

    def diagnostics(self, examples):
        """Mean losses and accuracies without dropout, and `loss_ratio` if the losses are cross-entropies.

        `loss_ratio` is the generator's loss over the discriminator's loss: 1 if D cannot tell real from fake.
        """
        n = min(DIAGNOSTIC_EXAMPLES, len(examples))
        with random.StepRng(self.seed + EVALUATION, 0) as rng:
            found = self.losses_of(examples[: n - n % self.packing], rng)
        means = {name: float(tf.reduce_mean(found[name])) for name in self.loss_names}
        if self.config.loss in losses.CROSS_ENTROPIES:
            means["loss_ratio"] = means["generator_loss"] / means["discriminator_loss"]
        return means

    # -- Keras --------------------------------------------------------------------------------------------------------

    def compile(self, optimizer="adam", discriminator_optimizer=None, **kwargs):
        """Configure training.

        Args:
            optimizer: the generator's optimizer.
            discriminator_optimizer: the discriminator's optimizer. None creates one with the generator's settings.
            **kwargs: see `GenerativeModel.compile`.
        """
        super().compile(optimizer, **kwargs)
        self.discriminator_optimizer = keras.optimizers.get(
            discriminator_optimizer or slowed_copy(self.optimizer, self.config.discriminator_steps)
        )
        self.discriminator_optimizer.build(self.discriminator_variables)

    def get_compile_config(self):
        if not self.compiled:
            return None
        return {
            **super().get_compile_config(),
            "discriminator_optimizer": keras.saving.serialize_keras_object(self.discriminator_optimizer),
        }

    # -- the contract -------------------------------------------------------------------------------------------------

    @property
    def latent_shape(self):
        return (self.config.latent_dim,)

    def decode(self, latent):
        """Generate examples: [n, latent_dim] → images [n, H, W, C] in [0, 1], or points [n, D]."""
        return self.to_unit_interval(self.generator(latent))
