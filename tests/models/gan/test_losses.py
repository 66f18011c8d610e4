"""The adversarial losses equal their formulas."""

import numpy as np
import pytest
import tensorflow as tf

from tfgen.models.gan import losses

REAL, FAKE = np.float64([0.3, -2.0, 1.5]), np.float64([1.0, -0.5, -3.0])


def sigmoid(logit):
    return 1.0 / (1.0 + np.exp(-logit))


FORMULAS = {
    "nonsaturating": (-0.5 * np.log(sigmoid(REAL)) - 0.5 * np.log(1 - sigmoid(FAKE)), -np.log(sigmoid(FAKE))),
    "minimax": (-0.5 * np.log(sigmoid(REAL)) - 0.5 * np.log(1 - sigmoid(FAKE)), np.log(1 - sigmoid(FAKE))),
    "hinge": (0.5 * (np.float64([0.7, 3.0, 0.0]) + np.float64([2.0, 0.5, 0.0])), -FAKE),
    "wgan-gp": (FAKE - REAL, -FAKE),
    "relativistic": (-np.log(sigmoid(REAL - FAKE)), -np.log(sigmoid(FAKE - REAL))),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_losses_equal_the_formulas(name):
    real, fake = tf.constant(REAL, tf.float32), tf.constant(FAKE, tf.float32)
    discriminator, generator = FORMULAS[name]
    np.testing.assert_allclose(losses.discriminator_loss(name, real, fake), discriminator, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(losses.generator_loss(name, real, fake), generator, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", FORMULAS)
def test_losses_of_large_logits_are_finite(name):
    large = tf.constant([300.0, -300.0])
    assert np.isfinite(losses.discriminator_loss(name, large, -large)).all()
    assert np.isfinite(losses.generator_loss(name, large, -large)).all()


@pytest.mark.parametrize("name", FORMULAS)
def test_discriminator_and_generator_have_gradients_of_opposite_sign(name):
    logit = tf.Variable([0.2])

    def derivative(loss):
        with tf.GradientTape() as tape:
            value = loss(name, tf.constant([0.1]), logit.value())
        return float(tape.gradient(value, logit)[0])

    assert derivative(losses.discriminator_loss) > 0.0 > derivative(losses.generator_loss)


def test_only_the_minimax_gradient_vanishes_when_the_discriminator_rejects_a_fake_confidently():
    logit = tf.Variable([-6.0])

    def derivative(name):
        with tf.GradientTape() as tape:
            loss = losses.generator_loss(name, None, logit.value())
        return float(tape.gradient(loss, logit)[0])

    assert derivative("nonsaturating") == pytest.approx(-0.9975, abs=1e-3)
    assert derivative("minimax") == pytest.approx(-0.0025, abs=1e-3)


@pytest.mark.parametrize("name", losses.SHIFT_INVARIANT_LOSSES)
def test_shift_invariant_losses_do_not_change_when_a_constant_is_added_to_all_logits(name):
    real, fake = tf.constant(REAL, tf.float32), tf.constant(FAKE, tf.float32)
    for function in (losses.discriminator_loss, losses.correct):
        np.testing.assert_allclose(function(name, real + 5.0, fake + 5.0), function(name, real, fake), atol=1e-5)


def test_correct_compares_logits_with_zero_or_with_each_other():
    real, fake = tf.constant([0.3, -2.0, 5.0]), tf.constant([1.0, -3.0, 4.0])
    absolute = losses.correct("hinge", real, fake)
    np.testing.assert_array_equal(absolute, [[1, 0, 1], [0, 1, 0]])
    paired = losses.correct("relativistic", real, fake)
    np.testing.assert_array_equal(paired, [[0, 1, 1], [0, 1, 1]])
