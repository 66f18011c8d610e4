"""A classifier has the accuracy that its card states, and a changed or damaged classifier is refused."""

import dataclasses
import hashlib
import json
import os
import shutil

import numpy as np
import pytest

from tfgen import data
from tfgen.data.sets import ImageSet
from tfgen.data.stored import StoredImages
from tfgen.errors import DataError, UndefinedError
from tfgen.evaluation.classifier import ClassifierCard
from tfgen.evaluation.classifier_files import load_classifier, save_classifier, set_weights, weights_to_bytes
from tfgen.evaluation.classifier_network import FEATURES, build_network
from tfgen.evaluation.find_classifier import FOLDER, classifier_for, is_shipped, shipped


@pytest.fixture(scope="module")
def digits_classifier():
    return classifier_for("digits", (8, 8, 1), 17)


def check(name):
    classifier, test = load_classifier(FOLDER / f"{name}.npz"), data.load(name).test
    assert classifier.card.test_examples == len(test)
    # One or two images may get another class on a processor that rounds differently.
    assert classifier.accuracy(test.images, test.labels) == pytest.approx(
        classifier.card.test_accuracy, abs=max(2e-4, 1 / len(test))
    )
    return classifier.card.test_accuracy


def test_the_classifier_of_digits_has_the_stated_accuracy():
    assert check("digits") >= 0.98


@pytest.mark.skipif("TFGEN_DATA" not in os.environ, reason="needs the MNIST files")
def test_the_classifier_of_mnist_has_the_stated_accuracy():
    assert check("mnist") >= 0.993


@pytest.mark.parametrize("name", shipped())
def test_the_shipped_classifiers_are_small_and_name_their_command(name):
    classifier = load_classifier(FOLDER / f"{name}.npz")
    largest = 3 * 2**20 if classifier.card.architecture == "whitened" else 512 * 1024
    assert (FOLDER / f"{name}.npz").stat().st_size <= largest
    # CIFAR-10 is a set of JPEG files whose archive has a longer name.
    assert classifier.card.data.startswith(name)
    assert classifier.card.command.startswith(f"tfgen train-classifier --data {name}")
    if name == "cifar10":
        assert classifier.card.test_accuracy >= 0.9
        assert classifier.class_of_name(["airplane", "truck"]).tolist() == [0, 9]


def test_a_classifier_comes_with_the_package_for_a_name_and_a_shape():
    assert {"digits", "mnist"} <= set(shipped())
    assert is_shipped("mnist", (28, 28, 1))
    assert not is_shipped("mnist", (16, 16, 1))
    assert not is_shipped("../classifiers/mnist", (28, 28, 1))


def test_features_have_a_mean_square_of_one_and_do_not_depend_on_the_type_of_the_pixels(digits_classifier, digits):
    features, classes, confidences = digits_classifier.classify(digits)
    assert features.shape == (len(digits), FEATURES)
    assert features.dtype == np.float64
    assert np.mean(features**2) == pytest.approx(1.0, rel=0.01)
    scaled = (digits[i : i + 100] / np.float32(16) for i in range(0, len(digits), 100))
    again, same, as_sure = digits_classifier.classify(scaled)
    np.testing.assert_allclose(again, features, atol=1e-4)
    assert (same == classes).all()
    np.testing.assert_allclose(as_sure, confidences, atol=1e-4)
    # The largest of ten probabilities.
    assert (confidences >= 0.1).all() and (confidences <= 1.0).all()


def test_images_in_a_file_are_classified_as_in_memory(digits_classifier, digits, tmp_path):
    np.save(tmp_path / "digits.npy", digits[:600])
    features, classes, _ = digits_classifier.classify(StoredImages.from_npy(tmp_path / "digits.npy"))
    expected = digits_classifier.classify(digits[:600])
    np.testing.assert_allclose(features, expected.features)
    assert (classes == expected.classes).all()


def test_a_classifier_of_the_package_may_be_named():
    assert classifier_for("other", (8, 8, 1), 17, "digits").name == "digits"


@pytest.fixture
def copied(tmp_path):
    for suffix in (".npz", ".json"):
        shutil.copy(FOLDER / f"digits{suffix}", tmp_path)
    return tmp_path / "digits.npz"


