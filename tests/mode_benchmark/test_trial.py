"""A trial is carried out once, whatever happens in between."""

import json

import keras
import numpy as np
import pytest

import tfgen
from tfgen import data
from tfgen.errors import Interrupted, RunError
from tfgen.evaluation.modes import point_modes
from tfgen.mode_benchmark import datasets as beds
from tfgen.mode_benchmark import trial
from tfgen.mode_benchmark.datasets import Trial
from tfgen.mode_benchmark.trial import carry_out, judge_data, result_of


@pytest.fixture
def ring(tiny_bed):
    return data.load("ring8", train_size=128, validation_size=0)


@pytest.mark.parametrize("entrant", ["packing", "mad_gan", "averaged"])
def test_it_leaves_a_run_with_its_course_its_model_and_its_modes(entrant, ring, tmp_path):
    steps = []
    found = carry_out(Trial("ring8", entrant, 1, 8), tmp_path, ring, steps.append)
    assert steps[-1] == 8
    assert found == json.loads((tmp_path / "trial.json").read_text())
    assert found["diverged"] is None
    rows = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [4, 8]
    assert all("modes" in row and "high_quality" in row for row in rows)
    # What is recorded is what the saved model draws.
    model = tfgen.load(tmp_path)
    samples = model.sample(200, seed=trial.FIRST_SEED).numpy()
    again = point_modes(samples, ring.modes)
    assert (found["modes"], found["high_quality"]) == (again["modes"], again["high_quality"])
    assert found["samples"] == 200
    assert found["weights"] == sum(np.prod(variable.shape) for variable in model.trainable_variables)
    with np.load(tmp_path / "samples.npz") as kept:
        np.testing.assert_array_equal(kept["samples"], samples)


def test_a_finished_trial_is_not_repeated(ring, tmp_path, monkeypatch):
    first = carry_out(Trial("ring8", "gan", 0, 8), tmp_path, ring)
    monkeypatch.setattr(trial, "prepared", None)
    assert carry_out(Trial("ring8", "gan", 0, 8), tmp_path, ring) == first


def test_a_stopped_trial_ends_as_one_that_was_not(ring, tmp_path, monkeypatch):
    monkeypatch.setattr("tfgen.training.loop.CHUNK_SECONDS", 0.0)
    whole = carry_out(Trial("ring8", "r1", 0, 8), tmp_path / "a", ring)

    class Stop(keras.callbacks.Callback):
        def __init__(self, report):
            super().__init__()

        def on_train_batch_end(self, batch, logs=None):
            if batch == 6:
                import os
                import signal

                os.kill(os.getpid(), signal.SIGINT)

    with monkeypatch.context() as patched:
        patched.setattr(trial, "_Steps", Stop)
        with pytest.raises(Interrupted, match="The same command goes on from there"):
            carry_out(Trial("ring8", "r1", 0, 8), tmp_path / "b", ring)
    assert result_of(tmp_path / "b") is None
    resumed = carry_out(Trial("ring8", "r1", 0, 8), tmp_path / "b", ring)
    assert {**resumed, "seconds": 0} == {**whole, "seconds": 0}
    for one, other in zip(tfgen.load(tmp_path / "a").weights, tfgen.load(tmp_path / "b").weights, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


def test_a_folder_of_another_trial_is_refused_and_kept(ring, tmp_path):
    carry_out(Trial("ring8", "gan", 0, 8), tmp_path, ring)
    before = (tmp_path / "trial.json").read_bytes()
    for other in (Trial("ring8", "gan", 0, 12), Trial("ring8", "r1", 0, 8)):
        with pytest.raises(RunError, match="Expected a trial of these options in"):
            carry_out(other, tmp_path, ring)
    assert (tmp_path / "trial.json").read_bytes() == before


def test_a_trial_that_diverges_is_counted_as_such(ring, tmp_path, monkeypatch, tiny_bed):
    monkeypatch.setitem(tiny_bed.options, "learning_rate", 1e30)
    found = carry_out(Trial("ring8", "gan", 0, 8), tmp_path, ring)
    assert "Expected finite losses" in found["diverged"]
    assert (found["modes"], found["mode_kl"], found["samples"]) == (0, None, 0)


def test_the_data_is_judged_as_a_model_is(ring, tmp_path):
    found = judge_data("ring8", tmp_path / "data", ring)
    assert found["modes"] == 8
    assert found["high_quality"] > 0.95
    assert found == judge_data("ring8", tmp_path / "data", None)
    assert beds.DATA not in beds.ENTRANTS


def test_a_damaged_result_is_a_sentence(ring, tmp_path):
    (tmp_path / "trial.json").write_text("{")
    with pytest.raises(RunError, match="Expected what a trial found in"):
        carry_out(Trial("ring8", "gan", 0, 8), tmp_path, ring)
