"""What the networks of couplings see."""

import keras
import numpy as np
import pytest

from tfgen.networks.coupling import Place, Squashed, conv_conditioner


def random_last(network):
    """The network with random weights in the place of its last ones, which begin at zero."""
    generator = np.random.default_rng(0)
    for variable in network.layers[-1].trainable_variables:
        variable.assign(generator.normal(size=variable.shape))
    return network


@pytest.mark.parametrize("blocks", [0, 1])
def test_of_images_of_one_pixel_every_convolution_is_of_one_pixel(blocks):
    network = conv_conditioner((1, 1, 5), 4, width=6, blocks=blocks)
    inner = 6 * 7 * 1 if blocks == 0 else 6 * 7 + 12 * 7
    assert network.count_params() == 6 * 6 + inner + 4 * 7
    assert conv_conditioner((2, 1, 5), 4, width=6, blocks=blocks).count_params() > 3 * network.count_params()


def test_a_network_that_is_told_its_place_answers_by_it_even_to_an_even_image():
    images = np.zeros((1, 9, 9, 2), np.float32)
    with_place = random_last(conv_conditioner((9, 9, 2), 3, place=True))(images).numpy()
    without = random_last(conv_conditioner((9, 9, 2), 3))(images).numpy()
    # The border shows in what is up to two convolutions from it.
    assert np.ptp(without[0, 2:-2, 2:-2], axis=(0, 1)).max() < 1e-6
    assert np.ptp(with_place[0, 2:-2, 2:-2], axis=(0, 1)).min() > 1e-3


def test_squashed_values_stand_beside_the_values():
    values = np.linspace(-4, 4, 24, dtype=np.float32).reshape(1, 3, 4, 2)
    found = Squashed(2.5)(values).numpy()
    np.testing.assert_array_equal(found[..., :2], values)
    np.testing.assert_allclose(found[..., 2:], 1 / (1 + np.exp(-2.5 * values)), rtol=1e-6)


@pytest.mark.parametrize("layer", [Squashed(2.5), Place()], ids=["squashed", "place"])
def test_layers_come_back_from_their_configuration(layer):
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    values = np.random.default_rng(0).normal(size=(2, 3, 4, 5)).astype(np.float32)
    found = layer(values)
    np.testing.assert_array_equal(again(values), found)
    assert layer.compute_output_shape((2, 3, 4, 5)) == found.shape


def test_a_network_comes_back_from_its_file(tmp_path):
    network = random_last(conv_conditioner((4, 4, 3), 5, blocks=1, place=True, squashed=2.0))
    network.save(tmp_path / "network.keras")
    values = np.random.default_rng(0).normal(size=(2, 4, 4, 3)).astype(np.float32)
    np.testing.assert_array_equal(keras.saving.load_model(tmp_path / "network.keras")(values), network(values))
