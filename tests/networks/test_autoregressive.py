"""The network of an autoregressive flow, on whole images and column by column."""

import numpy as np
import pytest
import tensorflow as tf

from tfgen.networks import AutoregressiveNetwork, SoftRound


def images(*shape):
    return tf.constant(np.random.default_rng(1).normal(size=shape).astype(np.float32))


@pytest.mark.parametrize("soft_round", [None, SoftRound(17, 1e-2, 2.0)])
@pytest.mark.parametrize(("channels", "blocks"), [(1, 4), (3, 1), (1, 0)])
def test_columns_with_a_cache_give_the_same_parameters_as_the_whole_image(channels, blocks, soft_round, randomized):
    network = randomized(
        AutoregressiveNetwork((5, 6, channels), 4, width=8, blocks=blocks, activation="elu", soft_round=soft_round)
    )
    image = images(3, 5, 6, channels)
    expected, skewed = network.skew(network(image)), network.skew(image)
    cache, previous = network.empty_cache(image), tf.zeros_like(skewed[:, :, :1])
    for diagonal in range(network.skew.diagonals):
        found, cache = network(previous, cache, tf.constant(diagonal))
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
