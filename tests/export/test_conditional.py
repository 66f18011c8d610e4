"""A conditional model in every format: the input `label`, and the names of the classes."""

import numpy as np
import pytest

from tfgen.export import card, flatbuffer, onnx, pipeline
from tfgen.export.class_names import read_class_names
from tfgen.export.saved_model import SavedModel
from tfgen.export.signatures import signatures
from tfgen.export.tflite import LiteModel

QUANTIZATIONS = ("none", "float16", "dynamic-int8", "int8")


@pytest.fixture(scope="module")
def examples():
    return np.random.default_rng(0).integers(0, 17, (16, 8, 8, 1)).astype(np.float32) / 16


@pytest.mark.slow
def test_a_saved_model_has_labels_and_their_names(conditional_model, examples, tmp_path):
    entry = pipeline.make_saved_model(conditional_model, tmp_path / "1", examples)["saved_model"]
    assert set(entry["signatures"]) == set(signatures(conditional_model))
    assert read_class_names(tmp_path / "1" / "assets.extra") == conditional_model.classes
    assert "label" in SavedModel(tmp_path / "1")._loaded.signatures["log_prob"].structured_input_signature[1]


@pytest.mark.slow
def test_tflite_files_have_labels_and_their_names_in_every_number_format(conditional_model, examples, tmp_path):
    entries = pipeline.make_tflite(conditional_model, tmp_path / "tflite", examples, QUANTIZATIONS, 2)
    assert len(entries) == len(QUANTIZATIONS)
    for name, entry in entries.items():
        file = tmp_path / name
        assert set(entry["signatures"]) == set(signatures(conditional_model))
        assert read_class_names(file) == conditional_model.classes
        assert not [operator for operator in flatbuffer.operators(file) if operator.startswith("CUSTOM")]
    labels = np.asarray([0, 1, 2, -1], np.int32)
    inputs = {"seed": np.full(4, 3, np.int32), "temperature": np.ones(4, np.float32), "label": labels}
    found = LiteModel(tmp_path / "tflite" / "model.tflite").run("sample", inputs)["images"]
    of_classes = np.concatenate([conditional_model.sample(1, seed=3, label=k).numpy() for k in range(3)])
    np.testing.assert_allclose(found[:3], of_classes, atol=1e-5)
    np.testing.assert_allclose(found[3:], conditional_model.sample(1, seed=3), atol=1e-5)


@pytest.mark.slow
def test_onnx_files_have_labels(conditional_model, examples, tmp_path):
    pytest.importorskip("tf2onnx")
    lines = []
    entry = pipeline.make_onnx(conditional_model, tmp_path / "onnx", examples, 2, lines.append)["onnx"]
    assert set(entry["signatures"]) == set(signatures(conditional_model))
    assert not lines
    assert onnx.OnnxModel(tmp_path / "onnx").names == sorted(signatures(conditional_model))


def test_the_card_lists_the_classes_and_their_frequencies(conditional_model):
    assert "| 1 | dog | 30.0% |" in card.labels(conditional_model)
    assert "label int32 [n]" in card.signature_table(conditional_model)


def test_the_card_of_a_model_without_classes_says_nothing_of_labels(tiny_models):
    assert card.labels(tiny_models("vae-mlp")) == ""
    assert "label" not in card.signature_table(tiny_models("vae-mlp"))
