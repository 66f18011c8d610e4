"""The classifier of colour images: whitening, initial identities, and a training that separates colours and shapes."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from tfgen import random
from tfgen.data.sets import Dataset, ImageSet
from tfgen.errors import ConfigError, DataError
from tfgen.evaluation.augmentation import random_flip_and_shift, random_shift
from tfgen.evaluation.classifier_files import load_classifier, save_classifier
from tfgen.evaluation.classifier_recipes import architecture_for, build_classifier_network
from tfgen.evaluation.find_classifier import classifier_for, users_file
from tfgen.evaluation.train_classifier import train_classifier
from tfgen.evaluation.whitened_network import build_whitened_network, initialize


def smooth_images(n, side=16, seed=0):
    """Colour images whose neighbouring pixels are alike."""
    coarse = np.random.default_rng(seed).uniform(0, 255, (n, side // 4, side // 4, 3))
    return np.asarray(tf.image.resize(coarse, (side, side), "bilinear"), np.float32).astype(np.uint8)


@pytest.mark.parametrize(("side", "positions"), [(16, 15), (32, 31), (48, 24), (64, 32), (96, 24), (128, 32)])
def test_the_cost_does_not_grow_with_the_size_of_the_images(side, positions):
    network = build_whitened_network((side, side, 3), 5, filters=4)
    assert network.get_layer("whitening").output.shape[1] == positions
    assert network.output[0].shape[-1] == 8 and network.output[1].shape[-1] == 5


def test_the_first_convolution_whitens_the_patches():
    images = smooth_images(200)
    network = build_whitened_network((16, 16, 3), 2, filters=4)
    initialize(network, images, 256)
    whitened = network.get_layer("whitening")(images / np.float32(255)).numpy()
    flat = whitened[:, ::2, ::2].reshape(-1, whitened.shape[-1])
    half = flat.shape[1] // 2
    np.testing.assert_allclose(flat[:, half:], -flat[:, :half], atol=1e-3)
    covariance = np.cov(flat[:, :half], rowvar=False)
    # The floor of the variance makes the directions of least variance smaller than 1.
    assert np.abs(covariance - np.diag(np.diag(covariance))).max() < 0.02
    assert covariance[0, 0] == pytest.approx(1.0, abs=0.02)
    assert (np.diag(covariance) < 1.05).all()
    np.testing.assert_allclose(flat.mean(axis=0), 0.0, atol=0.01)


def test_a_convolution_starts_as_an_identity_of_its_inputs():
    network = build_whitened_network((16, 16, 3), 2, filters=4)
    initialize(network, smooth_images(20), 256)
    kernel = next(layer for layer in network.layers if layer.name.startswith("conv2d")).kernel.numpy()
    images = np.random.default_rng(0).standard_normal((2, 6, 6, kernel.shape[2])).astype(np.float32)
    passed = tf.nn.conv2d(images, kernel, 1, "SAME").numpy()
    count = min(kernel.shape[2:])
    np.testing.assert_allclose(passed[..., :count], images[..., :count], atol=1e-5)


@pytest.fixture(scope="module")
def stripes():
    """Colour images of two classes that differ in the direction of their stripes, with noise."""
    generator = np.random.default_rng(0)
    labels = np.arange(320) % 2
    waves = 60 * np.sign(np.sin(np.arange(16) * np.pi / 2 + generator.uniform(0, 6, (320, 1))))
    across = np.where(labels[:, None, None] == 1, waves[:, None, :], waves[:, :, None])
    images = 128 + across[..., None] + 30 * generator.standard_normal((320, 16, 16, 3))
    images = np.clip(images, 0, 255).astype(np.uint8)
    parts = [ImageSet(images[rows], 256, labels[rows]) for rows in (slice(0, 240), slice(240, 320))]
    return Dataset("stripes", parts[0], None, parts[1], label_names=("down", "across"))


@pytest.mark.slow
def test_a_trained_classifier_is_read_again_and_found_for_data_with_the_same_test_images(
    stripes, tmp_path, monkeypatch
):
    content, card = train_classifier(stripes, steps=60, batch_size=32, filters=8)
    assert card.architecture == "whitened" and card.test_accuracy > 0.9
    save_classifier(tmp_path / "x.npz", content, card)
    found = load_classifier(tmp_path / "x.npz")
    test = stripes.test
    assert found.accuracy(test.images, test.labels) == card.test_accuracy
    assert np.mean(found.classify(stripes.train.images).features ** 2) == pytest.approx(1.0, rel=0.01)
    assert found.class_of_name(["across", "down"]).tolist() == [1, 0]
    assert found.class_of_name(["across", "up"]) is None
    again = train_classifier(stripes, steps=60, batch_size=32, filters=8)[0]
    assert again == content
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    own = users_file(stripes, make_folder=True)
    assert own.is_relative_to(tmp_path)
    save_classifier(own, content, card)
    found = classifier_for("pictures/stripes", (16, 16, 3), 256, dataset=stripes)
    assert found.card.test_accuracy == card.test_accuracy
    # Other test images have another file.
    other = dataclasses.replace(stripes, test=stripes.train[:80])
    assert users_file(other) != own


def test_architectures_are_chosen_by_shape_and_unknown_ones_are_refused(stripes):
    assert architecture_for((32, 32, 3)) == "whitened"
    assert architecture_for((28, 28, 1)) == architecture_for((8, 8, 3)) == "convolutional"
    with pytest.raises(ConfigError, match="expected one of convolutional, whitened"):
        train_classifier(stripes, architecture="deep")
    with pytest.raises(DataError, match="architecture"):
        build_classifier_network("deep", (32, 32, 3), 10, 4)


class ConstantRng:
    """Random numbers that are the same for every image."""

    def __init__(self, *numbers):
        self.numbers = numbers

    def uniform(self, name, shape):
        return tf.tile(tf.constant([self.numbers], tf.float32), (shape[0], 1))


def test_images_are_mirrored_and_shifted_by_whole_pixels():
    images = tf.random.stateless_uniform((2, 32, 32, 3), (1, 2))
    np.testing.assert_allclose(random_flip_and_shift(images, ConstantRng(0.5, 0.5, 0.9)), images)
    np.testing.assert_allclose(random_flip_and_shift(images, ConstantRng(0.5, 0.5, 0.1)), images[:, :, ::-1])
    # The largest shift of 32 pixels is 2.
    shifted = random_flip_and_shift(images, ConstantRng(0.999, 0.0, 0.9))
    np.testing.assert_allclose(shifted[:, 2:, :-2], images[:, :-2, 2:])
    np.testing.assert_allclose(random_shift(images, ConstantRng(0.5, 0.5, 0.1)), images)
    with random.StepRng(0, 0) as rng:
        drawn = random_flip_and_shift(tf.tile(images[:1], (64, 1, 1, 1)), rng).numpy()
    assert len({image.tobytes() for image in drawn}) > 20
