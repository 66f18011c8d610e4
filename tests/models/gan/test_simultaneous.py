"""Simultaneous updates: both gradients are those of the losses at the weights before the step, for the same fakes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen import random
from tfgen.errors import ConfigError
from tfgen.models import family
from tfgen.training.compiled import CompiledGradients

MLP = {"generator_hidden": (16,), "discriminator_hidden": (16,), "discriminator_dropout": 0.0, "latent_dim": 4}
BOTH_PENALTIES = {"loss": "relativistic", "r1": 0.7, "r2": 0.9}
CASES = {
    "without penalty": ("gan", MLP),
    "r1": ("gan", {**MLP, "r1": 0.7}),
    "r1 and r2": ("gan", {**MLP, **BOTH_PENALTIES}),
    "packs": ("gan", {**MLP, **BOTH_PENALTIES, "packing": 2}),
    "wgan-gp": ("gan", {**MLP, "loss": "wgan-gp"}),
    "augmented": (
        "gan",
        {"arch": "residual", "filters": 4, **BOTH_PENALTIES, "differentiable_augmentation": ("color", "translation")},
    ),
    "labels": ("gan", {**MLP, **BOTH_PENALTIES, "classes": tuple("0123456789")}),
    "dropout-gan": ("dropout_gan", {**MLP, "r2": 0.9, "discriminators": 3}),
    "mad-gan": ("mad_gan", {**MLP, "generator_hidden": (16, 16), "r2": 0.9, "generators": 4}),
}
RATE = 0.1


def made(name, **options):
    keras.utils.set_random_seed(3)
    kind, given = CASES[name]
    gan = family(kind)((8, 8, 1), 17, **given, **options)
    gan.compile(keras.optimizers.SGD(RATE))
    # The last layer of a residual discriminator starts at zero, and so does its gradient at an image.
    generator = np.random.default_rng(0)
    for variable in gan.trainable_variables:
        variable.assign_add(0.1 * generator.standard_normal(variable.shape).astype(np.float32))
    return gan


def batch_of(gan, digits):
    labels = (tf.constant(np.arange(32) % 10, tf.int32),) if gan.is_conditional else ()
    return (tf.constant(digits[:32]), *labels)


def gradient_of(function, variables):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(function())
    return [gradient.numpy() for gradient in tape.gradient(loss, [variable.value for variable in variables])]


def expected_gradients(gan, batch):
    """The gradients of both losses, by autodiff through the networks, and the losses."""
    examples, *label = batch
    condition = gan._condition(label[0], gan.packing) if label else {}

    def losses(function):
        with random.StepRng(gan.seed, 0) as rng:
            packs = gan.real_and_fake_packs(examples, rng, True, **gan.given(*label))
            return function(*packs, rng, True, **condition)

    of_discriminator = gradient_of(
        lambda: losses(gan.discriminator_losses)["discriminator_objective"], gan.discriminator_variables
    )
    of_generator = gradient_of(
        lambda: losses(gan.generator_losses)["generator_loss"], gan.generator.trainable_variables
    )
    return of_discriminator, of_generator, losses(gan.discriminator_losses) | losses(gan.generator_losses)


@pytest.mark.parametrize("name", CASES)
def test_both_networks_move_by_the_gradients_at_the_start_of_the_step(name, digits):
    gan = made(name, updates="simultaneous")
    batch = batch_of(gan, digits)
    of_discriminator, of_generator, losses = expected_gradients(gan, batch)
    variables = [*gan.discriminator_variables, *gan.generator.trainable_variables]
    before = [variable.numpy() for variable in variables]
    found = gan.update(*batch)
    for loss in ("generator_loss", "discriminator_loss"):
        np.testing.assert_allclose(found[loss].numpy()[:: gan.packing], losses[loss], rtol=1e-4, atol=1e-5)
    for variable, old, gradient in zip(variables, before, of_discriminator + of_generator, strict=True):
        assert np.abs(gradient).max() > 0, variable.path
        np.testing.assert_allclose(old - variable.numpy(), RATE * gradient, rtol=1e-3, atol=2e-6, err_msg=variable.path)
    assert int(gan.step) == int(gan.optimizer.iterations) == int(gan.discriminator_optimizer.iterations) == 1


def test_the_generator_s_gradient_differs_from_that_of_alternating_updates(digits):
    moved = []
    for updates in ("simultaneous", "alternating"):
        gan = made("r1 and r2", updates=updates)
        gan.update(*batch_of(gan, digits))
        moved.append([variable.numpy() for variable in gan.generator.trainable_variables])
    assert any(np.abs(one - other).max() > 1e-4 for one, other in zip(*moved, strict=True))


def test_the_gradients_compiled_with_xla_are_the_same(digits):
    gan = made("r1 and r2", updates="simultaneous")
    (step,) = gan.optimizer_steps()
    batch = batch_of(gan, digits)
    compiled = CompiledGradients([step], [tf.TensorSpec(part.shape, part.dtype) for part in batch])
    with random.StepRng(gan.seed, 0) as rng:
        _, expected = step.gradients(batch, rng)
    with random.StepRng(gan.seed, 0) as rng:
        _, found = compiled(step, batch, rng)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-6)


def test_several_discriminator_steps_are_refused():
    with pytest.raises(ConfigError, match="discriminator_steps: expected 1 with simultaneous updates"):
        made("r1", updates="simultaneous", discriminator_steps=2)
