"""The generative adversarial network."""

import functools
from collections.abc import Sequence
from typing import Any, ClassVar

import keras
import tensorflow as tf

from tfgen import random
from tfgen.config import GANConfig
from tfgen.errors import ConfigError
from tfgen.models import pixels
from tfgen.models.contract import EVALUATION, GenerativeModel
from tfgen.models.gan import losses, networks
from tfgen.models.gan.ada import AdaptiveProbability
from tfgen.models.gan.adversarial_losses import AdversarialLosses
from tfgen.models.gan.augmentation import augment
from tfgen.models.gan.packs import per_example, select_packs, to_packs
from tfgen.models.gan.schedule import slowed_copy
from tfgen.models.optimizer_step import OptimizerStep
from tfgen.models.traced import traced

# Number of real examples, and of fakes, from which `diagnostics` computes its metrics.
DIAGNOSTIC_EXAMPLES = 500

_NO_DENSITY = "a GAN has no tractable likelihood: it generates examples without computing their density"


@keras.saving.register_keras_serializable("tfgen")
class GAN(AdversarialLosses, GenerativeModel):
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
    of each of its examples. With `differentiable_augmentation`, the discriminator gets randomly transformed examples.

    A conditional model has a generator G(z, y) and a projection discriminator D(x, y) (Miyato, Koyama, 2018). A fake
    has the label of the real example in its row.

    Args:
        event_shape, levels, classes, class_frequencies, ema, seed: see `GenerativeModel`. The average is of the
            generator's weights.
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
        self._build_augmentation()

    def _build_generator(self) -> keras.Model:
        return networks.generator(self.config, self.event_shape, len(self.classes))

    def _build_discriminator(self, outputs: int = 1, name: str = "discriminator") -> keras.Model:
        *sides, channels = self.event_shape
        classes = self.packing * len(self.classes)
        return networks.discriminator(self.config, (*sides, self.packing * channels), outputs, name, classes)

    def _build_augmentation(self) -> None:
        config = self.config
        if config.differentiable_augmentation and not self.is_image:
            raise ConfigError("differentiable_augmentation: expected none for points. Received: color, …")
        if config.ada_target is not None and not config.differentiable_augmentation:
            raise ConfigError(
                "ada_target: expected differentiable_augmentation too, whose probability it adapts. "
                f"Received: ada_target={config.ada_target:g} without it"
            )
        self.adaptive = None
        if config.ada_target is not None:
            self.adaptive = AdaptiveProbability(
                config.augmentation_probability, config.ada_target, config.ada_images, name="augmentation"
            )

    @property
    def discriminators(self) -> Sequence[keras.Model]:
        """All discriminators of the model. A plain GAN has one."""
        return [self.discriminator]

    @property
    def packing(self) -> int:
        """Number of examples that the discriminator classifies together."""
        return self.config.packing

    @property
    def loss_names(self) -> tuple[str, ...]:  # type: ignore[override]
        is_shift_invariant = self.config.loss in losses.SHIFT_INVARIANT_LOSSES
        accuracies = ("accuracy",) if is_shift_invariant else ("real_accuracy", "fake_accuracy")
        penalty = ("penalty",) if self.is_penalized else ()
        adaptive = ("augmentation_probability",) if self.config.ada_target is not None else ()
        return "generator_loss", "discriminator_loss", *penalty, *accuracies, *adaptive

    # -- examples and logits ------------------------------------------------------------------------------------------

    def preprocess(self, examples) -> tf.Tensor:
        """Convert real examples to the scale of the networks: images to [−1, 1], points unchanged, float32."""
        return 2.0 * pixels.unit_interval(examples, self.levels) - 1.0 if self.levels else tf.cast(examples, tf.float32)

    def to_unit_interval(self, generated) -> tf.Tensor:
        """Convert the generator's output to the scale of `sample`: images to [0, 1], points unchanged."""
        return 0.5 * (generated + 1.0) if self.is_image else generated

    def generate(self, n, rng: random.StepRng, training: bool = False, one_hot=None) -> tf.Tensor:
        """Generate `n` fakes from latents of the step's noise: [n, *event_shape] in the scale of the networks.

        A conditional model generates examples of the labels with the vectors `one_hot` [n, K].
        """
        latent = rng.normal("latent", (n, self.config.latent_dim))
        return self.generator(latent if one_hot is None else [latent, one_hot], training=training)

    @property
    def augmentation_probability(self):
        """The present probability of each kind of augmentation."""
        return self.config.augmentation_probability if self.adaptive is None else self.adaptive.probability.value

    def real_and_fake_packs(
        self, examples, rng: random.StepRng, training: bool, label=None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Packs of the real examples of a batch [n, …], and as many packs of fakes: [n / packing, …] each.

        The fake in row i has the label of the real example in row i. In training, both are augmented.
        """
        fake = self.generate(random.rows(examples), rng, training, **self._condition(label))
        kinds = self.config.differentiable_augmentation if training else ()
        return tuple(
            to_packs(augment(each, kinds, self.augmentation_probability, rng), self.packing)
            for each in (self.preprocess(examples), fake)
        )

    def _condition(self, label, packing: int = 1) -> dict[str, tf.Tensor]:
        """The argument `one_hot` for labels int32 [n]; no argument without labels."""
        return {} if label is None else {"one_hot": to_packs(self.one_hot(label), packing)}

    # -- losses -------------------------------------------------------------------------------------------------------

    def losses_of(self, examples, rng, training=False, label=None):
        found: dict[str, tf.Tensor] = {}
        real, fake = self.real_and_fake_packs(examples, rng, training, **self.given(label))
        for function in (self.discriminator_losses, self.generator_losses):
            found |= function(real, fake, rng, training, **self._condition(label, self.packing))
        return self._per_example(found)

    def _per_example(self, found: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        if self.adaptive is not None:
            found["augmentation_probability"] = tf.fill(
                tf.shape(found[next(iter(found))]), self.augmentation_probability
            )
        return per_example(found, self.packing)

    # -- training -----------------------------------------------------------------------------------------------------

    def optimizer_steps(self):
        """The optimizer steps of one training step: those of the discriminator, then one of the generator."""

        def losses_by(function, rng, examples, label=None):
            real, fake = self.real_and_fake_packs(examples, rng, training=True, **self.given(label))
            return self._per_example(function(real, fake, rng, True, **self._condition(label, self.packing)))

        discriminator_losses = functools.partial(losses_by, self.discriminator_losses)
        generator_losses = functools.partial(losses_by, self.generator_losses)
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

    def update(self, *batch):
        found = super().update(*batch)
        if self.adaptive is not None:
            self.adaptive.update(found["real_accuracy"])
        return found

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

    def diagnostics(self, examples, label=None):
        """Mean losses and accuracies without dropout, and `loss_ratio` if the losses are cross-entropies.

        `loss_ratio` is the generator's loss over the discriminator's loss: 1 if D cannot tell real from fake. It is
        left out if the discriminator's loss is 0.
        """
        n = min(DIAGNOSTIC_EXAMPLES, len(examples))
        n -= n % self.packing
        labels = self.labels_of(label, len(examples))
        with random.StepRng(self.seed + EVALUATION, 0) as rng:
            found = self.losses_of(examples[:n], rng, **self.given(None if labels is None else labels[:n]))
        means = {name: float(tf.reduce_mean(found[name])) for name in self.loss_names}
        # A discriminator that is certain of every example has the loss 0.
        if self.config.loss in losses.CROSS_ENTROPIES and means["discriminator_loss"] > 0.0:
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

    def decode(self, latent, label=None):
        """Generate examples: [n, latent_dim] → images [n, H, W, C] in [0, 1], or points [n, D].

        A conditional model needs labels, in the forms of `labels_of`.
        """
        latent = self.checked_latents(latent)
        return self._decoded(latent, self.one_hot(self.labels_of(label, random.rows(latent))))

    @traced
    def _decoded(self, latent, one_hot):
        """Images of latents and of one-hot labels [n, K], or None."""
        return self.to_unit_interval(self.generator(latent if one_hot is None else [latent, one_hot]))

    # Noise and generator as one function.
    _sample_rows = traced(GenerativeModel._sample_rows)

    def stratified_latents(self, seeds) -> tf.Tensor:
        """Latents of the prior, spread evenly over the generators if there are several: int32 [n] → [n, d]."""
        return self.prior_latents(seeds)
