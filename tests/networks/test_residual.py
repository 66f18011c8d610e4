"""Residual networks fit any image, start as linear maps, and double their channels at each lower resolution."""

import keras
import numpy as np
import pytest

from tfgen.networks import ResidualBlock, residual_decoder, residual_encoder
from tfgen.networks.residual import patch_size, stages

SHAPES = [(8, 8, 1), (28, 28, 1), (33, 20, 3), (48, 64, 3), (8, 40, 2), (3, 3, 1)]


@pytest.mark.parametrize("shape", SHAPES)
def test_the_decoder_makes_and_the_encoder_reads_images_of_any_size(shape):
    decoder = residual_decoder(5, shape, shape[2], filters=4, max_filters=8)
    encoder = residual_encoder(shape, 7, filters=4, max_filters=8)
    images = decoder(np.random.default_rng(0).standard_normal((2, 5)).astype(np.float32))
    assert images.shape == (2, *shape)
    assert encoder(images).shape == (2, 7)


def test_each_side_is_halved_down_to_four_pixels_and_channels_double_up_to_the_limit():
    assert stages((48, 64, 3), 8, 24) == [(24, 32, 8), (12, 16, 16), (6, 8, 24), (3, 4, 24)]
    assert stages((28, 28, 1), 8, 64) == [(28, 28, 8), (14, 14, 16), (7, 7, 32), (4, 4, 64)]
    assert stages((8, 40, 3), 4, 16)[-1] == (4, 3, 16)
    assert stages((2, 2, 1), 4, 16) == [(2, 2, 4)]


def test_blocks_of_large_images_work_at_half_the_resolution():
    assert [patch_size((side, side, 3)) for side in (16, 31, 32, 256)] == [1, 1, 2, 2]


def test_a_new_block_is_the_identity_and_learns_to_change():
    block = ResidualBlock(6, 3)
    maps = np.random.default_rng(0).standard_normal((2, 5, 4, 6)).astype(np.float32)
    np.testing.assert_array_equal(block(maps), maps)
    block.last.kernel.assign(np.ones(block.last.kernel.shape, np.float32))
    assert np.abs(block(maps) - maps).max() > 0.1


def test_a_block_equals_its_formula():
    block = ResidualBlock(2, 3)
    maps = np.random.default_rng(0).standard_normal((1, 1, 1, 2)).astype(np.float32)
    block(maps)
    weights = [
        np.random.default_rng(i).standard_normal(w.shape).astype(np.float32) for i, w in enumerate(block.weights)
    ]
    block.set_weights(weights)
    by_name = {w.path.split("/", 1)[-1]: value for w, value in zip(block.weights, weights, strict=True)}
    assert len(by_name) == 5
    first, bias_1, middle, bias_2, last = weights

    def activation(x):
        return np.where(x > 0, x, 0.2 * x)

    x = maps[0, 0, 0]
    # The other positions of the 3×3 kernel see the padding.
    hidden = activation(activation(x @ first[0, 0] + bias_1) @ middle[1, 1] + bias_2)
    np.testing.assert_allclose(block(maps)[0, 0, 0], x + hidden @ last[0, 0], rtol=1e-5)


def test_more_blocks_start_with_smaller_weights_and_do_not_change_the_function():
    def network(blocks):
        keras.utils.set_random_seed(0)
        return residual_encoder((16, 16, 3), 1, filters=32, blocks=blocks)

    few, many = network(1), network(4)
    deviation = [
        np.std(next(layer for layer in net.layers if isinstance(layer, ResidualBlock)).first.kernel)
        for net in (few, many)
    ]
    # The factor is L^(−1/4) for L blocks in all.
    assert deviation[1] / deviation[0] == pytest.approx(4**-0.25, rel=0.1)


@pytest.mark.parametrize("shape", [(64, 64, 3), (28, 28, 1), (16, 16, 3)])
def test_activations_keep_their_size_through_a_new_network(shape):
    keras.utils.set_random_seed(0)
    generator = np.random.default_rng(0)
    images = residual_decoder(64, shape, shape[2])(generator.standard_normal((16, 64)).astype(np.float32))
    assert 0.05 < np.std(images) < 1.0
    logits = residual_encoder(shape, 1)(np.tanh(generator.standard_normal((64, *shape))).astype(np.float32))
    assert 0.02 < np.std(logits) < 5.0


@pytest.mark.parametrize("side", [64, 33])
def test_the_last_convolution_makes_no_pattern_of_two_by_two_pixels(side):
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    network = residual_decoder(16, (side, side, 3), 3)
    last = network.layers[-1]
    last.set_weights([rng.standard_normal(weights.shape) for weights in last.get_weights()])
    images = network(rng.standard_normal((8, 16)).astype(np.float32)).numpy()[:, 4:-4, 4:-4]
    images = images - images.mean(axis=(1, 2), keepdims=True)
    # Means over the pixels of even and of odd rows and columns, which a pattern of 2×2 pixels makes different.
    phases = [images[:, row::2, column::2].mean(axis=(1, 2)) for row in (0, 1) for column in (0, 1)]
    assert np.max(np.abs(phases)) < 0.1 * np.std(images)


def test_a_network_can_be_rebuilt_from_its_configuration():
    network = residual_decoder(5, (12, 12, 1), 1, filters=4, blocks=2)
    again = keras.Model.from_config(network.get_config())
    again.set_weights(network.get_weights())
    latent = np.random.default_rng(0).standard_normal((2, 5)).astype(np.float32)
    np.testing.assert_array_equal(again(latent), network(latent))
