"""The losses of the generator and the discriminators of a GAN, for a batch."""

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from tfgen import random
from tfgen.models.gan import losses
from tfgen.models.gan.penalties import interpolate, lipschitz_penalty, per_row_sum, squared_norm, with_gradient

#: Losses and metrics by name, one value for each pack of examples.
LossValues = dict[str, tf.Tensor]


class DiscriminatorOutput(NamedTuple):
    """The output of one discriminator for packs of examples.

    Attributes:
        logit: logit of "real", [n].
        logits: all logits, [n, outputs].
        gradient: ∇D, the gradient of the logit at the packs, [n, …]; None if it was not needed.
    """

    logit: tf.Tensor
    logits: tf.Tensor
    gradient: tf.Tensor | None


class AdversarialLosses:
    """The losses of a GAN's networks from packs of real examples and packs of fakes."""

    config: Any

    @property
    def discriminators(self) -> Sequence[keras.Model]:
        """All discriminators of the model."""
        raise NotImplementedError

    @property
    def uses_gradient_penalty(self) -> bool:
        """Whether the discriminator's loss contains the penalty (|∇D| − 1)² of WGAN-GP."""
        return self.config.loss == "wgan-gp" and self.config.gradient_penalty > 0.0

    @property
    def is_penalized(self) -> bool:
        """Whether the discriminator's loss contains any penalty."""
        return self.config.r1 > 0.0 or self.config.r2 > 0.0 or self.uses_gradient_penalty

    def real_logit(self, logits) -> tf.Tensor:
        """The logit of "real" among a discriminator's logits: [n, outputs] → [n]."""
        return logits[:, 0]

    def logits_of(self, discriminator, packs, training: bool, one_hot=None) -> tuple[tf.Tensor, tf.Tensor]:
        """Apply a discriminator to packs and their labels: the logit of "real" [n], and all logits [n, outputs]."""
        logits = discriminator(packs if one_hot is None else [packs, one_hot], training=training)
        return self.real_logit(logits), logits

    def discriminator_loss(self, real_logits, fake_logits) -> tf.Tensor:
        """Adversarial loss of a discriminator from its logits of real and fake packs, [n, outputs] each → [n]."""
        return losses.discriminator_loss(self.config.loss, self.real_logit(real_logits), self.real_logit(fake_logits))

    def extra_metrics(self, fake_logits) -> dict[str, tf.Tensor]:
        """Further metrics from a discriminator's logits of fakes, [n, outputs] → [n] each. Empty for a plain GAN."""
        return {}

    def feedback(self, rng: random.StepRng, training: bool) -> tf.Tensor:
        """Weights of the discriminators in the generator's loss, float32 [discriminators]."""
        return tf.ones((1,))

    def outputs_of(self, packs, training: bool, one_hot=None, gradient: bool = False) -> list[DiscriminatorOutput]:
        """Apply every discriminator to packs, and compute the gradient of the logit at the packs if asked for."""

        def output(discriminator) -> DiscriminatorOutput:
            logits_of = functools.partial(self.logits_of, discriminator, training=training, one_hot=one_hot)
            (logit, logits), found = with_gradient(logits_of, packs, gradient)
            return DiscriminatorOutput(logit, logits, found)

        return [output(discriminator) for discriminator in self.discriminators]

    def discriminator_losses(self, real, fake, rng: random.StepRng, training: bool, one_hot=None) -> LossValues:
        """Losses and metrics of the discriminators from packs of real examples x and of fakes G(z), [n] each.

            discriminator_loss        adversarial loss of D(x) and D(G(z))
            penalty                   γ₁/2 |∇D(x)|² + γ₂/2 |∇D(G(z))|² + λ (|∇D(x̂)| − 1)²
            discriminator_objective   discriminator_loss + penalty, summed over the discriminators

        with x̂ = G(z) + u (x − G(z)), u ~ U(0, 1). All but the last are means over the discriminators. The last one is
        minimized. It is a sum, so that each discriminator is trained as if it were the only one.

        Args:
            real, fake: packs. Row i of both has the same label.
            rng: noise of the step.
            training: whether dropout is on.
            one_hot: one-hot vectors of the labels of each pack; None for a model without labels.
        """
        of_real = self.outputs_of(real, training, one_hot, gradient=self.config.r1 > 0.0)
        of_fake = self.outputs_of(fake, training, one_hot, gradient=self.config.r2 > 0.0)
        return self._discriminator_losses(real, fake, of_real, of_fake, rng, training, one_hot)

    def _discriminator_losses(self, real, fake, of_real, of_fake, rng, training, one_hot) -> LossValues:
        config, found = self.config, []
        between: list[DiscriminatorOutput | None] = [None] * len(of_real)
        if self.uses_gradient_penalty:
            points = interpolate(real, fake, rng.uniform("interpolation", (random.rows(real),)))
            between = [*self.outputs_of(points, training, one_hot, gradient=True)]
        for at_real, at_fake, at_between in zip(of_real, of_fake, between, strict=True):
            penalty = 0.5 * config.r1 * squared_norm(at_real.gradient)
            penalty += 0.5 * config.r2 * squared_norm(at_fake.gradient)
            if at_between is not None:
                penalty += config.gradient_penalty * lipschitz_penalty(squared_norm(at_between.gradient))
            real_correct, fake_correct = losses.correct(config.loss, at_real.logit, at_fake.logit)
            found.append(
                {
                    "discriminator_loss": self.discriminator_loss(at_real.logits, at_fake.logits),
                    "penalty": penalty + tf.zeros_like(at_real.logit),
                    "real_accuracy": real_correct,
                    "fake_accuracy": fake_correct,
                    "accuracy": 0.5 * (real_correct + fake_correct),
                    **self.extra_metrics(at_fake.logits),
                }
            )
        mean = {name: tf.add_n([each[name] for each in found]) / len(found) for name in found[0]}
        return mean | {"discriminator_objective": len(found) * (mean["discriminator_loss"] + mean["penalty"])}

    def generator_losses(self, real, fake, rng: random.StepRng, training: bool, one_hot=None) -> LossValues:
        """The generator's loss from packs of real examples x and of fakes G(z), [n].

            generator_loss   Σₖ wₖ · (adversarial loss of Dₖ(G(z)), and of Dₖ(x) if the loss is relativistic)

        with w the `feedback` weights of the discriminators Dₖ.
        """
        name, real_logits = self.config.loss, [None] * len(self.discriminators)
        if name == "relativistic":
            real_logits = [output.logit for output in self.outputs_of(real, training, one_hot)]
        of_fake = self.outputs_of(fake, training, one_hot)
        found = [
            losses.generator_loss(name, real_logit, output.logit)
            for real_logit, output in zip(real_logits, of_fake, strict=True)
        ]
        return {"generator_loss": tf.tensordot(self.feedback(rng, training), tf.stack(found), 1)}

    def simultaneous_losses(self, real, fake, rng: random.StepRng, training: bool, one_hot=None) -> LossValues:
        """The losses of both networks from one pass of the discriminators over the packs, [n] each.

        Besides `discriminator_losses` and `generator_losses`, the result has

            generator_objective   a function whose gradient with respect to the generator is that of generator_loss

        With R2, the discriminator's loss needs ∇D(G(z)) anyway. By the chain rule, the gradient of the generator's loss
        at a fake is l'(D(G(z))) ∇D(G(z)) with l the adversarial loss, so that the objective is the inner product of the
        fake with this constant vector. The gradient then need not pass through the discriminator again. Without R2, the
        objective is the loss.
        """
        of_real = self.outputs_of(real, training, one_hot, gradient=self.config.r1 > 0.0)
        of_fake = self.outputs_of(fake, training, one_hot, gradient=self.config.r2 > 0.0)
        found = self._discriminator_losses(real, fake, of_real, of_fake, rng, training, one_hot)
        values, objectives = [], []
        for at_real, at_fake in zip(of_real, of_fake, strict=True):
            with tf.GradientTape() as tape:
                tape.watch(at_fake.logit)
                value = losses.generator_loss(self.config.loss, tf.stop_gradient(at_real.logit), at_fake.logit)
            values.append(value)
            if at_fake.gradient is None:
                objectives.append(value)
            else:
                slope = tf.reshape(tape.gradient(value, at_fake.logit), (-1, *[1] * (fake.shape.rank - 1)))
                objectives.append(per_row_sum(tf.stop_gradient(slope * at_fake.gradient) * fake))
        weights = self.feedback(rng, training)
        return found | {
            "generator_loss": tf.tensordot(weights, tf.stack(values), 1),
            "generator_objective": tf.tensordot(weights, tf.stack(objectives), 1),
        }
