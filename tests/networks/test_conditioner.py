"""What the networks of couplings see."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.networks import GatedBlock
from tfgen.networks.coupling import AddCoordinates, SoftRound, conv_conditioner, conv_stage


def random_last(network):
    """The network with random weights in the place of its last ones, which begin at zero."""
    generator = np.random.default_rng(0)
    for variable in network.layers[-1].trainable_variables:
        variable.assign(generator.normal(size=variable.shape))
    return network


@pytest.mark.parametrize("blocks", [0, 1])
def test_of_images_of_one_pixel_every_convolution_is_of_one_pixel(blocks):
    inner = 6 * 7 * 1 if blocks == 0 else 6 * 7 + 12 * 7
    network = conv_conditioner((1, 1, 5), 4, width=6, blocks=blocks)
    assert network.count_params() == 6 * 6 + inner + 4 * 7
    assert conv_conditioner((2, 1, 5), 4, width=6, blocks=blocks).count_params() > 3 * network.count_params()
    stage = conv_stage((1, 1, 5), 4, width=6, blocks=blocks)
    assert stage.count_params() == 6 * (5 + 2 + 1) + inner + 4 * 7


def test_a_stage_that_is_told_its_place_answers_by_it_even_to_an_even_image():
    images = np.zeros((1, 9, 9, 2), np.float32)
    with_place = random_last(conv_stage((9, 9, 2), 3, carries=False))(images)[1].numpy()
    without = random_last(conv_conditioner((9, 9, 2), 3))(images).numpy()
    # The border shows in what is up to two convolutions from it.
    assert np.ptp(without[0, 2:-2, 2:-2], axis=(0, 1)).max() < 1e-6
    assert np.ptp(with_place[0, 2:-2, 2:-2], axis=(0, 1)).min() > 1e-3


@pytest.mark.parametrize("blocks", [0, 2])
def test_a_stage_goes_on_from_what_was_found_before(blocks):
    stage = random_last(conv_stage((5, 5, 2), 3, width=6, blocks=blocks))
    generator = np.random.default_rng(0)
    for block in stage.layers:
        if isinstance(block, GatedBlock):
            block.second.kernel.assign(generator.normal(size=block.second.kernel.shape))
    before, new = (generator.normal(size=(1, 5, 5, channels)).astype(np.float32) for channels in (6, 2))
    found, parameters = stage([before, new])
    assert (found.shape, parameters.shape) == ((1, 5, 5, 6), (1, 5, 5, 3))
    for other in ([before + 1.0, new], [before, new + 1.0]):
        changed = stage(other)
        assert np.abs(changed[0] - found).min() > 0 and np.abs(changed[1] - parameters).max() > 1e-3
    # A new pixel reaches one further by the convolution of what is new, and one more by each block.
    nudged = new.copy()
    nudged[0, 0, 0] += 1.0
    reach = np.abs(stage([before, nudged])[0] - found).max(axis=-1)[0]
    far = 1 + blocks
    assert (reach[: far + 1, : far + 1] > 0).all() and reach[far + 1 :].max(initial=0) == 0


def on_the_real_line(level, levels, alpha, scale):
    """What `SoftRound` gets of levels and fractions of levels."""
    unit = alpha + (1 - 2 * alpha) * np.asarray(level) / levels
    return (np.log(unit / (1 - unit)) / scale).astype(np.float32).reshape(1, -1, 1, 1)


@pytest.mark.parametrize(("levels", "alpha", "scale"), [(256, 1e-4, 2.3), (17, 1e-2, 1.1), (2, 0.05, 0.7)])
def test_a_staircase_is_level_in_the_middle_of_each_level_and_rises_between(levels, alpha, scale):
    soft_round = SoftRound(levels, alpha, scale)
    assert soft_round.compute_output_shape((None, levels, 1, 3)) == (None, levels, 1, 6)
    middles = on_the_real_line(np.arange(levels) + 0.5, levels, alpha, scale)
    x = tf.constant(middles)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        intensity, logit = tf.split(soft_round(x), 2, axis=-1)
    expected = (np.arange(levels) + 0.5) / levels
    np.testing.assert_allclose(np.ravel(intensity), expected, atol=1e-6)
    rounded = levels * expected
    np.testing.assert_allclose(np.ravel(logit), np.log((rounded + 0.5) / (levels + 0.5 - rounded)), atol=1e-4)
    # Where the sine is steepest, it takes away all that the level has risen; float32 leaves a little of it.
    plain = 1 / scale
    assert max(np.abs(tape.gradient(each, x)).max() for each in (intensity, logit)) < 1e-3 * plain
    # A hundredth of a level is a thousandth of that there, and twice as much on the edge between two levels.
    for at, low, high in ((0.5, 0.0, 1e-4), (1.0, 1.9, 2.1)):
        near = [on_the_real_line(np.arange(levels - 1) + at + shift, levels, alpha, scale) for shift in (-0.005, 0.005)]
        rise = np.ravel(levels * (soft_round(near[1]) - soft_round(near[0]))[..., 0]) / 0.01
        assert (low - 0.02 < rise).all() and (rise < high + 0.02).all()


def test_beyond_black_and_white_it_is_level_too():
    far = np.float32([-50.0, -6.0, 6.0, 50.0]).reshape(1, 4, 1, 1)
    found = SoftRound(256, 1e-4, 2.3)(far).numpy()
    edge = math.log(256.5 / 0.5)
    np.testing.assert_allclose(found[0, :, 0], [[0, -edge], [0, -edge], [1, edge], [1, edge]], atol=1e-5)


@pytest.mark.parametrize("layer", [SoftRound(17, 1e-2, 2.5), AddCoordinates()], ids=["stairs", "place"])
def test_layers_come_back_from_their_configuration(layer):
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    values = np.random.default_rng(0).normal(size=(2, 3, 4, 5)).astype(np.float32)
    found = layer(values)
    np.testing.assert_array_equal(again(values), found)
    assert layer.compute_output_shape((2, 3, 4, 5)) == found.shape


def test_a_network_comes_back_from_its_file(tmp_path):
    network = random_last(conv_stage((4, 4, 3), 5, carries=False, soft_round=SoftRound(17, 1e-2, 2.0)))
    network.save(tmp_path / "network.keras")
    values = np.random.default_rng(0).normal(size=(2, 4, 4, 3)).astype(np.float32)
    again = keras.saving.load_model(tmp_path / "network.keras")
    for found, expected in zip(again(values), network(values), strict=True):
        np.testing.assert_array_equal(found, expected)
