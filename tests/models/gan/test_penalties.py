"""The gradient penalties equal their formulas, for functions whose gradient is known."""

import numpy as np
import tensorflow as tf

from tfgen.models.gan.penalties import interpolate, lipschitz_penalty, with_gradient_norm


def test_the_gradient_of_a_linear_discriminator_is_its_weights():
    weights = tf.constant([3.0, -4.0])
    (logit,), squared_norm = with_gradient_norm(lambda x: (tf.linalg.matvec(x, weights) + 7.0,), tf.ones((5, 2)))
    np.testing.assert_allclose(logit, 6.0)
    np.testing.assert_allclose(squared_norm, 25.0)


def test_each_example_has_its_own_gradient_norm():
    points = tf.constant([[1.0, 0.0], [0.0, 2.0], [3.0, 4.0]])
    _, squared_norm = with_gradient_norm(lambda x: (tf.reduce_sum(x**2, axis=1),), points)
    np.testing.assert_allclose(squared_norm, [4.0, 16.0, 100.0])  # |2x|²


def test_a_gradient_norm_that_is_not_needed_is_zero_and_leaves_the_output_unchanged():
    points = tf.constant([[1.0, 0.0], [3.0, 4.0]])
    (logit,), squared_norm = with_gradient_norm(lambda x: (tf.reduce_sum(x**2, axis=1),), points, needed=False)
    np.testing.assert_allclose(logit, [1.0, 25.0])
    np.testing.assert_array_equal(squared_norm, [0.0, 0.0])


def test_the_penalty_has_a_gradient_with_respect_to_the_weights():
    # The mean of γ/2 |w|² has the gradient γ w.
    weights = tf.Variable([3.0, -4.0])
    with tf.GradientTape() as tape:
        _, squared_norm = with_gradient_norm(lambda x: (tf.linalg.matvec(x, weights.value()),), tf.ones((5, 2)))
        penalty = tf.reduce_mean(0.5 * 10.0 * squared_norm)
    np.testing.assert_allclose(tape.gradient(penalty, weights), [30.0, -40.0])


def test_the_lipschitz_penalty_is_zero_at_norm_one_and_has_a_finite_gradient_at_norm_zero():
    np.testing.assert_allclose(lipschitz_penalty(tf.constant([25.0, 1.0, 0.0])), [16, 0, 1], atol=1e-5)
    flat = tf.Variable([0.0, 0.0])
    with tf.GradientTape() as tape:
        _, squared_norm = with_gradient_norm(lambda x: (tf.linalg.matvec(x, flat.value()),), tf.ones((5, 2)))
        penalty = tf.reduce_mean(lipschitz_penalty(squared_norm))
    assert np.isfinite(tape.gradient(penalty, flat)).all()


def test_interpolate_starts_at_the_fake_and_ends_at_the_real_example():
    real, fake = tf.fill((3, 2, 2, 1), 4.0), tf.zeros((3, 2, 2, 1))
    found = interpolate(real, fake, tf.constant([0.0, 0.25, 1.0]))
    np.testing.assert_allclose(found[:, 0, 0, 0], [0.0, 1.0, 4.0])
    np.testing.assert_allclose(found[1], 1.0)
