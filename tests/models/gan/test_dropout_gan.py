"""Dropout-GAN: every discriminator has its own loss, and a random subset of them trains the generator."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen import random
from tfgen.models.gan import GAN
from tfgen.models.gan.dropout_gan import DropoutGAN

SMALL = {"generator_hidden": (16,), "discriminator_hidden": (16,), "latent_dim": 4, "discriminator_dropout": 0.0}


def small(**options) -> DropoutGAN:
    keras.utils.set_random_seed(3)
    gan = DropoutGAN((8, 8, 1), 17, **{**SMALL, "discriminators": 3, **options})
    gan.compile(keras.optimizers.SGD(0.1))
    return gan


def feedback(gan, steps) -> np.ndarray:
    @tf.function
    def of_step(step):
        with random.StepRng(0, step) as rng:
            return gan.feedback(rng, True)

    return np.stack([of_step(step).numpy() for step in tf.range(steps)]) * gan.config.discriminators


def test_each_discriminator_is_dropped_with_the_given_probability_and_never_all():
    kept = feedback(small(feedback_dropout=0.6), 800)
    assert set(np.unique(kept)) == {0.0, 1.0}
    assert kept.sum(axis=1).min() == 1.0
    # A discriminator is kept with 1 − d, and with 1/3 if all three were dropped, whose probability is d³.
    np.testing.assert_allclose(kept.mean(axis=0), 0.4 + 0.6**3 / 3, atol=0.06)


@pytest.mark.parametrize(("rate", "number"), [(0.0, 3.0), (1.0, 1.0)])
def test_dropout_of_0_keeps_all_discriminators_and_of_1_keeps_one(rate, number):
    np.testing.assert_array_equal(feedback(small(feedback_dropout=rate), 50).sum(axis=1), number)


def test_outside_of_training_all_discriminators_have_equal_weights():
    with random.StepRng(0, 0) as rng:
        np.testing.assert_allclose(small(feedback_dropout=0.9).feedback(rng, False), 1 / 3)


def test_the_discriminators_start_with_different_weights():
    first, second, third = (network.trainable_variables[0].numpy() for network in small().discriminators)
    assert np.abs(first - second).max() > 0.01
    assert np.abs(second - third).max() > 0.01


def test_the_generator_s_loss_is_the_weighted_sum_of_the_losses_against_each_discriminator(digits):
    gan = small()
    with random.StepRng(5, 0) as rng:
        real, fake = gan.real_and_fake_packs(tf.constant(digits[:8]), rng, True)
        found = gan.generator_losses(real, fake, rng, True)["generator_loss"]
    with random.StepRng(5, 0) as rng:
        weights = gan.feedback(rng, True).numpy()
    assert 0 < np.count_nonzero(weights) < 3
    each = [np.log1p(np.exp(-network(fake).numpy()[:, 0])) for network in gan.discriminators]
    np.testing.assert_allclose(found, np.tensordot(weights, np.stack(each), 1), rtol=1e-5)


def test_each_discriminator_is_trained_as_if_it_were_the_only_one(digits):
    gan, images = small(r1=1.0), tf.constant(digits[:32])
    keras.utils.set_random_seed(9)
    alone = GAN((8, 8, 1), 17, **{**SMALL, "r1": 1.0})
    alone.compile(keras.optimizers.SGD(0.1))
    alone.generator.set_weights(gan.generator.get_weights())
    alone.discriminator.set_weights(gan.discriminators[1].get_weights())
    for model in (gan, alone):
        model.train_step((images,))
    for ours, theirs in zip(gan.discriminators[1].get_weights(), alone.discriminator.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


@pytest.mark.slow
def test_with_one_discriminator_it_equals_a_gan(digits):
    gan = small(discriminators=1, feedback_dropout=0.7)
    keras.utils.set_random_seed(3)
    plain = GAN((8, 8, 1), 17, **SMALL)
    plain.compile(keras.optimizers.SGD(0.1))
    plain.set_weights(gan.get_weights())
    for model in (gan, plain):
        model.fit(digits[:128], batch_size=64, epochs=1, shuffle=False, verbose=0)
    np.testing.assert_allclose(gan.sample(4), plain.sample(4), atol=1e-6)
