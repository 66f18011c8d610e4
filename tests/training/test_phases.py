"""A run goes on with other options as a new phase, and a phase ends in the same bits when it is interrupted."""

import json

import numpy as np
import pytest

from tfgen.cli.train import main
from tfgen.config import RunConfig
from tfgen.config.phase import Phase
from tfgen.config.presets import run_config
from tfgen.errors import ConfigError, RunError
from tfgen.runs.run import Run
from tfgen.training.loop import Loop
from tfgen.training.phases import next_phase, progress_of
from tfgen.training.prepare import phase_start

LINE = "--model vae --hidden 8 --latent-dim 2 --train-size 128 --epochs 2 --xla off --no-evaluate-test"
OPTIONS = ["--epochs", "4", "--learning-rate", "0.0005", "--batch-size", "32"]


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A finished run with a cosine schedule."""
    run = tmp_path_factory.mktemp("first") / "run"
    main([*LINE.split(), "--run", str(run)])
    return Run.open(run)


def copy_of(run: Run, folder) -> Run:
    import shutil

    return Run.open(shutil.copytree(run.path, folder / "run"))


def rows(run: Run) -> list[dict]:
    clock = ("seconds", "images_per_second")
    return [{k: v for k, v in row.items() if k not in clock} for row in run.metrics()]


@pytest.mark.slow
def test_a_finished_cosine_run_goes_on_as_a_recorded_phase(first, tmp_path):
    run = copy_of(first, tmp_path)
    main(["--resume", str(run.path), *OPTIONS])
    after = Run.open(run.path)
    (phase,) = after.config.earlier
    assert (phase.epochs, phase.steps) == (2, 4)
    assert phase.train == first.config.train
    assert (after.config.train.learning_rate, after.config.train.batch_size) == (0.0005, 32)
    # 128 examples are two steps of 64 and four steps of 32.
    assert [row["step"] for row in after.metrics()] == [2, 4, 8, 12]
    assert rows(after)[:2] == rows(first)
    # The cosine of the new phase begins anew and ends at its last epoch.
    assert [row["learning_rate"] for row in after.metrics()][1:] == pytest.approx([0.0, 0.00025, 0.0], abs=1e-9)
    assert after.state == "finished"
    # The same command again asks for nothing new.
    with pytest.raises(SystemExit):
        main(["--resume", str(run.path), *OPTIONS])
    main(["--resume", str(run.path)])
    assert Run.open(run.path).config == after.config


@pytest.mark.slow
def test_a_phase_that_was_killed_ends_in_the_same_bits(first, tmp_path, monkeypatch):
    whole, broken = (copy_of(first, tmp_path / name) for name in ("whole", "broken"))
    main(["--resume", str(whole.path), *OPTIONS])

    class Killed(Exception):
        pass

    def kill(loop, steps):
        if loop.step >= 8:
            loop.save()
            raise Killed
        return original(loop, min(steps, 2))

    original = Loop._run_chunk
    with monkeypatch.context() as patch:
        patch.setattr(Loop, "_run_chunk", kill)
        with pytest.raises(Killed):
            main(["--resume", str(broken.path), *OPTIONS])
    assert progress_of(broken) == (3, 8)
    main(["--resume", str(broken.path), *OPTIONS])
    assert Run.open(broken.path).config == Run.open(whole.path).config
    assert rows(broken) == rows(whole)
    np.testing.assert_array_equal(broken.load_model().sample(4), whole.load_model().sample(4))


def test_a_longer_run_of_a_constant_schedule_is_no_new_phase(first, tmp_path):
    run = Run.create_at(tmp_path / "run", first.config.with_options({"schedule": "constant"}))
    assert next_phase(run, {"epochs": 5}) == run.config.with_options({"epochs": 5})
    assert next_phase(run, {"epochs": 2}) == run.config
    assert next_phase(run, {}) == run.config


def test_a_phase_needs_more_epochs_than_are_done(first):
    for options, received in (({"epochs": 2}, "--epochs 2"), ({"batch_size": 16}, "no --epochs")):
        with pytest.raises(RunError, match=rf"--epochs: expected more than 2, .*Received: {received}"):
            next_phase(first, options)
    with pytest.raises(ConfigError, match="learning_rate: expected more than 0"):
        next_phase(first, {"epochs": 3, "learning_rate": -1.0})
    assert next_phase(first, {"epochs": 3}).earlier[0].steps == 4


def test_phases_are_read_back_as_they_were_written():
    config = run_config("flow", data="moons")
    config = config.replace(earlier=(Phase(config.train, 3, 30), Phase(config.train.replace(epochs=9), 9, 95)))
    assert RunConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
    assert phase_start(config) == (9, 95)
    assert "earlier_phases" not in run_config("flow").to_dict()
    assert config.with_options({"epochs": 12}).earlier == config.earlier


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({}, "earlier_phases: expected a list"),
        ([3], "earlier_phases: expected entries with epochs, steps and train. Received: 3"),
        ([{"epochs": -1, "steps": 0, "train": {}}], "epochs: expected an integer from 0. Received: -1"),
        ([{"epochs": 1, "steps": 0, "train": {"epochs": 0}}], "epochs: expected at least 1. Received: 0"),
    ],
)
def test_a_wrong_phase_is_named(entries, message):
    with pytest.raises(ConfigError, match=message):
        RunConfig.from_dict(run_config("vae").to_dict() | {"earlier_phases": entries})
