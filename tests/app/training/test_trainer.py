"""The trainer of the page: its process, what it says of how that ends, and what it leaves."""

import os
import shutil
import sys
import time
from pathlib import Path

import pytest

from tfgen.app.trainer import LOG, NICER, Trainer
from tfgen.errors import ConfigError, RunError
from tfgen.runs.run import Run

STAND_IN = Path(__file__).with_name("stand_in.py")
TINY = {"hidden": (8,), "latent_dim": 3, "batch_size": 256, "xla": "off", "evaluate_test": False}


@pytest.fixture
def training(tmp_path):
    """A function that makes a trainer of a folder with a stand-in of that kind; all are closed at the end."""
    made = []

    def trainer(how, root=tmp_path / "my runs", **settings):
        made.append(Trainer(root, program=(sys.executable, "-u", str(STAND_IN), how), **settings))
        return made[-1]

    yield trainer
    for each in made:
        each.close()


def until(trainer, condition, seconds=60.0):
    """The first state that fulfils the condition."""
    deadline = time.monotonic() + seconds
    while not condition(state := trainer.state()):
        assert time.monotonic() < deadline, state
        time.sleep(0.05)
    return state


def ended(state):
    return not state.busy


def test_a_real_run_is_trained_stopped_gone_on_with_and_usable(tmp_path):
    trainer = Trainer(tmp_path / "runs")
    try:
        assert trainer.state().phase == "idle"
        name = trainer.start("vae", epochs=3000, **TINY)
        assert name == "digits-vae-1"
        process = trainer._job.process.pid
        assert os.getpriority(os.PRIO_PROCESS, process) == min(os.getpriority(os.PRIO_PROCESS, 0) + NICER, 19)
        assert os.getpgid(process) == process
        running = until(trainer, lambda state: state.seconds_left is not None or ended(state))
        assert running.phase == "training", running
        assert 0 < running.share < 1
        trainer.stop()
        assert trainer.state().phase == "stopping"
        stopped = until(trainer, ended)
        assert (stopped.phase, stopped.sentence) == ("stopped", "Nothing is lost.")
        assert stopped.epoch >= running.epoch
        assert trainer.unfinished() == [name]
        assert trainer.catalogue.usable()[-1] == name

        config = Run.open(tmp_path / "runs" / name).config
        (tmp_path / "runs" / name / "config.json").unlink()
        Run.create_at(tmp_path / "runs" / name, config.with_options({"epochs": stopped.epoch + 2}))
        assert trainer.resume(name) == name
        assert until(trainer, ended).phase == "finished", trainer.said()
        assert trainer.state().share == 1.0
        assert [row["epoch"] for row in Run.open(tmp_path / "runs" / name).metrics()] == [*range(1, stopped.epoch + 3)]
        assert trainer.unfinished() == []
        assert "done  " in trainer.said()
    finally:
        trainer.close()


def test_what_cannot_be_configured_starts_nothing(training, tmp_path):
    trainer = training("fast")
    with pytest.raises(ConfigError, match="expected one of vae"):
        trainer.start("diffusion")
    with pytest.raises(ConfigError, match="epochs: expected at least 1"):
        trainer.start("gan", epochs=0)
    assert trainer.state().phase == "idle"
    assert os.listdir(tmp_path) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="folder that can be written"):
        training("fast", root=tmp_path / "file").start("vae")


def test_one_run_trains_at_a_time(training):
    trainer = training("slow")
    name = trainer.start("vae", epochs=1000)
    with pytest.raises(RunError, match=rf"{name} does; stop it first"):
        trainer.start("gan")
    with pytest.raises(RunError, match="stop it first"):
        trainer.resume(name)
    assert trainer.unfinished() == []
    trainer.stop()
    assert until(trainer, ended).phase == "stopped"
    assert trainer.start("gan", epochs=1) == "digits-gan-1"


def test_progress_is_that_of_the_epochs(training):
    trainer = training("slow")
    trainer.start("vae", epochs=20)
    state = until(trainer, lambda state: state.epoch >= 4)
    assert state.phase == "training"
    assert state.epoch / 20 <= state.share < (state.epoch + 1) / 20
    # 0.1 s an epoch, and what else a busy machine does.
    assert 0.1 * (18 - state.epoch) < state.seconds_left < 60
    assert until(trainer, ended).phase == "finished"
    assert trainer.state().epoch == 20


def test_a_process_that_does_not_stop_is_killed(training):
    trainer = training("stubborn", patience=0.3)
    name = trainer.start("vae", epochs=1000)
    until(trainer, lambda state: state.epoch >= 2)
    trainer.stop()
    state = until(trainer, ended)
    assert state.phase == "stopped"
    assert "will be computed again" in state.sentence
    assert trainer.unfinished() == [name]


