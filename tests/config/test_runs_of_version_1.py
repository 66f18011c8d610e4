"""Runs that version 0.1 made load, give the same samples and likelihoods, and can be trained further.

The folders in tests/fixtures/runs-0.1 are runs of tiny models on few examples. `expected.npz` of each holds `sample(4,
seed=0)`, four test examples and, for a model that has a likelihood, their `log_prob`, computed by version 0.1.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import tfgen
from tests.conftest import slow_except
from tfgen.cli.train import main as train_main
from tfgen.config import RunConfig

FOLDER = Path(__file__).parents[1] / "fixtures" / "runs-0.1"
RUNS = sorted(path.name for path in FOLDER.iterdir())


def test_the_runs_cover_the_families_and_the_options_that_were_renamed():
    assert RUNS == ["flow-points", "flow-sweeps", "flow-wavefront", "gan", "vae"]
    stored = {name: json.loads((FOLDER / name / "config.json").read_text()) for name in RUNS}
    assert all(entries["version"] == 1 for entries in stored.values())
    assert stored["flow-wavefront"]["architecture"]["wavefront"] is True
    assert stored["flow-wavefront"]["architecture"]["dequantization"] == "variational"
    assert stored["flow-sweeps"]["architecture"]["at_once"] == [3, 4]
    assert stored["flow-points"]["architecture"]["point_couplings"] == 3


@pytest.mark.parametrize("name", RUNS)
def test_a_run_is_read_and_written_in_the_present_version(name):
    config = tfgen.Run.open(FOLDER / name).config
    written = json.loads(json.dumps(config.to_dict()))
    assert written["version"] == 2
    assert RunConfig.from_dict(written) == config


@pytest.mark.parametrize("name", slow_except(RUNS, "flow-points", "flow-sweeps", "gan", "vae"))
def test_a_model_gives_the_samples_and_likelihoods_of_its_version(name):
    model = tfgen.load(FOLDER / name)
    with np.load(FOLDER / name / "expected.npz") as expected:
        np.testing.assert_allclose(model.sample(4, seed=0), expected["sample"], rtol=0, atol=1e-5)
        if model.can("log_prob"):
            np.testing.assert_allclose(model.log_prob(expected["test"]), expected["log_prob"], rtol=0, atol=1e-4)
        else:
            assert name == "gan"


@pytest.mark.slow
@pytest.mark.parametrize("name", slow_except(RUNS, "vae"))
def test_a_run_can_be_trained_further(name, tmp_path):
    folder = shutil.copytree(FOLDER / name, tmp_path / name)
    entries = json.loads((folder / "config.json").read_text())
    # Saves time; other tests measure models.
    entries["train"]["evaluate_test"] = False
    (folder / "config.json").write_text(json.dumps(entries))
    run = tfgen.Run.open(folder)
    # The fixture leaves out the pictures and their folder.
    (run.path / "samples").mkdir()
    before = run.metrics()
    train_main(["--resume", str(run.path), "--epochs", "3"])
    after = tfgen.Run.open(run.path)
    assert after.config == run.config.with_options({"epochs": 3})
    assert [row["epoch"] for row in after.metrics()] == [1, 2, 3]
    assert after.metrics()[:2] == before
