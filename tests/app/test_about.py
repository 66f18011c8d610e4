"""What is said of a run, and that no file of it can keep the list from being shown."""

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


def test_it_tells_family_data_progress_and_likelihood(mine):
    assert of(mine) == "A **variational autoencoder** of digits; 0 of 8 epochs so far."
    mine.add_metrics({"epoch": 3})
    assert "3 of 8 epochs so far" in of(mine)
    for epoch in range(4, 9):
        mine.add_metrics({"epoch": epoch})
    measured(mine, epoch=8)
    assert of(mine) == ("A **variational autoencoder** of digits; 8 epochs; test set 1.235 bits/dim (17 levels; ELBO).")


def test_points_have_nats(tmp_path):
    run = Run.create_at(tmp_path / "mine", run_config("flow", "practical"))
    (run.path / "evaluation.json").write_text(
        json.dumps({"likelihood": [{"split": "test", "samples": 1, "estimator": "exact", "log_prob_nats": -1.5}]})
    )
    assert "test set 1.500 nats (exact)" in of(run)


def test_only_the_test_set_s_figure_of_the_run_as_it_stands_is_told(mine):
    measured(mine, split="validation")
    assert "bits/dim" not in of(mine)
    for epoch in (1, 2):
        mine.add_metrics({"epoch": epoch})
    measured(mine, epoch=1)
    assert "bits/dim" not in of(mine)


@pytest.mark.parametrize("name", pretrained.names())
def test_pretrained_models_are_told_of(tmp_path, name):
    assert of(Run(tmp_path / name, None)).startswith("A **")


def test_without_any_model_it_says_how_to_get_one(tmp_path):
    assert "python train.py" in about(Catalogue(tmp_path), None)


@pytest.mark.parametrize("file", ["evaluation.json", "metrics.jsonl"])
@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe\x00", b"5", b"[]", b"null", b'{"likelihood": 5}', b'{"likelihood": [5, {"split": "test"}]}',
     b'{"likelihood": [{"split": "test", "bits_per_dim": "x", "levels": 1, "estimator": 1}]}',
     b'{"likelihood": [{"split": "test", "log_prob_nats": null, "estimator": 1}]}', b'{"epoch": "x"}'],
)  # fmt: skip
def test_no_file_of_a_run_can_keep_it_from_being_told_of(mine, file, content):
    (mine.path / file).write_bytes(content)
    assert of(mine).startswith("A **variational autoencoder** of digits; 0 of 8 epochs so far")


def test_what_cannot_be_read_is_a_sentence_in_which_nothing_is_markup(tmp_path):
    run = Run.create_at(tmp_path / "mine", run_config("vae"))
    (run.path / "metrics.jsonl").mkdir()
    assert "metrics.jsonl" in of(run)
    assert "<" not in about(Catalogue(tmp_path), "<img src=x onerror=alert(1)>")


def test_those_that_cannot_be_used_are_listed_with_the_reason_as_text(tmp_path):
    assert unusable(Catalogue(tmp_path)) == ""
    Run.create_at(tmp_path / "young", run_config("vae"))
    (tmp_path / "<b>empty").mkdir()
    listed = unusable(Catalogue(tmp_path))
    assert "<summary>2 not usable</summary>" in listed
    assert "- **young**: it has not finished an epoch" in listed
    assert "- **&lt;b&gt;empty**: " in listed
