"""The networks of a hierarchical VAE: shapes at any size, order of the latents, and the start of training."""

import numpy as np
import pytest
import tensorflow as tf

from tfgen import random
from tfgen.networks.hierarchy import TopDown, bottom_up, grids

SHAPES = [(16, 16, 3), (9, 13, 1), (12, 20, 3), (5, 4, 1)]


def networks(shape, **options):
    shared = {key: value for key, value in options.items() if key in ("classes", "stride")}
    encoder = bottom_up(shape, filters=4, **shared)
    decoder = TopDown(shape, 6, filters=4, latent_channels=2, **options)
    decoder.build()
    return encoder, decoder


def randomize(layer):
    """Give every weight a random value: last layers that start at zero would hide what depends on them."""
    for index, variable in enumerate(layer.trainable_variables):
        variable.assign(0.3 * tf.random.stateless_normal(variable.shape, (index, 5)))


def test_each_grid_has_half_of_the_sides_of_the_finer_one_rounded_up():
    assert grids((64, 64, 3)) == [(32, 32), (16, 16), (8, 8), (4, 4)]
    assert grids((50, 35, 3)) == [(25, 18), (13, 9), (7, 5), (4, 3)]
    assert grids((8, 8, 1)) == [(4, 4)]
    assert grids((48, 64, 3), stride=4) == [(12, 16), (6, 8), (3, 4)]


@pytest.mark.parametrize("stride", [2, 4])
@pytest.mark.parametrize("shape", SHAPES)
def test_images_of_any_size_have_latents_and_an_output_of_their_size(shape, stride):
    encoder, decoder = networks(shape, stride=stride)
    features = encoder(tf.zeros((2, *shape)))
    assert [tuple(part.shape[1:3]) for part in tf.nest.flatten(features)] == grids(shape, stride)
    found = decoder.infer(features, tf.zeros((2, decoder.latents)))
    assert found.mean.shape == found.std.shape == found.latent.shape == (2, decoder.latents)
    assert decoder.latents == 2 * sum(height * width for height, width in grids(shape, stride))
    assert decoder(found.latent).shape == (2, *shape[:2], 6)
    assert decoder.compute_output_shape((None, decoder.latents)) == (None, *shape[:2], 6)


def test_the_posterior_of_a_new_network_is_the_prior():
    encoder, decoder = networks((9, 13, 3))
    noise = tf.random.stateless_normal((2, decoder.latents), (1, 2))
    found = decoder.infer(encoder(tf.random.stateless_normal((2, 9, 13, 3), (1, 3))), noise)
    np.testing.assert_array_equal(found.mean, 0.0)
    np.testing.assert_array_equal(found.std, 1.0)
    np.testing.assert_array_equal(found.latent, noise)


def test_the_state_of_the_inferred_latents_is_that_which_they_generate():
    encoder, decoder = networks((9, 13, 3))
    randomize(encoder)
    randomize(decoder)
    noise = tf.random.stateless_normal((2, decoder.latents), (1, 2))
    found = decoder.infer(encoder(tf.random.stateless_normal((2, 9, 13, 3), (1, 3))), noise)
    assert np.abs(found.mean).max() > 0.01
    np.testing.assert_allclose(found.latent, found.mean + found.std * noise, rtol=1e-6)
    np.testing.assert_allclose(found.state, decoder.generate(found.latent), rtol=1e-4, atol=1e-5)


def test_the_posterior_of_a_group_depends_on_the_groups_before_it_and_not_on_later_ones():
    encoder, decoder = networks((12, 12, 3), groups=2)
    randomize(decoder)
    features = encoder(tf.random.stateless_normal((1, 12, 12, 3), (1, 3)))
    noise = tf.random.stateless_normal((1, decoder.latents), (1, 2)).numpy()
    changed = noise.copy()
    # The grids are 3×3 and 6×6, with 2 groups of 2 channels each. The second group of the coarsest grid is changed.
    changed[:, 18:36] += 1.0
    first, second = (decoder.infer(features, tf.constant(one)).mean.numpy() for one in (noise, changed))
    np.testing.assert_array_equal(first[:, :36], second[:, :36])
    assert np.abs(first[:, 36:] - second[:, 36:]).max() > 1e-4


def test_every_latent_changes_the_output():
    _, decoder = networks((9, 13, 3))
    randomize(decoder)
    latent = tf.Variable(tf.random.stateless_normal((1, decoder.latents), (1, 2)))
    with tf.GradientTape() as tape:
        output = tf.reduce_sum(decoder(latent) ** 2)
    assert (np.abs(tape.gradient(output, latent)) > 0.0).all()


def test_classes_change_features_and_output():
    encoder, decoder = networks((9, 13, 1), classes=3)
    randomize(encoder)
    randomize(decoder)
    one_hot = tf.eye(3)
    features = encoder([tf.ones((3, 9, 13, 1)), one_hot])
    assert all(np.abs(part[0] - part[1]).max() > 1e-3 for part in features)
    output = decoder([tf.ones((3, decoder.latents)), one_hot])
    assert np.abs(output[0] - output[1]).max() > 1e-3


def test_dropout_acts_in_training_only():
    _, decoder = networks((8, 8, 1), dropout=0.5)
    randomize(decoder)
    latent = tf.ones((2, decoder.latents))
    with random.StepRng(0, 0):
        trained = decoder(latent, training=True)
    assert np.abs(trained[0] - trained[1]).max() > 1e-3
    _, without = networks((8, 8, 1))
    without.set_weights(decoder.get_weights())
    np.testing.assert_array_equal(decoder(latent), without(latent))


def test_the_decoder_can_be_built_from_its_configuration():
    _, decoder = networks((9, 13, 3), classes=2, groups=1, stride=4)
    again = TopDown.from_config(decoder.get_config())
    again.build()
    assert again.get_config() == decoder.get_config()
    assert [v.shape for v in again.trainable_variables] == [v.shape for v in decoder.trainable_variables]
