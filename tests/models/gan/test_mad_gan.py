"""MAD-GAN: several generators in one model, and a discriminator that identifies them."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen import random
from tfgen.errors import ConfigError
from tfgen.models.gan.mad_gan import MADGAN

SMALL = {"generator_hidden": (16, 16), "discriminator_hidden": (16,), "latent_dim": 4, "discriminator_dropout": 0.0}


def small(**options) -> MADGAN:
    keras.utils.set_random_seed(3)
    gan = MADGAN((8, 8, 1), 17, **{**SMALL, "generators": 3, **options})
    gan.compile(keras.optimizers.SGD(0.1))
    return gan


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def test_the_discriminator_s_loss_and_accuracy_equal_the_formulas_of_the_paper():
    gan = small()
    real, fake = np.random.default_rng(0).standard_normal((2, 6, 4)).astype(np.float32)
    p_real, p_fake = softmax(np.float64(real)), softmax(np.float64(fake))
    p_generator = p_fake[np.arange(6), [0, 1, 2, 0, 1, 2]]
    np.testing.assert_allclose(
        gan.discriminator_loss(real, fake), -0.5 * (np.log(p_real[:, 3]) + np.log(p_generator)), rtol=1e-5
    )
    np.testing.assert_allclose(
        gan.real_logit(fake), np.log(p_fake[:, 3]) - np.log(1 - p_fake[:, 3]), rtol=1e-4, atol=1e-5
    )
    np.testing.assert_array_equal(
        gan.extra_metrics(fake)["generator_accuracy"], fake[:, :3].argmax(axis=1) == [0, 1, 2] * 2
    )


@pytest.mark.parametrize(("loss", "sign"), [("nonsaturating", -1.0), ("minimax", 1.0)])
def test_the_generators_loss_equals_the_formula_of_the_paper(loss, sign, digits):
    gan = small(loss=loss)
    with random.StepRng(0, 0) as rng:
        real, fake = gan.real_and_fake_packs(tf.constant(digits[:6]), rng, True)
        found = gan.generator_losses(real, fake, rng, True)["generator_loss"]
    real_probability = softmax(np.float64(gan.discriminator(fake)))[:, 3]
    probability = real_probability if loss == "nonsaturating" else 1 - real_probability
    np.testing.assert_allclose(found, sign * np.log(probability), rtol=1e-4)


def test_generator_r_mod_k_makes_row_r(digits):
    gan = small()
    with random.StepRng(0, 0) as rng:
        fake = gan.generate(6, rng, training=True).numpy()
    with random.StepRng(0, 0) as rng:
        latent = rng.normal("latent", (6, 4))
    for row in range(6):
        expected = gan.generator.choose(latent[row : row + 1], tf.constant([row % 3]))
        np.testing.assert_allclose(fake[row : row + 1], expected, atol=1e-6)


def test_the_generators_share_their_first_layers_only():
    gan = small(own_layers=1)
    z = np.random.default_rng(0).standard_normal((5, 4)).astype(np.float32)
    drawn = [gan.generator.choose(z, tf.fill((5,), number)).numpy() for number in range(3)]
    assert np.abs(drawn[0] - drawn[1]).max() > 1e-3
    assert np.abs(drawn[1] - drawn[2]).max() > 1e-3
    shared = gan.generator.trunk.trainable_variables
    assert len(shared) == 4
    shared[0].assign(tf.zeros_like(shared[0]))
    for number in range(3):  # If the shared layers ignore z, every generator does.
        constant = gan.generator.choose(z, tf.fill((5,), number)).numpy()
        np.testing.assert_allclose(constant, np.broadcast_to(constant[:1], constant.shape), atol=1e-6)


def test_own_layers_that_leave_no_shared_layer_raise_an_error():
    with pytest.raises(ConfigError, match=r"own_layers: expected 1 to 2, .* has 3 layers .* Received: 3"):
        small(own_layers=3)


def test_the_largest_component_of_the_choice_selects_the_generator():
    gan = small()
    z = np.random.default_rng(0).standard_normal((3, 4)).astype(np.float32)
    choice = np.float32([[0.1, -3.0, 0.0], [-2.0, 5.0, 1.0], [-3.0, -2.0, -1.0]])
    drawn = gan.decode(np.concatenate([z, choice], axis=1)).numpy()
    for row, number in enumerate((0, 1, 2)):
        other = np.concatenate([z, np.roll(choice, 1, axis=0)], axis=1)
        np.testing.assert_allclose(drawn[row], gan.decode(other, generator=number)[row], atol=1e-6)


@pytest.mark.parametrize("number", [-1, 3])
def test_a_generator_out_of_range_raises_an_error(number):
    with pytest.raises(ConfigError, match=f"generator: expected 0 to 2. Received: {number}"):
        small().decode(np.zeros((1, 7), np.float32), generator=number)


@pytest.mark.parametrize("temperature", [0.3, 1.0])
def test_the_generator_of_a_seed_does_not_depend_on_the_temperature_and_all_are_equally_frequent(temperature):
    gan = small()
    choice = gan.prior_latents(random.seeds_from(0, 3000), temperature).numpy()[:, 4:].argmax(axis=1)
    np.testing.assert_array_equal(choice, gan.prior_latents(random.seeds_from(0, 3000)).numpy()[:, 4:].argmax(axis=1))
    np.testing.assert_allclose(np.bincount(choice) / 3000, 1 / 3, atol=0.03)


def test_the_batch_size_is_a_multiple_of_generators_times_discriminator_steps():
    assert small(generators=4, discriminator_steps=2).batch_multiple == 8


@pytest.mark.slow
def test_each_generator_learns_a_cluster_of_its_own():
    generator = np.random.default_rng(0)
    centres = np.float32([[-2.0, 0.0], [2.0, 0.0]])
    points = (centres[generator.integers(2, size=2048)] + 0.1 * generator.standard_normal((2048, 2))).astype(np.float32)
    keras.utils.set_random_seed(0)
    gan = MADGAN((2,), None, **{**SMALL, "generators": 2, "generator_hidden": (32, 32), "r1": 0.1})
    gan.compile(keras.optimizers.Adam(3e-3, beta_1=0.5))
    gan.fit(points, batch_size=128, epochs=40, verbose=0)
    latent = gan.prior_latents(random.seeds_from(0, 500))
    sides = [np.sign(gan.decode(latent, generator=number).numpy()[:, 0]).mean() for number in range(2)]
    assert min(sides) < -0.8
    assert max(sides) > 0.8
