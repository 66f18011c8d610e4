"""The losses of the generator and the discriminators of a GAN, for a batch."""

import functools
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tfgen import random
from tfgen.models.gan import losses
from tfgen.models.gan.penalties import interpolate, lipschitz_penalty, with_gradient_norm

#: Losses and metrics by name, one value for each pack of examples.
LossValues = dict[str, tf.Tensor]


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
        config, found = self.config, []
        for discriminator in self.discriminators:
            logits_of = functools.partial(self.logits_of, discriminator, training=training, one_hot=one_hot)
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

    def generator_losses(self, real, fake, rng: random.StepRng, training: bool, one_hot=None) -> LossValues:
        """The generator's loss from packs of real examples x and of fakes G(z), [n].

            generator_loss   Σₖ wₖ · (adversarial loss of Dₖ(G(z)), and of Dₖ(x) if the loss is relativistic)

        with w the `feedback` weights of the discriminators Dₖ.
        """
        name, found = self.config.loss, []
        for discriminator in self.discriminators:
            needs_real = name == "relativistic"
            real_logit = self.logits_of(discriminator, real, training, one_hot)[0] if needs_real else None
            fake_logit, _ = self.logits_of(discriminator, fake, training, one_hot)
            found.append(losses.generator_loss(name, real_logit, fake_logit))
        return {"generator_loss": tf.tensordot(self.feedback(rng, training), tf.stack(found), 1)}
