"""The networks of coupling layers."""

import keras
import numpy as np
import pytest

from tfgen.networks import GatedBlock, SoftRound, conv_conditioner, multiscale_conditioner


def with_random_last_layer(network):
    """The network with random weights in its last layer, which starts at zero."""
    generator = np.random.default_rng(0)
    for variable in network.layers[-1].trainable_variables:
        variable.assign(generator.normal(size=variable.shape))
    return network


@pytest.mark.parametrize("blocks", [0, 1])
def test_all_convolutions_are_1x1_for_images_of_one_pixel(blocks):
    inner = 6 * 7 * 1 if blocks == 0 else 6 * 7 + 12 * 7
    network = conv_conditioner((1, 1, 5), 4, width=6, blocks=blocks)
    assert network.count_params() == 6 * 6 + inner + 4 * 7
    assert conv_conditioner((2, 1, 5), 4, width=6, blocks=blocks).count_params() > 3 * network.count_params()
    multiscale = multiscale_conditioner((1, 1, 5), 4, width=6, blocks=blocks)
    assert multiscale.count_params() == 6 * (5 + 2 + 1) + inner + 4 * 7


def test_a_multiscale_conditioner_depends_on_the_position_even_in_a_constant_image():
    images = np.zeros((1, 9, 9, 2), np.float32)
    multiscale = multiscale_conditioner((9, 9, 2), 3, receives_features=False)
    with_coordinates = with_random_last_layer(multiscale)(images)[1].numpy()
    without = with_random_last_layer(conv_conditioner((9, 9, 2), 3))(images).numpy()
    # Two convolutions carry the effect of the border two pixels inwards.
    assert np.ptp(without[0, 2:-2, 2:-2], axis=(0, 1)).max() < 1e-6
    assert np.ptp(with_coordinates[0, 2:-2, 2:-2], axis=(0, 1)).min() > 1e-3


@pytest.mark.parametrize("blocks", [0, 2])
def test_a_multiscale_conditioner_continues_from_the_received_features(blocks):
    keras.utils.set_random_seed(0)
    network = with_random_last_layer(multiscale_conditioner((5, 5, 2), 3, width=6, blocks=blocks))
    generator = np.random.default_rng(0)
    for block in network.layers:
        if isinstance(block, GatedBlock):
            block.second.kernel.assign(generator.normal(size=block.second.kernel.shape))
    received, newest = (generator.normal(size=(1, 5, 5, channels)).astype(np.float32) for channels in (6, 2))
    features, parameters = network([received, newest])
    assert (features.shape, parameters.shape) == ((1, 5, 5, 6), (1, 5, 5, 3))
    for other in ([received + 1.0, newest], [received, newest + 1.0]):
        changed = network(other)
        assert np.abs(changed[0] - features).min() > 0 and np.abs(changed[1] - parameters).max() > 1e-3
    # The convolution of the newest pixels and each block extend the effect of a pixel by one pixel.
    nudged = newest.copy()
    nudged[0, 0, 0] += 1.0
    change = np.abs(network([received, nudged])[0] - features).max(axis=-1)[0]
    reach = 1 + blocks
    # A rectified feature may be zero at a single pixel, with and without the nudge: the test reads rows and columns.
    assert change[reach].max() > 0 and change[:, reach].max() > 0
    assert change[reach + 1 :].max(initial=0) == 0 and change[:, reach + 1 :].max(initial=0) == 0


def test_a_network_is_restored_from_its_file(tmp_path):
    soft_round = SoftRound(17, 1e-2, 2.0)
    network = multiscale_conditioner((4, 4, 3), 5, receives_features=False, soft_round=soft_round)
    with_random_last_layer(network).save(tmp_path / "network.keras")
    values = np.random.default_rng(0).normal(size=(2, 4, 4, 3)).astype(np.float32)
    again = keras.saving.load_model(tmp_path / "network.keras")
    for found, expected in zip(again(values), network(values), strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("blocks", [0, 1])
def test_a_conditional_network_depends_on_the_class(blocks):
    values, one_hot = np.ones((3, 4, 4, 2), np.float32), np.eye(3, dtype=np.float32)
    for network, result in (
        (conv_conditioner((4, 4, 2), 3, width=6, blocks=blocks, classes=3), 0),
        (multiscale_conditioner((4, 4, 2), 3, width=6, blocks=blocks, receives_features=False, classes=3), 1),
    ):
        generator = np.random.default_rng(0)
        for variable in network.trainable_variables:
            variable.assign(generator.normal(size=variable.shape))
        found = network([values, one_hot])
        found = np.asarray(found[result] if isinstance(found, list) else found)
        assert np.abs(found[1:] - found[:-1]).max(axis=(1, 2, 3)).min() > 1e-3
        assert len(network.inputs) == 2


def test_a_kernel_of_one_pixel_reads_the_newest_values_of_that_pixel_only():
    network = with_random_last_layer(multiscale_conditioner((5, 5, 1), 3, width=6, blocks=1, kernel=1))
    generator = np.random.default_rng(0)
    received, newest = (generator.normal(size=(1, 5, 5, channels)).astype(np.float32) for channels in (6, 1))
    nudged = newest.copy()
    nudged[0, 2, 2] += 1.0
    change = np.abs(network([received, nudged])[0] - network([received, newest])[0]).max(axis=-1)[0]
    assert change[2, 2] > 0 and np.count_nonzero(change) == 1
