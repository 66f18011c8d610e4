"""Sample quality: real images reach the values of the real reference, and a repeated image covers nothing."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from tfgen import data
from tfgen.errors import ConfigError, DataError
from tfgen.evaluation.find_classifier import classifier_for
from tfgen.evaluation.quality import evaluate_quality
from tfgen.evaluation.split import evenly_spaced
from tfgen.metrics.set_distances import set_distances


@pytest.fixture(scope="module")
def classifier():
    return classifier_for("digits", (8, 8, 1), 17)


@pytest.fixture(scope="module")
def dataset():
    return data.load("digits")


class GivenSamples:
    """A model whose sample of seed s is the given picture number s, counted cyclically."""

    def __init__(self, pictures):
        self.pictures = np.asarray(pictures, np.float32)

    def can(self, method):
        return method == "sample"

    def sample(self, n, seed, temperature):
        return tf.constant(self.pictures[np.arange(seed, seed + n) % len(self.pictures)] * temperature)


def test_real_images_reach_the_values_of_the_real_reference(dataset, classifier):
    model = GivenSamples(dataset.train.images[300:600] / 16.0)
    found = evaluate_quality(model, dataset, classifier, count=10_000)
    assert found.samples == 300
    reference = found.real_reference
    # The distance between two sets of 300 real images varies by this factor.
    assert 0.5 < found.frechet_classifier_distance / reference.frechet_classifier_distance < 2.0
    for name in ("precision", "recall", "density", "coverage"):
        assert getattr(found, name) == pytest.approx(getattr(reference, name), abs=0.1), name
    assert sum(found.class_histogram) == 300
    assert found.kl_to_data < 0.05


def test_the_split_itself_is_perfect(dataset, classifier):
    found = evaluate_quality(GivenSamples(dataset.test.images / 16.0), dataset, classifier)
    assert found.frechet_classifier_distance < 1e-3
    assert (found.precision, found.recall, found.coverage) == (1.0, 1.0, 1.0)


def test_a_repeated_image_covers_nothing(dataset, classifier):
    found = evaluate_quality(GivenSamples(dataset.test.images[:1] / 16.0), dataset, classifier)
    assert found.precision == 1.0
    assert found.coverage < 0.05
    assert found.recall < 0.05
    assert found.kl_to_uniform == pytest.approx(np.log(10))
    assert found.frechet_classifier_distance > 10 * found.real_reference.frechet_classifier_distance
    assert found.kid > 100 * abs(found.real_reference.kid)


def test_noise_is_far_from_the_data(dataset, classifier):
    noise = np.random.default_rng(0).random((300, 8, 8, 1))
    found = evaluate_quality(GivenSamples(noise), dataset, classifier)
    assert found.coverage < 0.1
    assert found.precision < 0.5
    assert found.frechet_classifier_distance > 5 * found.real_reference.frechet_classifier_distance


def test_seed_count_split_and_temperature_are_what_is_measured(dataset, classifier):
    pictures = dataset.train.images / 16.0
    settings = {"count": 60, "seed": 40, "temperature": 0.5, "split": "validation"}
    found = evaluate_quality(GivenSamples(pictures), dataset, classifier, **settings)
    real = classifier.classify(dataset.validation.images[evenly_spaced(200, 60)])
    frequencies = np.bincount(dataset.train.labels)
    expected = set_distances(real, classifier.classify(0.5 * pictures[40:100]), frequencies, 40)
    for name, value in expected.items():
        assert getattr(found, name) == pytest.approx(value, rel=1e-3, abs=1e-6), name
    reference = set_distances(real, classifier.classify(dataset.train.images[:60]), frequencies, 40)
    assert found.real_reference.to_json() == reference


def test_positions_are_spaced_evenly_over_the_whole_set():
    assert evenly_spaced(10, 10).tolist() == list(range(10))
    assert evenly_spaced(10, 4).tolist() == [0, 2, 5, 7]


def test_too_few_samples_a_missing_split_and_infinite_samples_are_refused(dataset, classifier):
    model = GivenSamples(dataset.test.images / 16.0)
    with pytest.raises(ConfigError, match="at least 10"):
        evaluate_quality(model, dataset, classifier, count=5)
    with pytest.raises(ConfigError, match="split"):
        evaluate_quality(model, dataclasses.replace(dataset, validation=None), classifier, split="validation")
    with pytest.raises(DataError, match="finite samples"):
        evaluate_quality(GivenSamples(np.full((1, 8, 8, 1), np.nan)), dataset, classifier)


def test_without_labels_the_class_frequencies_are_those_that_the_classifier_finds(dataset, classifier):
    bare = dataclasses.replace(dataset, train=dataclasses.replace(dataset.train, labels=None))
    found = evaluate_quality(GivenSamples(dataset.test.images / 16.0), bare, classifier)
    assert found.kl_to_data == pytest.approx(0.0, abs=1e-3)


def test_confidently_classified_is_the_share_of_clear_classes(dataset, classifier):
    found = evaluate_quality(GivenSamples(dataset.test.images / 16.0), dataset, classifier)
    _, logits = classifier.network(dataset.test.images / np.float32(16.0), training=False)
    largest = tf.nn.softmax(logits).numpy().max(axis=1)
    assert found.confidently_classified == pytest.approx(np.mean(largest >= 0.95))
    assert 0.7 < found.real_reference.confidently_classified <= 1.0
    # Means of two digits are of no clear class.
    pairs = (dataset.test.images[:150] / 32.0) + (dataset.test.images[150:] / 32.0)
    assert evaluate_quality(GivenSamples(pairs), dataset, classifier).confidently_classified < 0.6


def test_a_classifier_of_smoothed_labels_has_no_confidences():
    found = classifier_for("cifar10", (32, 32, 3), 256).classify(np.zeros((2, 32, 32, 3), np.uint8))
    assert found.confidences is None and len(found.classes) == 2
