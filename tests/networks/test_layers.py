"""Saving and loading of the layers, under their names and under those of earlier versions."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen import random
from tfgen.networks import AddCoordinates, DepthToSpace, SoftRound, SpaceToDepth, conv_decoder
from tfgen.networks.crop import Crop
from tfgen.networks.dropout import Dropout

LAYERS = [SoftRound(17, 1e-2, 2.5), AddCoordinates(), SpaceToDepth(2), DepthToSpace(2), Crop(3, 5)]


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: type(layer).__name__)
def test_layers_are_restored_from_their_configuration(layer):
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    values = np.random.default_rng(0).normal(size=(2, 4, 6, 8)).astype(np.float32)
    found = layer(values)
    np.testing.assert_array_equal(again(values), found)
    assert layer.compute_output_shape((2, 4, 6, 8)) == found.shape


def test_a_crop_keeps_the_first_rows_and_columns_and_passes_the_gradient():
    values = tf.constant(np.random.default_rng(0).normal(size=(2, 4, 6, 3)), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(values)
        cropped = Crop(3, 5)(values)
        loss = tf.reduce_sum(cropped**2)
    np.testing.assert_array_equal(cropped, values[:, :3, :5])
    expected = np.pad(2 * values[:, :3, :5], ((0, 0), (0, 1), (0, 1), (0, 0)))
    np.testing.assert_array_equal(tape.gradient(loss, values), expected)


def test_a_decoder_of_an_odd_side_returns_float32_in_any_precision():
    """The last feature maps are cropped after the last layer, which computes in float32."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        maps = conv_decoder(3, (9, 11, 1), 2, filters=4)(np.zeros((2, 3), np.float32))
    finally:
        keras.config.set_dtype_policy(before)
    assert maps.shape == (2, 9, 11, 2) and maps.dtype == tf.float32


@pytest.mark.parametrize("rate", [0.1, 0.3, 0.75])
@pytest.mark.parametrize("shape", [(400, 500), (400, 7, 5, 3)])
def test_dropout_drops_the_fraction_of_its_rate_and_keeps_the_mean(rate, shape):
    with random.StepRng(1, 2):
        found = Dropout(rate)(tf.ones(shape), training=True).numpy()
    dropped, error = (found == 0).mean(), np.sqrt(rate * (1 - rate) / found.size)
    assert abs(dropped - rate) < 4 * error
    np.testing.assert_allclose(found[found > 0], 1 / (1 - rate), rtol=1e-4)
    assert abs(found.mean() - 1) < 4 * error / (1 - rate)


def test_coordinates_are_evenly_spaced_to_the_last_bit():
    for height, width in ((1, 2), (7, 28), (64, 255)):
        found = AddCoordinates()(np.zeros((2, height, width, 1), np.float32))
        np.testing.assert_array_equal(found[1, :, 0, 1], tf.linspace(-1.0, 1.0, height))
        np.testing.assert_array_equal(found[1, 0, :, 2], tf.linspace(-1.0, 1.0, width))


def test_depth_to_space_is_the_inverse_of_space_to_depth():
    values = np.random.default_rng(0).normal(size=(2, 4, 6, 3)).astype(np.float32)
    np.testing.assert_array_equal(DepthToSpace(2)(SpaceToDepth(2)(values)), values)


@pytest.mark.parametrize(
    ("old_name", "config", "expected"),
    [
        ("Stairs", {"levels": 17, "alpha": 0.01, "scale": 2.0}, SoftRound),
        ("Place", {}, AddCoordinates),
        ("Fold", {"block": 2, "unfold": False}, SpaceToDepth),
        ("Fold", {"block": 2, "unfold": True}, DepthToSpace),
    ],
)
def test_names_of_earlier_versions_load_as_the_renamed_layers(old_name, config, expected):
    saved = {"module": "tfgen.networks.coupling", "class_name": old_name, "registered_name": f"tfgen>{old_name}"}
    layer = keras.saving.deserialize_keras_object({**saved, "config": {"name": "layer", "dtype": "float32", **config}})
    assert type(layer) is expected and layer.name == "layer"
    assert keras.saving.get_registered_name(type(layer)) == f"tfgen>{expected.__name__}"


def test_the_autoregressive_network_has_its_earlier_name_too():
    network = keras.saving.get_registered_object("tfgen>WavefrontNetwork")
    assert keras.saving.get_registered_name(network) == "tfgen>AutoregressiveNetwork"
