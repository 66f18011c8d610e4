"""A shipped classifier is the one that its card describes, or it is refused."""

import dataclasses
import json
import os
import shutil

import numpy as np
import pytest

from tfgen import data
from tfgen.data.sets import ImageSet
from tfgen.errors import DataError, UndefinedError
from tfgen.evaluation.classifier import (
    FEATURES,
    FOLDER,
    build_network,
    classifier_for,
    is_shipped,
    load,
    packed,
    save,
    shipped,
    unpack,
)


@pytest.fixture(scope="module")
def digits_classifier():
    return classifier_for("digits", (8, 8, 1), 17)


def check(name):
    classifier, test = load(FOLDER / f"{name}.npz"), data.load(name).test
    assert classifier.card["test_examples"] == len(test)
    # A picture or two may fall on the other side of a border where another processor rounds otherwise.
    assert classifier.accuracy(test.images, test.labels) == pytest.approx(
        classifier.card["test_accuracy"], abs=max(2e-4, 1 / len(test))
    )
    return classifier.card["test_accuracy"]


def test_the_classifier_of_digits_is_as_good_as_it_says():
    assert check("digits") >= 0.98


@pytest.mark.skipif("TFGEN_DATA" not in os.environ, reason="needs the MNIST files")
def test_the_classifier_of_mnist_is_as_good_as_it_says():
    assert check("mnist") >= 0.993


def test_what_is_shipped_is_small_and_says_how_it_was_made():
    assert set(shipped()) == {"digits", "mnist"}
    for name in shipped():
        assert (FOLDER / f"{name}.npz").stat().st_size <= 512 * 1024
        card = json.loads((FOLDER / f"{name}.json").read_text())
        assert card["command"] == f"tfgen train-classifier --data {name}"
        assert card["data"] == name
    assert is_shipped("mnist", (28, 28, 1))
    assert not is_shipped("mnist", (16, 16, 1))
    assert not is_shipped("../classifiers/mnist", (28, 28, 1))


def test_features_have_a_mean_square_of_one_and_follow_the_picture_not_its_type(digits_classifier, digits):
    features, classes = digits_classifier.describe(digits)
    assert features.shape == (len(digits), FEATURES)
    assert features.dtype == np.float64
    assert np.mean(features**2) == pytest.approx(1.0, rel=0.01)
    scaled = (digits[i : i + 100] / np.float32(16) for i in range(0, len(digits), 100))
    again, same = digits_classifier.describe(scaled)
    np.testing.assert_allclose(again, features, atol=1e-4)
    assert (same == classes).all()


@pytest.fixture
def copied(tmp_path):
    for suffix in (".npz", ".json"):
        shutil.copy(FOLDER / f"digits{suffix}", tmp_path)
    return tmp_path / "digits.npz"


def test_weights_that_were_changed_are_refused(copied):
    content = bytearray(copied.read_bytes())
    content[len(content) // 2] ^= 1
    copied.write_bytes(content)
    with pytest.raises(DataError, match=r"expected the weights of SHA-256 [0-9a-f]{64}.*Received: [0-9a-f]{64}"):
        load(copied)


def test_missing_and_damaged_files_are_named(copied, tmp_path):
    with pytest.raises(DataError, match=r"There is no file .*other\.npz"):
        load(tmp_path / "other.npz")
    card = json.loads(copied.with_suffix(".json").read_text())
    copied.with_suffix(".json").write_text(json.dumps({**card, "filters": 8}))
    with pytest.raises(DataError, match="10-way classifier"):
        load(copied)
    del card["sha256"]
    copied.with_suffix(".json").write_text(json.dumps(card))
    with pytest.raises(DataError, match=r"digits\.json.*sha256"):
        load(copied)
    copied.with_suffix(".json").unlink()
    with pytest.raises(DataError, match=r"There is no file .*digits\.json"):
        load(copied)


def test_a_classifier_of_other_pictures_is_refused():
    with pytest.raises(DataError, match=r"\[28, 28, 1\] and 256 levels\. Received: one of shape \[8, 8, 1\]"):
        classifier_for("mnist", (28, 28, 1), 256, FOLDER / "digits.npz")
    with pytest.raises(UndefinedError, match="train_classifier --data fashion_mnist"):
        classifier_for("fashion_mnist", (28, 28, 1), 256)
    with pytest.raises(UndefinedError, match="Points"):
        classifier_for("moons", (2,), None)


def test_weights_are_packed_the_same_way_every_time(tmp_path):
    network = build_network((9, 6, 3), 4)
    content = packed(network)
    assert packed(network) == content
    other = build_network((9, 6, 3), 4)
    unpack(content, other)
    for first, second in zip(network.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(first.astype(np.float16), second)
    card = {
        "data": "x", "event_shape": [9, 6, 3], "levels": 5, "classes": 4, "labels": [-3, 1, 7, 9], "filters": 16,
        "test_accuracy": 0.5,
    }  # fmt: skip
    save(tmp_path / "x.npz", content, card)
    found = load(tmp_path / "x.npz")
    assert found.identity["name"] == "x"
    assert found.positions(np.array([9, -3])).tolist() == [3, 0]
    with pytest.raises(DataError, match=r"Received: \[0, 8\]"):
        found.positions(np.array([1, 8, 0]))


def test_images_without_labels_have_no_accuracy(digits_classifier, digits):
    bare = dataclasses.replace(ImageSet(digits, 17), labels=None)
    with pytest.raises(DataError, match="without labels"):
        digits_classifier.accuracy(bare.images, bare.labels)
