"""The families side by side: one model of each, with the pictures that were recorded with it."""

import json
import shutil

import numpy as np
from PIL import Image

from tfgen import pretrained
from tfgen.app.catalogue import Catalogue
from tfgen.app.context import Context
from tfgen.app.handlers.families import SENTENCES, examples, recorded_samples
from tfgen.app.model_cache import ModelCache


def context_of(root) -> Context:
    catalogue = Catalogue(root)
    return Context(catalogue, ModelCache(catalogue), trainer=None)  # type: ignore[arg-type]


def test_each_family_has_a_model_of_the_same_data_and_a_sentence(tmp_path):
    found = examples(context_of(tmp_path))
    assert [each.family for each in found] == list(SENTENCES)
    assert [each.model for each in found] == [f"mnist-conditional-{family}" for family in SENTENCES]
    assert all(each.sentence.endswith(".") for each in found)


def test_the_model_whose_samples_are_nearest_to_real_pictures_stands_for_its_family(tmp_path):
    shutil.copytree(pretrained.FOLDER / "mnist-gan", tmp_path / "own")
    file = tmp_path / "own" / "evaluation.json"
    contents = json.loads(file.read_text())
    for distance, expected in ((0.01, "own"), (9.0, "mnist-conditional-gan")):
        for entry in contents["quality"]:
            entry["frechet_classifier_distance"] = distance
        file.write_text(json.dumps(contents))
        assert {each.family: each.model for each in examples(context_of(tmp_path))}["gan"] == expected


def test_the_pictures_are_those_recorded_with_the_model(tmp_path, monkeypatch):
    from tfgen.runs.run import Run

    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))
    path = recorded_samples(context_of(tmp_path), "mnist-vae")
    with Image.open(path) as shown, Image.open(Run.open("mnist-vae").path / "samples.png") as recorded:
        np.testing.assert_array_equal(np.asarray(shown.convert("L")), np.asarray(recorded.convert("L")))
    assert recorded_samples(context_of(tmp_path), "removed") is None
