"""A trial is trained and measured once, whatever interrupts it."""

import json
import shutil

import keras
import numpy as np
import pytest

import tfgen
from tests.conftest import slow_except
from tfgen import data
from tfgen.errors import Interrupted, RunError
from tfgen.metrics.modes import mixture_modes
from tfgen.mode_benchmark import run_trial as module
from tfgen.mode_benchmark.results import read_result
from tfgen.mode_benchmark.run_trial import measure_test_set, run_trial
from tfgen.mode_benchmark.trial import Trial


@pytest.fixture
def ring(tiny_dataset):
    return data.load("ring8", train_size=128, validation_size=0)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A folder for a trial that several tests copy, and a list for its result."""
    return tmp_path_factory.mktemp("kept") / "trial", []


@pytest.fixture
def finished(ring, kept, tmp_path):
    """A folder of a finished trial, and the result of its training. The first test that needs it trains it."""
    folder, results = kept
    if not results:
        results.append(run_trial(Trial("ring8", "gan", 0, 8), folder, ring))
    return shutil.copytree(folder, tmp_path / "trial"), results[0]


@pytest.mark.parametrize("method", slow_except(["packing", "mad_gan", "averaged"], "averaged"))
def test_a_trial_leaves_a_run_with_metrics_model_and_modes(method, ring, tmp_path):
    steps = []
    result = run_trial(Trial("ring8", method, 1, 8), tmp_path, ring, steps.append)
    assert steps[-1] == 8
    assert result.to_dict() == json.loads((tmp_path / "trial.json").read_text())
    assert result.diverged is None
    rows = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [4, 8]
    assert all("modes" in row and "high_quality" in row for row in rows)
    # The recorded numbers are those of samples of the saved model.
    model = tfgen.load(tmp_path)
    samples = model.sample(200, seed=module.FIRST_SEED).numpy()
    again = mixture_modes(samples, ring.modes.centres, ring.modes.std)
    assert (result.modes, result.high_quality) == (again["modes"], again["high_quality"])
    assert result.samples == 200
    assert result.weights == sum(np.prod(variable.shape) for variable in model.trainable_variables)
    with np.load(tmp_path / "samples.npz") as kept:
        np.testing.assert_array_equal(kept["samples"], samples)


def test_a_finished_trial_is_not_repeated_even_if_an_earlier_version_finished_it(ring, finished, monkeypatch):
    folder, first = finished
    monkeypatch.setattr(module, "make_batches_and_model", None)
    assert run_trial(Trial("ring8", "gan", 0, 8), folder, ring) == first
    old_names = {"dataset": "bed", "method": "entrant", "steps": "budget"}
    old = {old_names.get(name, name): value for name, value in first.to_dict().items()}
    (folder / "trial.json").write_text(json.dumps(old))
    assert run_trial(Trial("ring8", "gan", 0, 8), folder, ring) == first


@pytest.mark.slow
def test_an_interrupted_trial_ends_as_one_that_was_not(ring, tmp_path, monkeypatch):
    monkeypatch.setattr("tfgen.training.loop.CHUNK_SECONDS", 0.0)
    whole = run_trial(Trial("ring8", "r1", 0, 8), tmp_path / "a", ring)

    class Stop(keras.callbacks.Callback):
        def __init__(self, report):
            super().__init__()

        def on_train_batch_end(self, batch, logs=None):
            if batch == 6:
                import os
                import signal

                os.kill(os.getpid(), signal.SIGINT)

    with monkeypatch.context() as patched:
        patched.setattr(module, "_StepReport", Stop)
        with pytest.raises(Interrupted, match="The same command resumes from the last checkpoint"):
            run_trial(Trial("ring8", "r1", 0, 8), tmp_path / "b", ring)
    assert read_result(tmp_path / "b") is None
    resumed = run_trial(Trial("ring8", "r1", 0, 8), tmp_path / "b", ring)
    assert {**resumed.to_dict(), "seconds": 0} == {**whole.to_dict(), "seconds": 0}
    for one, other in zip(tfgen.load(tmp_path / "a").weights, tfgen.load(tmp_path / "b").weights, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


def test_a_folder_of_another_trial_is_refused_and_kept(ring, finished):
    folder, _ = finished
    before = (folder / "trial.json").read_bytes()
    for other in (Trial("ring8", "gan", 0, 12), Trial("ring8", "r1", 0, 8)):
        with pytest.raises(RunError, match="Expected a trial with these options in"):
            run_trial(other, folder, ring)
    assert (folder / "trial.json").read_bytes() == before


@pytest.mark.slow
def test_a_trial_that_diverges_is_counted_as_such(ring, tmp_path, monkeypatch, tiny_dataset):
    monkeypatch.setitem(tiny_dataset.options, "learning_rate", 1e30)
    result = run_trial(Trial("ring8", "gan", 0, 8), tmp_path, ring)
    assert "Expected finite losses" in result.diverged
    assert (result.modes, result.mode_kl, result.samples) == (0, None, 0)


def test_the_test_set_is_measured_as_samples_are(ring, tmp_path):
    result = measure_test_set("ring8", tmp_path / "data", ring)
    assert result.modes == 8
    assert result.high_quality > 0.95
    assert result == measure_test_set("ring8", tmp_path / "data", None)


def test_a_damaged_result_is_a_sentence(ring, tmp_path):
    for content in ("{", "[]", '{"modes": 8}'):
        (tmp_path / "trial.json").write_text(content)
        with pytest.raises(RunError, match="Expected the measurements of a trial in"):
            run_trial(Trial("ring8", "gan", 0, 8), tmp_path, ring)