def test_changed_weights_are_refused(copied):
    content = bytearray(copied.read_bytes())
    content[len(content) // 2] ^= 1
    copied.write_bytes(content)
    with pytest.raises(DataError, match=r"expected the weights of SHA-256 [0-9a-f]{64}.*Received: [0-9a-f]{64}"):
        load_classifier(copied)


def test_missing_and_damaged_files_are_named(copied, tmp_path):
    with pytest.raises(DataError, match=r"There is no file .*other\.npz"):
        load_classifier(tmp_path / "other.npz")
    card = json.loads(copied.with_suffix(".json").read_text())
    copied.with_suffix(".json").write_text(json.dumps({**card, "filters": 8}))
    with pytest.raises(DataError, match="10-way classifier"):
        load_classifier(copied)
    del card["sha256"]
    copied.with_suffix(".json").write_text(json.dumps(card))
    with pytest.raises(DataError, match=r"digits\.json.*sha256"):
        load_classifier(copied)
    copied.with_suffix(".json").unlink()
    with pytest.raises(DataError, match=r"There is no file .*digits\.json"):
        load_classifier(copied)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("classes", -1),
        ("filters", 0),
        ("filters", 10**9),
        ("filters", "16"),
        ("test_accuracy", "high"),
        ("test_accuracy", 1.5),
        ("event_shape", [8, 8]),
        ("event_shape", [10**9, 8, 1]),
        ("levels", True),
        ("labels", []),
        ("labels", [3, 1] * 5),
        ("label_names", ["0"]),
        ("label_names", "0123456789"),
        ("feature_scale", 0),
        ("data", None),
        ("architecture", "resnet"),
        ("sha256", 7),
    ],
)
def test_a_card_with_a_value_out_of_range_is_one_sentence(copied, name, value):
    card = json.loads(copied.with_suffix(".json").read_text())
    copied.with_suffix(".json").write_text(json.dumps({**card, name: value}))
    with pytest.raises(DataError, match=r"expected.*Received: ") as caught:
        load_classifier(copied)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "null", "[]", "[" * 100_000, "3"])
def test_a_card_that_is_no_mapping_is_one_sentence(copied, text):
    copied.with_suffix(".json").write_text(text)
    with pytest.raises(DataError, match="expected the card of a classifier"):
        load_classifier(copied)


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\x05\x06" + 18 * b"\0", b"\x93NUMPY"])
def test_damaged_weights_with_the_hash_of_the_card_are_one_sentence(copied, content):
    card = json.loads(copied.with_suffix(".json").read_text())
    copied.write_bytes(content)
    copied.with_suffix(".json").write_text(json.dumps({**card, "sha256": hashlib.sha256(content).hexdigest()}))
    with pytest.raises(DataError, match="expected the weights of a 10-way classifier"):
        load_classifier(copied)


def test_a_classifier_of_images_of_another_shape_is_refused():
    with pytest.raises(DataError, match=r"\[28, 28, 1\] and 256 levels\. Received: one of shape \[8, 8, 1\]"):
        classifier_for("mnist", (28, 28, 1), 256, FOLDER / "digits.npz")
    with pytest.raises(UndefinedError, match="train-classifier --data fashion_mnist"):
        classifier_for("fashion_mnist", (28, 28, 1), 256)
    with pytest.raises(UndefinedError, match="Points"):
        classifier_for("moons", (2,), None)


def test_equal_weights_give_equal_bytes_and_a_saved_classifier_is_read_again(tmp_path):
    network = build_network((9, 6, 3), 4)
    content = weights_to_bytes(network)
    assert weights_to_bytes(network) == content
    other = build_network((9, 6, 3), 4)
    set_weights(other, content)
    for first, second in zip(network.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(first.astype(np.float16), second)
    card = ClassifierCard(
        data="x", event_shape=(9, 6, 3), levels=5, labels=(-3, 1, 7, 9), filters=16, test_accuracy=0.5
    )
    save_classifier(tmp_path / "x.npz", content, card)
    found = load_classifier(tmp_path / "x.npz")
    assert found.identity.name == "x"
    assert found.card == dataclasses.replace(card, sha256=found.identity.sha256)
    assert found.class_of_label(np.array([9, -3])).tolist() == [3, 0]
    with pytest.raises(DataError, match=r"Received: \[0, 8\]"):
        found.class_of_label(np.array([1, 8, 0]))


def test_images_without_labels_have_no_accuracy(digits_classifier, digits):
    bare = dataclasses.replace(ImageSet(digits, 17), labels=None)
    with pytest.raises(DataError, match="without labels"):
        digits_classifier.accuracy(bare.images, bare.labels)
