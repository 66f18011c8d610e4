"""Every loss and every penalty is what its formula says, where the answer can be worked out by hand."""

import numpy as np
import pytest
import tensorflow as tf

from tfgen.errors import ConfigError
from tfgen.models.gan import losses as adversarial

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


@pytest.mark.parametrize("game", FORMULAS)
def test_losses(game):
    real, fake = tf.constant(REAL, tf.float32), tf.constant(FAKE, tf.float32)
    discriminator, generator = FORMULAS[game]
    np.testing.assert_allclose(adversarial.discriminator_loss(game, real, fake), discriminator, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(adversarial.generator_loss(game, real, fake), generator, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("game", FORMULAS)
def test_no_logit_makes_a_loss_that_is_not_finite(game):
    sure = tf.constant([300.0, -300.0])
    assert np.isfinite(adversarial.discriminator_loss(game, sure, -sure)).all()
    assert np.isfinite(adversarial.generator_loss(game, sure, -sure)).all()


@pytest.mark.parametrize("game", FORMULAS)
def test_the_players_pull_in_opposite_directions(game):
    logit = tf.Variable([0.2])

    def slope(loss):
        with tf.GradientTape() as tape:
            value = loss(game, tf.constant([0.1]), logit.value())
        return float(tape.gradient(value, logit)[0])

    assert slope(adversarial.discriminator_loss) > 0.0 > slope(adversarial.generator_loss)


def test_where_the_discriminator_is_sure_only_the_minimax_gradient_has_vanished():
    logit = tf.Variable([-6.0])

    def slope(game):
        with tf.GradientTape() as tape:
            loss = adversarial.generator_loss(game, None, logit.value())
        return float(tape.gradient(loss, logit)[0])

    assert slope("nonsaturating") == pytest.approx(-0.9975, abs=1e-3)
    assert slope("minimax") == pytest.approx(-0.0025, abs=1e-3)


@pytest.mark.parametrize("game", adversarial.SHIFT_INVARIANT_LOSSES)
def test_a_constant_added_to_the_logits_changes_nothing_where_they_have_no_origin(game):
    real, fake = tf.constant(REAL, tf.float32), tf.constant(FAKE, tf.float32)
    for function in (adversarial.discriminator_loss, adversarial.correct):
        np.testing.assert_allclose(function(game, real + 5.0, fake + 5.0), function(game, real, fake), atol=1e-5)


def test_who_is_right():
    real, fake = tf.constant([0.3, -2.0, 5.0]), tf.constant([1.0, -3.0, 4.0])
    absolute = adversarial.correct("hinge", real, fake)
    np.testing.assert_array_equal(absolute, [[1, 0, 1], [0, 1, 0]])
    paired = adversarial.correct("relativistic", real, fake)
    np.testing.assert_array_equal(paired, [[0, 1, 1], [0, 1, 1]])


def test_the_slope_of_a_linear_discriminator_is_its_weights():
    weights = tf.constant([3.0, -4.0])
    (logit,), slope = adversarial.with_slope(lambda x: (tf.linalg.matvec(x, weights) + 7.0,), tf.ones((5, 2)))
    np.testing.assert_allclose(logit, 6.0)
    np.testing.assert_allclose(slope, 25.0)


def test_each_example_has_its_own_slope():
    points = tf.constant([[1.0, 0.0], [0.0, 2.0], [3.0, 4.0]])
    _, slope = adversarial.with_slope(lambda x: (tf.reduce_sum(x**2, axis=1),), points)
    np.testing.assert_allclose(slope, [4.0, 16.0, 100.0])  # |2x|²


def test_the_penalty_teaches_the_weights():
    # The mean of γ/2 |w|² has the gradient γ w.
    weights = tf.Variable([3.0, -4.0])
    with tf.GradientTape() as tape:
        _, slope = adversarial.with_slope(lambda x: (tf.linalg.matvec(x, weights.value()),), tf.ones((5, 2)))
        penalty = tf.reduce_mean(0.5 * 10.0 * slope)
    np.testing.assert_allclose(tape.gradient(penalty, weights), [30.0, -40.0])


def test_the_pull_to_slope_one():
    np.testing.assert_allclose(adversarial.lipschitz_penalty(tf.constant([25.0, 1.0, 0.0])), [16, 0, 1], atol=1e-5)
    flat = tf.Variable([0.0, 0.0])
    with tf.GradientTape() as tape:
        _, slope = adversarial.with_slope(lambda x: (tf.linalg.matvec(x, flat.value()),), tf.ones((5, 2)))
        penalty = tf.reduce_mean(adversarial.lipschitz_penalty(slope))
    assert np.isfinite(tape.gradient(penalty, flat)).all()


def test_points_between():
    real, fake = tf.fill((3, 2, 2, 1), 4.0), tf.zeros((3, 2, 2, 1))
    found = adversarial.between(real, fake, tf.constant([0.0, 0.25, 1.0]))
    np.testing.assert_allclose(found[:, 0, 0, 0], [0.0, 1.0, 4.0])
    np.testing.assert_allclose(found[1], 1.0)


def test_a_pack_is_neighbours_on_the_channels():
    images = np.random.default_rng(0).random((6, 4, 5, 3)).astype(np.float32)
    packs = adversarial.packed(tf.constant(images), 2).numpy()
    assert packs.shape == (3, 4, 5, 6)
    np.testing.assert_array_equal(packs[1, ..., :3], images[2])
    np.testing.assert_array_equal(packs[1, ..., 3:], images[3])
    points = tf.constant(np.arange(12.0).reshape(6, 2))
    np.testing.assert_array_equal(adversarial.packed(points, 3), np.arange(12.0).reshape(2, 6))
    assert adversarial.packed(points, 1) is points


def test_what_cannot_be_packed_is_refused():
    with pytest.raises(ConfigError, match=r"packing: expected a batch of a multiple of 4 examples\. Received: 6"):
        adversarial.packed(tf.zeros((6, 2)), 4)
