"""Reading and writing the entries of evaluation.json."""

import json
import os

import pytest

from tfgen import pretrained
from tfgen.config.presets import run_config
from tfgen.errors import RunError
from tfgen.runs.entries import ENTRIES, CostEntry, LikelihoodEntry
from tfgen.runs.evaluations import add_entry, entries_of_last_epoch, read_entries
from tfgen.runs.run import Run

LIKELIHOOD = {"split": "test", "estimator": "exact", "samples": 1, "examples": 10, "log_prob_nats": -1.5}


@pytest.fixture
def run(tmp_path):
    return Run.create(tmp_path, run_config("gan"))


def likelihood(**fields):
    return LikelihoodEntry.from_json({**LIKELIHOOD, **fields})


def write(run, **lists):
    (run.path / "evaluation.json").write_text(json.dumps(lists))


def test_an_entry_replaces_the_entry_of_the_same_measurement(run):
    for value, split in ((-1.0, "test"), (-2.0, "train"), (-3.0, "test")):
        assert add_entry(run, likelihood(split=split, log_prob_nats=value))
    add_entry(run, CostEntry(weights=1))
    add_entry(run, CostEntry(weights=2))
    content = json.loads((run.path / "evaluation.json").read_text())
    assert content["run"] == run.path.name
    assert content["model"] == "gan"
    assert [entry["log_prob_nats"] for entry in content["likelihood"]] == [-2.0, -3.0]
    assert content["cost"] == [{"weights": 2}]


def test_the_list_of_likelihoods_is_written_even_if_it_is_empty(run):
    add_entry(run, CostEntry(weights=1))
    assert json.loads((run.path / "evaluation.json").read_text())["likelihood"] == []


@pytest.mark.parametrize(
    "content", ["", "{", "3", "[]", "[" * 10_000, "\0", '{"likelihood": 3}', '{"likelihood": [1, null]}']
)
def test_a_damaged_file_is_a_sentence_and_is_not_overwritten(run, content):
    (run.path / "evaluation.json").write_text(content)
    for use in (read_entries, entries_of_last_epoch, lambda run: add_entry(run, likelihood())):
        with pytest.raises(RunError, match=r"Expected .*evaluation\.json\. Received"):
            use(run)
    assert (run.path / "evaluation.json").read_text() == content
    assert not any(read_entries(run, skip_damaged=True).values())


def test_two_seeds_of_the_estimator_are_two_measurements(run):
    for seed, value in ((0, -1.0), (1, -2.0), (1, -3.0)):
        add_entry(run, likelihood(seed=seed, log_prob_nats=value))
    assert [(entry.seed, entry.log_prob_nats) for entry in read_entries(run)["likelihood"]] == [(0, -1.0), (1, -3.0)]
    # A seed that an earlier version did not record was 0.
    write(run, likelihood=[LIKELIHOOD])
    add_entry(run, likelihood(seed=0, log_prob_nats=-4.0))
    assert [entry.log_prob_nats for entry in read_entries(run)["likelihood"]] == [-4.0]


@pytest.mark.parametrize("kind", ENTRIES)
def test_the_key_of_an_entry_holds_its_seed(kind):
    """Kinds with a single entry (memorization, cost) have no key."""
    identity = ENTRIES[kind].identity
    assert not identity or "seed" not in ENTRIES[kind].model_fields or "seed" in identity


@pytest.mark.parametrize("name", pretrained.names())
def test_the_entries_of_the_pretrained_models_are_read_completely(name):
    run = Run.open(name)
    content = json.loads((run.path / "evaluation.json").read_text())
    for entry in content.get("quality", []):
        entry["real_reference"] = entry.pop("floor", None) or entry["real_reference"]
    found = read_entries(run)
    assert {kind: [entry.to_json() for entry in entries] for kind, entries in found.items()} == {
        kind: content[kind] for kind in ENTRIES if kind in content
    }
    assert any(found.values())


def test_fields_of_a_later_version_are_kept(run):
    write(run, likelihood=[{**LIKELIHOOD, "later": [1]}], unknown=[{"a": 1}])
    add_entry(run, CostEntry(weights=1))
    content = json.loads((run.path / "evaluation.json").read_text())
    assert content["likelihood"] == [{**LIKELIHOOD, "later": [1]}]
    assert content["unknown"] == [{"a": 1}]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"split": "test", "samples": 1, "log_prob_nats": 1.0}, r"Received for estimator: nothing \(field required\)"),
        ({**LIKELIHOOD, "samples": "five"}, r"Received for samples: 'five' \(input should be a valid integer"),
        ({"split": "test", "samples": 1, "estimator": "exact"}, "log_prob_nats or bits_per_dim is missing"),
    ],
)
def test_a_damaged_entry_is_a_sentence_or_left_out(run, entry, message):
    write(run, likelihood=[entry, LIKELIHOOD])
    with pytest.raises(RunError, match=rf"likelihood entries .*{run.path.name}/evaluation\.json\. .*{message}"):
        read_entries(run)
    assert [entry.to_json() for entry in read_entries(run, skip_damaged=True)["likelihood"]] == [LIKELIHOOD]


def test_nested_fields_are_checked_too(run):
    pixels = {"distance": 1.0, "test_distance": 1.0, "ratio": "near", "test_ratio": 1.0, "near": 0.0}
    write(run, memorization=[{"samples": 1, "seed": 0, "pixels": pixels}])
    with pytest.raises(RunError, match=r"Received for pixels\.ratio: 'near'"):
        read_entries(run)


def test_entries_of_an_earlier_epoch_are_left_out(run):
    assert run.epoch is None
    write(run, likelihood=[{**LIKELIHOOD, "epoch": 3}, {**LIKELIHOOD, "epoch": 5}, LIKELIHOOD])
    assert [entry.epoch for entry in entries_of_last_epoch(run)["likelihood"]] == [3, 5, None]
    run.add_metrics({"epoch": 5})
    assert run.epoch == 5
    assert [entry.epoch for entry in entries_of_last_epoch(run)["likelihood"]] == [5, None]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_nothing_is_written_to_a_read_only_folder(run):
    run.path.chmod(0o500)
    try:
        assert not add_entry(run, CostEntry())
    finally:
        run.path.chmod(0o700)
