import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.networks import ChannelHeads, SoftRound


def values(*shape):
    return tf.constant(np.random.default_rng(1).normal(size=shape).astype(np.float32))


@pytest.mark.parametrize("soft_round", [None, SoftRound(17, 1e-2, 2.0)])
def test_channel_by_channel_gives_the_same_parameters_as_all_at_once(soft_round, randomized):
    heads = randomized(ChannelHeads(3, 4, 8, "elu", soft_round=soft_round))
    features, pixels = values(2, 3, 2, 8), values(2, 3, 2, 3)
    expected = heads(features, pixels)
    found = [heads.parameters(0, features)]
    for channel in (1, 2):
        features = heads.next_features(channel, features, pixels[..., channel - 1 : channel])
        found.append(heads.parameters(channel, features))
    np.testing.assert_allclose(tf.concat(found, axis=-1), expected, atol=1e-6)


def test_the_jacobian_is_strictly_triangular_in_the_channels(randomized):
    heads = randomized(ChannelHeads(4, 1, 8, "elu"))
    features, pixels = values(1, 1, 1, 8), values(1, 1, 1, 4)
    with tf.GradientTape() as tape:
        tape.watch(pixels)
        parameters = heads(features, pixels)
    jacobian = tape.jacobian(parameters, pixels).numpy().reshape(4, 4)
    np.testing.assert_array_equal(jacobian != 0, np.tri(4, k=-1, dtype=bool))


def test_new_heads_return_zeros_and_depend_on_the_features_once_trained(randomized):
    heads = ChannelHeads(3, 2, 8)
    assert np.abs(heads(values(1, 2, 2, 8), values(1, 2, 2, 3))).max() == 0.0
    randomized(heads)
    other = heads(values(1, 2, 2, 8) + 1.0, values(1, 2, 2, 3)) - heads(values(1, 2, 2, 8), values(1, 2, 2, 3))
    assert np.abs(other).max(axis=(0, 1, 2)).min() > 1e-3


def test_the_last_convolutions_have_the_name_that_optimizers_know():
    heads = ChannelHeads(3, 2, 8)
    assert sum("last/kernel" in weight.path for weight in heads.trainable_variables) == 3
    assert isinstance(heads.lasts[0], keras.layers.Conv2D)
