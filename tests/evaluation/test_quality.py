"""Sample quality: real pictures are at the floor, one picture again and again covers nothing."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from tfgen import data
from tfgen.errors import ConfigError, DataError
from tfgen.evaluation.classifier import classifier_for
from tfgen.evaluation.quality import evaluate_quality, set_distances, spread_rows


@pytest.fixture(scope="module")
def classifier():
    return classifier_for("digits", (8, 8, 1), 17)


@pytest.fixture(scope="module")
def dataset():
    return data.load("digits")


class Fed:
    """A model whose samples are given: that of seed s is picture s, from the start again after the last."""

    def __init__(self, pictures):
        self.pictures = np.asarray(pictures, np.float32)

    def can(self, question):
        return question == "sample"

    def sample(self, n, seed, temperature):
        return tf.constant(self.pictures[np.arange(seed, seed + n) % len(self.pictures)] * temperature)


def test_real_pictures_that_training_did_not_see_are_at_the_floor(dataset, classifier):
    model = Fed(dataset.train.images[300:600] / 16.0)
    found = evaluate_quality(model, dataset, classifier, count=10_000)
    assert found["samples"] == 300
    floor = found["floor"]
    # At 300 pictures the distance between two sets of real ones varies that much.
    assert 0.5 < found["frechet_classifier_distance"] / floor["frechet_classifier_distance"] < 2.0
    for name in ("precision", "recall", "density", "coverage"):
        assert found[name] == pytest.approx(floor[name], abs=0.1), name
    assert sum(found["class_histogram"]) == 300
    assert found["kl_to_data"] < 0.05


def test_the_reference_itself_is_perfect(dataset, classifier):
    found = evaluate_quality(Fed(dataset.test.images / 16.0), dataset, classifier)
    assert found["frechet_classifier_distance"] < 1e-3
    assert (found["precision"], found["recall"], found["coverage"]) == (1.0, 1.0, 1.0)


def test_one_picture_again_and_again_covers_nothing(dataset, classifier):
    found = evaluate_quality(Fed(dataset.test.images[:1] / 16.0), dataset, classifier)
    assert found["precision"] == 1.0
    assert found["coverage"] < 0.05
    assert found["recall"] < 0.05
    assert found["kl_to_uniform"] == pytest.approx(np.log(10))
    assert found["frechet_classifier_distance"] > 10 * found["floor"]["frechet_classifier_distance"]
    assert found["kid"] > 100 * abs(found["floor"]["kid"])


def test_noise_is_far_from_the_data(dataset, classifier):
    noise = np.random.default_rng(0).random((300, 8, 8, 1))
    found = evaluate_quality(Fed(noise), dataset, classifier)
    assert found["coverage"] < 0.1
    assert found["precision"] < 0.5
    assert found["frechet_classifier_distance"] > 5 * found["floor"]["frechet_classifier_distance"]


def test_seed_count_split_and_temperature_are_what_is_measured(dataset, classifier):
    pictures = dataset.train.images / 16.0
    settings = {"count": 60, "seed": 40, "temperature": 0.5, "split": "validation"}
    found = evaluate_quality(Fed(pictures), dataset, classifier, **settings)
    real = classifier.describe(dataset.validation.images[spread_rows(200, 60)])
    frequencies = np.bincount(dataset.train.labels)
    expected = set_distances(real, classifier.describe(0.5 * pictures[40:100]), frequencies, 40)
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-3, abs=1e-6), name
    floor = set_distances(real, classifier.describe(dataset.train.images[:60]), frequencies, 40)
    assert found["floor"] == floor


def test_rows_are_spread_over_the_whole_set():
    assert spread_rows(10, 10).tolist() == list(range(10))
    assert spread_rows(10, 4).tolist() == [0, 2, 5, 7]


def test_what_cannot_be_measured_is_refused(dataset, classifier):
    model = Fed(dataset.test.images / 16.0)
    with pytest.raises(ConfigError, match="at least 10"):
        evaluate_quality(model, dataset, classifier, count=5)
    with pytest.raises(ConfigError, match="split"):
        evaluate_quality(model, dataclasses.replace(dataset, validation=None), classifier, split="validation")
    with pytest.raises(DataError, match="finite samples"):
        evaluate_quality(Fed(np.full((1, 8, 8, 1), np.nan)), dataset, classifier)


def test_data_without_labels_is_held_against_what_the_classifier_sees(dataset, classifier):
    bare = dataclasses.replace(dataset, train=dataclasses.replace(dataset.train, labels=None))
    found = evaluate_quality(Fed(dataset.test.images / 16.0), bare, classifier)
    assert found["kl_to_data"] == pytest.approx(0.0, abs=1e-3)
