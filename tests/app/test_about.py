"""The description of a run, and that no damaged file prevents it."""

import json

import pytest

from tfgen import pretrained
from tfgen.app.about import about, unusable
from tfgen.app.catalogue import Catalogue
from tfgen.config.presets import run_config
from tfgen.runs.run import Run


@pytest.fixture
def mine(tmp_path) -> Run:
    return Run.create_at(tmp_path / "mine", run_config("vae", epochs=8))


def of(run: Run) -> str:
    return about(Catalogue(run.path.parent), run.path.name)


def measured(run: Run, **entry) -> None:
    whole = {"split": "test", "samples": 1, "estimator": "ELBO", "levels": 17, "bits_per_dim": 1.23456, **entry}
    (run.path / "evaluation.json").write_text(json.dumps({"likelihood": [whole]}))


def test_the_description_has_family_data_epochs_and_likelihood(mine):
    assert of(mine) == "A **variational autoencoder** trained on digits for 0 of 8 epochs so far."
    mine.add_metrics({"epoch": 3})
    assert "3 of 8 epochs so far" in of(mine)
    for epoch in range(4, 9):
        mine.add_metrics({"epoch": epoch})
    measured(mine, epoch=8)
    assert of(mine) == (
        "A **variational autoencoder** trained on digits for 8 epochs. On unseen pictures: **1.235 bits/dim** (lower "
        "is better).\n\n<details><summary>What is this number?</summary>Bits per dimension: how many bits per pixel "
        "value a perfect compressor would need with this model; lower is better. Measured with 17 levels; "
        "ELBO.</details>"
    )


def test_the_likelihood_of_points_is_in_nats(tmp_path):
    run = Run.create_at(tmp_path / "mine", run_config("flow", "tutorial"))
    (run.path / "evaluation.json").write_text(
        json.dumps({"likelihood": [{"split": "test", "samples": 1, "estimator": "exact", "log_prob_nats": -1.5}]})
    )
    assert "On unseen points: **1.500 nats** (lower is better)" in of(run)
    assert "Measured with: exact." in of(run)


def test_only_the_test_likelihood_of_the_last_epoch_is_shown(mine):
    measured(mine, split="validation")
    assert "bits/dim" not in of(mine)
    for epoch in (1, 2):
        mine.add_metrics({"epoch": epoch})
    measured(mine, epoch=1)
    assert "bits/dim" not in of(mine)


@pytest.mark.parametrize("name", pretrained.names())
def test_pretrained_models_are_described(tmp_path, name):
    assert of(Run(tmp_path / name, None)).startswith("A **")


def test_data_are_called_by_their_file_and_not_by_its_folder(tmp_path):
    run = Run.create_at(tmp_path / "mine", run_config("vae", data="/home/me/cats.zip"))
    assert "trained on cats.zip for" in of(run)
    assert "trained on emoji.zip for" in about(Catalogue(tmp_path), "emoji-vae")


def test_without_any_model_the_text_says_how_to_train_one(tmp_path):
    assert "tfgen train" in about(Catalogue(tmp_path), None)


@pytest.mark.parametrize("file", ["evaluation.json", "metrics.jsonl"])
@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe\x00", b"5", b"[]", b"null", b'{"likelihood": 5}', b'{"likelihood": [5, {"split": "test"}]}',
     b'{"likelihood": [{"split": "test", "bits_per_dim": "x", "levels": 1, "estimator": 1}]}',
     b'{"likelihood": [{"split": "test", "log_prob_nats": null, "estimator": 1}]}', b'{"epoch": "x"}'],
)  # fmt: skip
def test_no_damaged_file_of_a_run_prevents_its_description(mine, file, content):
    (mine.path / file).write_bytes(content)
    assert of(mine).startswith("A **variational autoencoder** trained on digits for 0 of 8 epochs so far")


def test_a_message_about_an_unreadable_run_contains_no_html(tmp_path):
    run = Run.create_at(tmp_path / "mine", run_config("vae"))
    (run.path / "metrics.jsonl").mkdir()
    assert "metrics.jsonl" in of(run)
    assert "<" not in about(Catalogue(tmp_path), "<img src=x onerror=alert(1)>")


def test_runs_that_cannot_be_used_are_listed_with_escaped_reasons(tmp_path):
    assert unusable(Catalogue(tmp_path)) == ""
    Run.create_at(tmp_path / "young", run_config("vae"))
    (tmp_path / "<b>empty").mkdir()
    listed = unusable(Catalogue(tmp_path))
    assert "<summary>2 runs cannot be used</summary>" in listed
    assert "- **young**: the run has not finished an epoch" in listed
    assert "- **&lt;b&gt;empty**: " in listed