def test_stopped_before_it_began_it_leaves_nothing(training):
    trainer = training("fast")
    trainer.start("vae")
    trainer._job.process.kill()  # whatever it has come to
    trainer._job.process.wait()
    shutil.rmtree(trainer._job.run.path / "checkpoints", ignore_errors=True)
    trainer._job.stop_by = 0.0
    state = trainer.state()
    assert (state.phase, state.sentence) == ("stopped", "It had not begun yet; nothing is kept.")
    assert os.listdir(trainer.catalogue.root) == []


@pytest.mark.parametrize(
    ("how", "sentence", "kept"),
    [
        ("refused", "Expected a batch size of 1 to 1297. Received: 5000", False),
        ("broken", "It ended with exit status 1: RuntimeError: the disk is full", False),
        ("killed", "It was killed, as systems do where memory runs out.", True),
    ],
)
def test_an_end_without_success_is_a_sentence(training, how, sentence, kept):
    trainer = training(how)
    name = trainer.start("vae", epochs=5)
    state = until(trainer, ended)
    assert (state.phase, state.sentence) == ("failed", sentence)
    assert trainer.unfinished() == ([name] if kept else [])
    assert (trainer.catalogue.root / name).exists() == kept
    assert "data       digits" in trainer.said()


def test_a_killed_run_can_be_gone_on_with(training):
    trainer = training("killed")
    name = trainer.start("vae", epochs=5)
    assert until(trainer, ended).epoch == 2
    again = training("fast")
    again.resume(name)
    assert until(again, ended).phase == "finished"
    assert again.state().epoch == 5
    assert (again.catalogue.root / name / LOG).read_text().count("data  ") == 2
    assert again.said().count("data  ") == 1


def test_a_folder_that_is_deleted_ends_its_training(training):
    trainer = training("slow")
    name = trainer.start("vae", epochs=1000)
    until(trainer, lambda state: state.epoch >= 1)
    process = trainer._job.process
    # At once: file by file, the training would go on writing between them.
    (trainer.catalogue.root / name).rename(trainer.catalogue.root.parent / "gone")
    state = trainer.state()
    assert (state.phase, state.sentence) == ("failed", f"The folder of {name} was deleted while it trained.")
    assert process.returncode is not None
    assert "epoch 1/1000" in trainer.said()
    with pytest.raises(RunError, match="not there any more"):
        trainer.resume(name)
    assert trainer.start("vae", epochs=1) == name


def test_a_run_that_another_app_trains_is_left_alone(training):
    one, other = training("slow"), training("slow")
    name = one.start("vae", epochs=1000)
    until(one, lambda state: state.epoch >= 1)
    with pytest.raises(RunError, match="another app trains"):
        other.resume(name)
    one.stop()
    until(one, ended)
    assert other.resume(name) == name


def test_only_unfinished_runs_are_gone_on_with(training):
    trainer = training("fast")
    name = trainer.start("vae", epochs=2)
    until(trainer, ended)
    with pytest.raises(RunError, match="which is finished"):
        trainer.resume(name)
    name = trainer.start("vae", epochs=2)
    until(trainer, ended)
    run = trainer.catalogue.run(name)
    run.keep_metrics(1)
    assert trainer.unfinished() == [name]
    run.divergence_file.write_text("{}")
    assert trainer.unfinished() == []
    with pytest.raises(RunError, match="which is diverged"):
        trainer.resume(name)
    with pytest.raises(RunError, match="packed model"):
        trainer.resume("digits-vae")
    with pytest.raises(RunError, match="not there"):
        trainer.resume("../secrets")


def test_closing_ends_the_training_and_lets_nothing_start(training):
    trainer = training("slow")
    trainer.start("vae", epochs=1000)
    until(trainer, lambda state: state.epoch >= 1)
    process = trainer._job.process
    trainer.close()
    assert process.returncode == 130
    assert trainer.state().phase == "stopped"
    with pytest.raises(RunError, match="is ending"):
        trainer.start("vae")


def test_what_training_refuses_is_its_sentence_wherever_the_app_was_started_and_leaves_nothing(tmp_path, monkeypatch):
    (tmp_path / "tfgen.py").write_text("raise SystemExit('the wrong one')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    trainer = Trainer("runs")
    try:
        trainer.start("vae", batch_size=5000)
        state = until(trainer, ended)
        assert state.phase == "failed"
        assert "batch size of 1 to" in state.sentence
        assert os.listdir("runs") == []
        assert trainer.unfinished() == []
    finally:
        trainer.close()
