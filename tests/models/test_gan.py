"""The GAN's game is the one of the paper."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen import noise
from tfgen.errors import UndefinedError
from tfgen.models.gan import GAN

SMALL = {"generator_hidden": (16,), "discriminator_hidden": (16,), "latent_dim": 4}


def small_gan(**options) -> GAN:
    keras.utils.set_random_seed(3)
    gan = GAN((8, 8, 1), 17, **{**SMALL, **options})
    gan.compile(keras.optimizers.SGD(0.1))
    return gan


def test_losses_are_the_cross_entropies_of_the_paper():
    gan, real, fake = small_gan(), tf.constant([0.3, -2.0, 40.0]), tf.constant([1.0, -0.5, -40.0])
    sigmoid = 1.0 / (1.0 + np.exp(-np.float64([[0.3, -2.0], [1.0, -0.5]])))
    halves = 0.5 * (-np.log(sigmoid[0]) - np.log(1 - sigmoid[1]))
    np.testing.assert_allclose(gan.discriminator_losses(real, fake)[:2], halves, rtol=1e-6)
    np.testing.assert_allclose(gan.generator_losses(fake)[:2], -np.log(sigmoid[1]), rtol=1e-6)
    minimax = small_gan(loss="minimax")
    np.testing.assert_allclose(minimax.generator_losses(fake)[:2], np.log(1 - sigmoid[1]), rtol=1e-6)
    assert np.isfinite(gan.discriminator_losses(real, fake)).all()


def test_both_generator_losses_descend_in_the_same_direction_but_not_as_fast():
    # Where the discriminator is sure, the minimax gradient has vanished and the nonsaturating one has not.
    logit = tf.Variable([-6.0])

    def slope(gan):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(gan.generator_losses(logit))
        return float(tape.gradient(loss, logit)[0])

    nonsaturating, minimax = slope(small_gan()), slope(small_gan(loss="minimax"))
    assert nonsaturating == pytest.approx(-0.9975, abs=1e-3)
    assert minimax == pytest.approx(-0.0025, abs=1e-3)


def test_one_step_moves_each_network_against_its_own_loss(digits):
    gan = small_gan(discriminator_dropout=0.0)
    before = {
        name: [v.numpy() for v in getattr(gan, name).trainable_variables] for name in ("generator", "discriminator")
    }
    images = tf.constant(digits[:32])
    with noise.Draws(gan.seed, 0) as draws, tf.GradientTape() as tape:
        loss = tf.reduce_mean(gan.losses_of(images, draws, training=True)["discriminator_loss"])
    expected = tape.gradient(loss, [v.value for v in gan.discriminator.trainable_variables])
    gan.train_step((images,))
    for variable, old, gradient in zip(
        gan.discriminator.trainable_variables, before["discriminator"], expected, strict=True
    ):
        np.testing.assert_allclose(variable.numpy(), old - 0.1 * gradient.numpy(), atol=1e-6)
    for variable, old in zip(gan.generator.trainable_variables, before["generator"], strict=True):
        assert np.abs(variable.numpy() - old).max() > 0


def test_what_a_gan_cannot_answer_is_a_typed_error_that_says_why(digits):
    gan = small_gan()
    assert gan.can("sample") and gan.can("decode")
    assert not gan.can("log_prob") and not gan.can("encode") and not gan.can("bits_per_dim")
    with pytest.raises(UndefinedError, match="no tractable likelihood"):
        gan.log_prob(digits[:2])
    with pytest.raises(UndefinedError, match="no tractable likelihood"):
        gan.bits_per_dim(digits[:2])
    with pytest.raises(UndefinedError, match="no encoder"):
        gan.encode(digits[:2])


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3)])
def test_convolutional_gan_fits_every_image_size(shape):
    gan = GAN(shape, 256, arch="conv", filters=4)
    pictures = gan.sample(3).numpy()
    assert pictures.shape == (3, *shape)
    assert pictures.min() >= 0.0
    assert pictures.max() <= 1.0


def test_a_gan_of_points_has_no_tanh():
    gan = GAN((2,), None, **SMALL)
    gan.generator.trainable_variables[-1].assign([5.0, -5.0])
    assert np.abs(gan.sample(50).numpy()).max() > 3.0


def test_dropout_is_off_when_sampling():
    gan = small_gan(generator_dropout=0.5)
    np.testing.assert_array_equal(gan.sample(4, seed=1), gan.sample(4, seed=1))
