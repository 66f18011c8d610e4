"""Networks of wavefronts: what they see, and that a column at a time they say the same."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.networks import AutoregressiveNetwork, CausalConv, SoftRound
from tfgen.networks.causal import CausalBlock, Skew


def randomized(layer, seed=0, std=0.2):
    generator = np.random.default_rng(seed)
    for variable in layer.trainable_variables:
        variable.assign(generator.normal(0.0, std, variable.shape))
    return layer


def images(*shape, seed=1):
    return tf.constant(np.random.default_rng(seed).normal(size=shape).astype(np.float32))


def earlier(height, width, row, column, strict):
    """Which pixels have an earlier time than one of them, or not strictly earlier."""
    time = 2 * np.arange(height)[:, None] + np.arange(width)
    return time < time[row, column] + (not strict)


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (5, 1), (6, 4), (28, 28)])
def test_a_sheared_image_has_each_pixel_at_its_time_and_comes_back(shape):
    height, width = shape
    skew, whole = Skew(height, width), images(2, height, width, 3)
    skewed = skew(whole).numpy()
    assert skewed.shape == (2, height, skew.times, 3) and skew.times == width + 2 * (height - 1)
    for row in range(height):
        np.testing.assert_array_equal(skewed[:, row, 2 * row : 2 * row + width], whole[:, row])
    assert (skewed != 0).sum() == whole.shape.num_elements()
    np.testing.assert_array_equal(skew.inside.T, skewed[0, ..., 0] != 0)
    assert skew.inside.sum(axis=1).max() == min(height, -(-width // 2))
    np.testing.assert_array_equal(skew.back(tf.constant(skewed)), whole)


@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize(("above", "left", "right"), [(1, 1, 2), (2, 3, 3), (0, 2, 1), (1, 0, 4)])
@pytest.mark.parametrize("strict", [False, True])
def test_a_convolution_sees_what_is_in_its_window_and_not_after_its_pixel(above, left, right, dilation, strict):
    layer = CausalConv(2, above, left, right, dilation, strict)
    whole = images(1, 9, 12, 1)
    layer.build(whole.shape)
    randomized(layer)
    row, column = 5, 6
    with tf.GradientTape() as tape:
        tape.watch(whole)
        one = layer(whole)[0, row, column, 1]
    seen = tape.gradient(one, whole).numpy()[0, ..., 0] != 0
    rows, columns = np.arange(9)[:, None] - row, np.arange(12) - column
    window = (rows % dilation == 0) & (columns % dilation == 0) & (rows <= 0) & (rows >= -above * dilation)
    window &= (columns >= -left * dilation) & (columns <= right * dilation)
    np.testing.assert_array_equal(seen, window & earlier(9, 12, row, column, strict))


@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(("above", "left", "right"), [(1, 1, 2), (2, 3, 3), (0, 2, 1), (1, 0, 4)])
def test_on_a_sheared_image_a_convolution_finds_the_same(above, left, right, dilation, strict):
    layer, whole, skew = CausalConv(3, above, left, right, dilation, strict), images(2, 6, 7, 2), Skew(6, 7)
    layer.build(whole.shape)
    expected = skew(randomized(layer)(whole))
    padded = tf.pad(skew(whole), ((0, 0), (0, 0), (layer.past, 0), (0, 0)))
    for time in range(skew.times):
        # A strict one is not even shown the present.
        window = padded[:, :, time : time + layer.past + 1 - strict * dilation]
        found = layer(window, skewed=True)[:, :, 0] * skew.inside[time][:, None]
        np.testing.assert_allclose(found, expected[:, :, time], atol=1e-5)


@pytest.mark.parametrize("stairs", [None, SoftRound(17, 1e-2, 2.0)])
@pytest.mark.parametrize(("channels", "blocks"), [(1, 4), (3, 1), (1, 0)])
def test_a_network_says_the_same_of_a_column_as_of_the_whole_image(channels, blocks, soft_round):
    network = randomized(
        AutoregressiveNetwork((5, 6, channels), 4, width=8, blocks=blocks, activation="elu", soft_round=soft_round)
    )
    whole = images(3, 5, 6, channels)
    expected, skewed = network.skew(network(whole)), network.skew(whole)
    state, before = network.begin(whole), tf.zeros_like(skewed[:, :, :1])
    for time in range(network.skew.times):
        found, state = network(before, state, tf.constant(time))
        inside = network.skew.inside[time][:, None]
        np.testing.assert_allclose(found[:, :, 0] * inside, expected[:, :, time] * inside, atol=1e-5)
        before = skewed[:, :, time : time + 1]


def test_a_network_sees_all_that_is_before_a_pixel_in_its_row_and_above_and_nothing_else():
    network = randomized(AutoregressiveNetwork((9, 10, 1), 2, width=6, blocks=4, activation="elu"))
    whole = images(1, 9, 10, 1)
    with tf.GradientTape() as tape:
        tape.watch(whole)
        one = network(whole)[0, 6, 4, 0]
    seen = tape.gradient(one, whole).numpy()[0, ..., 0] != 0
    np.testing.assert_array_equal(seen, earlier(9, 10, 6, 4, strict=True) & (np.arange(9) <= 6)[:, None])


def test_a_new_network_says_zero_and_learns_what_a_place_is():
    network = AutoregressiveNetwork((4, 4, 1), 2, width=6, blocks=1)
    assert np.abs(network(images(2, 4, 4, 1))).max() == 0.0
    randomized(network.last)
    network.place.assign(images(4, 4, 6))
    black = network(tf.zeros((1, 4, 4, 1))).numpy()[0]
    assert np.abs(black[1:] - black[:1]).min(axis=(0, 1)).min() > 0


@pytest.mark.parametrize("layer", [CausalConv(4, 2, 1, 3, 2, strict=True), CausalBlock(5, "elu", 0.3, 4)])
def test_layers_come_back_from_their_configuration(layer):
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert again.get_config() == layer.get_config()
    whole = images(1, 6, 6, 5)
    again.build(whole.shape), layer.build(whole.shape)
    for ours, theirs in zip(again.weights, randomized(layer).weights, strict=True):
        ours.assign(theirs)
    np.testing.assert_array_equal(again(whole), layer(whole))
