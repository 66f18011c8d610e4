"""evaluation.json is added to entry by entry, and what is in it is read as far as it makes sense."""

import json
import os

import pytest

from tfgen.runs.evaluations import current, record, recorded
from tfgen.config.presets import run_config
from tfgen.runs.run import Run


@pytest.fixture
def run(tmp_path):
    return Run.create(tmp_path, run_config("gan"))


def test_an_entry_replaces_the_one_of_the_same_measurement(run):
    for value, split in ((1, "test"), (2, "train"), (3, "test")):
        assert record(run, "quality", {"split": split, "value": value}, ("split",))
    record(run, "cost", {"value": 1}, ())
    record(run, "cost", {"value": 2}, ())
    content = json.loads((run.path / "evaluation.json").read_text())
    assert content["run"] == run.path.name
    assert content["model"] == "gan"
    assert content["likelihood"] == []
    assert [entry["value"] for entry in content["quality"]] == [2, 3]
    assert content["cost"] == [{"value": 2}]


@pytest.mark.parametrize("content", ["", "{", "3", "[]", '{"likelihood": 3}', '{"likelihood": [1, null]}'])
def test_what_is_no_list_of_entries_counts_as_nothing(run, content):
    (run.path / "evaluation.json").write_text(content)
    assert not any(recorded(run).values())


def test_what_was_measured_before_more_training_is_not_current(run):
    assert run.epoch is None
    entries = [{"epoch": 3}, {"epoch": 5}, {"old": True}]
    (run.path / "evaluation.json").write_text(json.dumps({"quality": entries}))
    assert current(run)["quality"] == entries
    run.add_metrics({"epoch": 5})
    assert run.epoch == 5
    assert current(run)["quality"] == entries[1:]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_left_alone(run):
    run.path.chmod(0o500)
    try:
        assert not record(run, "cost", {}, ())
    finally:
        run.path.chmod(0o700)
