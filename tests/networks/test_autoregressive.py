"""The network of an autoregressive flow, on whole images and column by column."""

import numpy as np
import pytest
import tensorflow as tf

from tfgen.networks import AutoregressiveNetwork, SoftRound


def images(*shape):
    return tf.constant(np.random.default_rng(1).normal(size=shape).astype(np.float32))


@pytest.mark.parametrize("soft_round", [None, SoftRound(17, 1e-2, 2.0)])
@pytest.mark.parametrize(("channels", "blocks", "classes"), [(1, 4, 0), (3, 1, 0), (1, 0, 2), (2, 2, 2)])
def test_columns_with_a_cache_give_the_same_parameters_as_the_whole_image(
    channels, blocks, classes, soft_round, randomized
):
    network = randomized(
        AutoregressiveNetwork(
            (5, 6, channels), 4, width=8, blocks=blocks, activation="elu", soft_round=soft_round, classes=classes
        )
    )
    image, one_hot = images(3, 5, 6, channels), tf.one_hot([0, 1, 0], 2) if classes else None
    expected, skewed = network.skew(network(image, one_hot)), network.skew(image)
    cache, previous = network.empty_cache(image), tf.zeros_like(skewed[:, :, :1])
    constants = network.column_constants(one_hot)
    for diagonal in range(network.skew.diagonals):
        features, cache = network.column_features(previous, cache, tf.constant(diagonal), constants)
        found = network.column_parameters(features)
        inside = network.skew.inside[diagonal][:, None]
        np.testing.assert_allclose(found[:, :, 0] * inside, expected[:, :, diagonal] * inside, atol=1e-5)
        previous = skewed[:, :, diagonal : diagonal + 1]


def test_a_pixel_depends_on_all_earlier_diagonals_in_its_row_and_above(randomized, not_later):
    network = randomized(AutoregressiveNetwork((9, 10, 1), 2, width=6, blocks=4, activation="elu"))
    image = images(1, 9, 10, 1)
    with tf.GradientTape() as tape:
        tape.watch(image)
        output = network(image)[0, 6, 4, 0]
    used = tape.gradient(output, image).numpy()[0, ..., 0] != 0
    np.testing.assert_array_equal(used, not_later(9, 10, 6, 4, strict=True) & (np.arange(9) <= 6)[:, None])


def test_a_new_network_returns_zeros_and_has_a_bias_per_position(randomized):
    network = AutoregressiveNetwork((4, 4, 1), 2, width=6, blocks=1)
    assert np.abs(network(images(2, 4, 4, 1))).max() == 0.0
    randomized(network.last)
    network.position_bias.assign(images(4, 4, 6))
    black = network(tf.zeros((1, 4, 4, 1))).numpy()[0]
    assert np.abs(black[1:] - black[:1]).min(axis=(0, 1)).min() > 0


def test_a_channel_depends_on_the_channels_before_it_and_on_nothing_else_of_its_pixel(randomized):
    network = randomized(AutoregressiveNetwork((4, 5, 3), 6, width=6, blocks=1, channel_autoregressive=True))
    image = images(1, 4, 5, 3)
    for channel in range(3):
        with tf.GradientTape() as tape:
            tape.watch(image)
            output = tf.reduce_sum(network(image)[0, 2, 2, 2 * channel : 2 * channel + 2] ** 2)
        used = tape.gradient(output, image).numpy()[0] != 0
        np.testing.assert_array_equal(used[2, 2], np.arange(3) < channel)
        # Earlier diagonals with all of their channels.
        assert used[2, 1].all() and used[1, 2].all() and not used[2, 3:].any() and not used[3:].any()


def test_one_channel_has_the_same_network_with_and_without_dependent_channels():
    plain = AutoregressiveNetwork((4, 5, 1), 6, width=6, blocks=1)
    dependent = AutoregressiveNetwork((4, 5, 1), 6, width=6, blocks=1, channel_autoregressive=True)
    assert dependent.heads is None
    assert [weight.shape for weight in plain.weights] == [weight.shape for weight in dependent.weights]


def test_a_new_conditional_network_is_the_same_for_all_classes(randomized):
    network = AutoregressiveNetwork((4, 5, 1), 6, width=6, blocks=2, classes=3)
    randomized(network.last)
    image = tf.repeat(images(1, 4, 5, 1), 3, axis=0)
    found = network(image, tf.eye(3)).numpy()
    np.testing.assert_array_equal(found[1:], found[:-1])
    randomized(network.class_bias)
    found = network(image, tf.eye(3)).numpy()
    assert np.abs(found[1:] - found[:-1]).max(axis=(1, 2, 3)).min() > 1e-3
