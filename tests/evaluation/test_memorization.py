"""A model that repeats its training images is found out; real pictures are not accused."""

import base64
import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tfgen import data
from tfgen.evaluation.classifier import classifier_for
from tfgen.evaluation.memorization import PAIRS, closeness, evaluate_memorization
from tfgen.metrics import neighbours


@pytest.fixture(scope="module")
def dataset():
    return data.load("digits")


class Fed:
    levels = 17

    def __init__(self, pictures):
        self.pictures = np.asarray(pictures, np.float32)

    def sample(self, n, seed=0):
        return tf.constant(self.pictures[seed : seed + n])


def test_ratios_are_those_of_distances_written_out(monkeypatch):
    generator = np.random.default_rng(0)
    queries, among = generator.standard_normal((20, 5)), generator.standard_normal((60, 5))
    distances = np.linalg.norm(queries[:, None] - among, axis=-1)
    own = np.linalg.norm(among[:, None] - among, axis=-1) + np.diag(np.full(60, np.inf))
    expected = distances.min(axis=1) / own.min(axis=1)[distances.argmin(axis=1)]
    for part in (7, 8192):
        monkeypatch.setattr(neighbours, "PART", part)
        positions, found, ratios = closeness(queries, among)
        assert positions.tolist() == distances.argmin(axis=1).tolist()
        np.testing.assert_allclose(found, distances.min(axis=1), rtol=1e-9)
        np.testing.assert_allclose(ratios, expected, rtol=1e-9)


def test_training_images_that_exist_twice_do_not_make_infinities():
    among = np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 0.0], [5.0, 5.0], [9.0, 0.0]])
    ratios = closeness(among + 0.1, among)[2]
    assert np.isfinite(ratios).all()


def test_copies_are_found_and_named(dataset):
    copied = dataset.train.images[700:800] / 16.0
    found = evaluate_memorization(Fed(copied), dataset, count=100)
    assert found["samples"] == 100
    assert found["training_examples"] == len(dataset.train)
    assert found["pixels"]["near"] == 1.0
    assert found["pixels"]["distance"] < 1e-3 < found["pixels"]["test_distance"]
    assert [pair["training_image"] for pair in found["pairs"]] == [700 + pair["seed"] for pair in found["pairs"]]
    with Image.open(io.BytesIO(base64.b64decode(found["picture"]))) as picture:
        pixels = np.asarray(picture)
    assert pixels.shape == (2 * 9 + 1, 9 * PAIRS + 1)
    # The copies above, the training images below.
    np.testing.assert_array_equal(pixels[1:9], pixels[10:18])


def test_a_copy_that_is_a_little_off_is_still_near(dataset):
    copied = dataset.train.images[:100] / 16.0 * 0.95
    found = evaluate_memorization(Fed(copied), dataset, classifier_for("digits", (8, 8, 1), 17), count=100)
    assert found["pixels"]["near"] > 0.9
    assert found["features"]["near"] > 0.9


def test_real_pictures_that_training_did_not_see_are_not_accused(dataset):
    model = Fed(dataset.validation.images / 16.0)
    found = evaluate_memorization(model, dataset, classifier_for("digits", (8, 8, 1), 17), count=200)
    for space in ("pixels", "features"):
        assert found[space]["near"] < 0.06
        assert found[space]["ratio"] == pytest.approx(found[space]["test_ratio"], rel=0.1)
    assert "features" not in evaluate_memorization(model, dataset, count=50)
