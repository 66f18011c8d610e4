"""Copies of training images are found, and real images that the model was not trained on are not suspected."""

import base64
import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tfgen import data
from tfgen.data.sets import Dataset, ImageSet
from tfgen.evaluation.find_classifier import classifier_for
from tfgen.evaluation.memorization import PAIRS, evaluate_memorization
from tfgen.evaluation.report import memorization_summary


@pytest.fixture(scope="module")
def dataset():
    return data.load("digits")


class GivenSamples:
    """A model whose sample of seed s is the given picture number s."""

    levels = 17

    def __init__(self, pictures):
        self.pictures = np.asarray(pictures, np.float32)

    def sample(self, n, seed=0):
        return tf.constant(self.pictures[seed : seed + n])


def test_copies_are_found_and_named(dataset):
    copies = dataset.train.images[700:800] / 16.0
    found = evaluate_memorization(GivenSamples(copies), dataset, count=100)
    assert found.samples == 100
    assert found.training_examples == len(dataset.train)
    assert found.pixels.near == 1.0
    assert found.pixels.distance < 1e-3 < found.pixels.test_distance
    assert [pair.training_image for pair in found.pairs] == [700 + pair.seed for pair in found.pairs]
    with Image.open(io.BytesIO(base64.b64decode(found.picture))) as picture:
        pixels = np.asarray(picture)
    assert pixels.shape == (2 * 9 + 1, 9 * PAIRS + 1)
    # The first row shows the copies, the second row the training images.
    np.testing.assert_array_equal(pixels[1:9], pixels[10:18])


def test_a_darkened_copy_is_still_near(dataset):
    copies = dataset.train.images[:100] / 16.0 * 0.95
    found = evaluate_memorization(GivenSamples(copies), dataset, classifier_for("digits", (8, 8, 1), 17), count=100)
    assert found.pixels.near > 0.9
    assert found.features.near > 0.9


def test_samples_nearer_than_99_percent_of_the_test_images_are_counted_for_colour_images_of_any_shape():
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (260, 7, 5, 3)).astype(np.uint8)
    train, test = ImageSet(images[:200], 256), ImageSet(images[200:], 256)
    # 12 of 60 samples are training images; the others are new noise.
    samples = np.concatenate([images[:12], generator.integers(0, 256, (48, 7, 5, 3))]) / 255.0
    model = GivenSamples(samples)
    model.levels = 256
    entry = evaluate_memorization(model, Dataset("noise", train, None, test), count=60)
    assert 12 / 60 <= entry.pixels.samples_nearer_than_99_percent_of_heldout < 16 / 60
    assert "% in pixels; 60 samples; expected 1 %" in memorization_summary(entry)


def test_real_images_outside_the_training_set_are_not_suspected(dataset):
    model, classifier = GivenSamples(dataset.validation.images / 16.0), classifier_for("digits", (8, 8, 1), 17)
    found = evaluate_memorization(model, dataset, classifier, count=200)
    assert found.classifier == classifier.identity
    for nearness in (found.pixels, found.features):
        assert nearness.near < 0.06
        assert nearness.ratio == pytest.approx(nearness.test_ratio, rel=0.1)
    assert evaluate_memorization(model, dataset, count=50).features is None
