"""A `.keras` file of a model in place of a run."""

import json
import zipfile

import keras
import numpy as np
import pytest

import tfgen
from tfgen.cli import compare, encode, evaluate, export, sample, train
from tfgen.errors import RunError
from tfgen.export.card import sections
from tfgen.runs import Run


@pytest.fixture(scope="module")
def models():
    return {
        "vae": tfgen.VAE((8, 8, 1), 17, hidden=(8,), classes=("a", "b")),
        "flow": tfgen.Flow((2,), None, couplings=2, hidden=(4,)),
    }


@pytest.fixture(scope="module")
def files(models, tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    for name, model in models.items():
        model.save(folder / f"{name}.keras")
    return {name: folder / f"{name}.keras" for name in models}


@pytest.mark.parametrize("name", ["vae", "flow"])
def test_the_file_of_a_model_is_accepted_as_a_run(name, models, files, tmp_path):
    run = Run.open(files[name])
    assert run.config.architecture == models[name].config
    assert run.config.data.conditional == models[name].is_conditional
    np.testing.assert_array_equal(tfgen.load(files[name]).sample(3, seed=2), models[name].sample(3, seed=2))
    sample.main([str(files[name]), "--n", "3", "--out", str(tmp_path / "x.npz")])
    assert (tmp_path / "x.npz").is_file()


def test_latents_are_written_and_the_card_claims_nothing_about_the_training(models, files, tmp_path):
    encode.main([str(files["vae"]), "digits", "--label", "a", "--out", str(tmp_path / "latents.npz")])
    assert np.load(tmp_path / "latents.npz")["latents"].shape == (300, 20)
    text = "\n".join(sections(Run.open(files["vae"]), models["vae"], {}))
    assert "not known: the model was read from the file vae.keras" in text
    assert "epochs" not in text
    assert export.parse([str(files["vae"]), "--to", "tflite"]).out.name == "vae-export"


@pytest.mark.parametrize(
    ("command", "options"),
    [(evaluate, []), (compare, []), (train, ["--resume"])],
    ids=["evaluate", "compare", "train"],
)
def test_what_needs_the_data_or_the_training_is_refused(command, options, files, tmp_path, capsys):
    out = ["--out", str(tmp_path / "c")] if command is compare else []
    with pytest.raises(SystemExit) as stop:
        command.main([*options, str(files["vae"]), *out])
    assert stop.value.code == 2
    message = capsys.readouterr().err
    assert "Expected the folder of a run" in message and "the file of a model" in message


def archive(path, entries) -> None:
    with zipfile.ZipFile(path, "w") as file:
        for name, content in entries.items():
            file.writestr(name, content)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        "[]",
        "[" * 100_000,
        '{"class_name": "VAE"}',
        '{"class_name": "VAE", "config": {}}',
        '{"class_name": "VAE", "config": {"event_shape": 3}}',
        '{"class_name": ["VAE"], "config": {"event_shape": [8, 8, 1]}}',
        '{"class_name": "VAE", "config": {"event_shape": [8, 8, 1], "latent_dim": "many"}}',
    ],
)
def test_a_damaged_file_is_one_sentence(content, tmp_path):
    archive(tmp_path / "x.keras", {"config.json": content})
    with pytest.raises(RunError, match=r"Expected a model saved by tfgen in .*x\.keras\. Received: "):
        Run.open(tmp_path / "x.keras")


def test_a_file_without_an_archive_or_with_another_model_is_one_sentence(files, tmp_path):
    (tmp_path / "text.keras").write_text("no archive")
    keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]).save(tmp_path / "other.keras")
    archive(tmp_path / "empty.keras", {})
    for name, reason in (("text", "a damaged file"), ("other", "class 'Sequential'"), ("empty", "a damaged file")):
        with pytest.raises(RunError, match=reason):
            tfgen.load(tmp_path / f"{name}.keras")
    # The configuration is a VAE's, and the weights are missing.
    with zipfile.ZipFile(files["vae"]) as file:
        archive(tmp_path / "hollow.keras", {"config.json": json.dumps(json.loads(file.read("config.json")))})
    with pytest.raises(RunError, match=r"Expected a model saved by tfgen in .*hollow.keras"):
        tfgen.load(tmp_path / "hollow.keras")


def test_a_name_near_a_pretrained_model_gets_a_hint():
    with pytest.raises(RunError, match=r"which does not exist\. Did you mean 'mnist-gan'\?"):
        Run.open("mnist-gna")
