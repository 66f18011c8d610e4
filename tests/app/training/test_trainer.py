"""The app's trainer: its process, the sentence for the end of the process, and the files that remain."""

import os
import shutil
import sys
import time
from pathlib import Path

import pytest

from tfgen.app.trainer import LOG, NICENESS, Trainer
from tfgen.errors import ConfigError, RunError
from tfgen.runs.run import Run

STAND_IN = Path(__file__).with_name("stand_in.py")
TINY = {"hidden": (8,), "latent_dim": 3, "batch_size": 256, "xla": "off", "evaluate_test": False}


@pytest.fixture
def training(tmp_path):
    """A function that makes a trainer whose program is a stand-in with the given behaviour."""
    made = []

    def trainer(how, root=tmp_path / "my runs", **settings):
        made.append(Trainer(root, program=(sys.executable, "-u", str(STAND_IN), how), **settings))
        return made[-1]

    yield trainer
    for each in made:
        each.close()


def until(trainer, condition, seconds=60.0):
    """The first state for which the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition(state := trainer.state()):
        assert time.monotonic() < deadline, state
        time.sleep(0.05)
    return state


def ended(state):
    return not state.busy


@pytest.mark.slow
def test_a_real_run_is_trained_stopped_resumed_and_usable(tmp_path):
    trainer = Trainer(tmp_path / "runs")
    try:
        assert trainer.state().phase == "idle"
        name = trainer.start("vae", epochs=3000, **TINY)
        assert name == "digits-vae-1"
        process = trainer._job.process.pid
        assert os.getpriority(os.PRIO_PROCESS, process) == min(os.getpriority(os.PRIO_PROCESS, 0) + NICENESS, 19)
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
        assert until(trainer, ended).phase == "finished", trainer.output()
        assert trainer.state().share == 1.0
        assert [row["epoch"] for row in Run.open(tmp_path / "runs" / name).metrics()] == [*range(1, stopped.epoch + 3)]
        assert trainer.unfinished() == []
        assert "done  " in trainer.output()
    finally:
        trainer.close()


def test_a_wrong_option_starts_nothing(training, tmp_path):
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
    with pytest.raises(RunError, match=rf"{name} is training; stop it"):
        trainer.start("gan")
    with pytest.raises(RunError, match="stop it"):
        trainer.resume(name)
    assert trainer.unfinished() == []
    trainer.stop()
    assert until(trainer, ended).phase == "stopped"
    assert trainer.start("gan", epochs=1) == "digits-gan-1"


@pytest.mark.slow
def test_the_progress_follows_the_epochs(training):
    trainer = training("slow")
    trainer.start("vae", epochs=20)
    state = until(trainer, lambda state: state.epoch >= 4)
    assert state.phase == "training"
    assert state.epoch / 20 <= state.share < (state.epoch + 1) / 20
    # An epoch takes 0.1 s, and longer on a busy machine.
    assert 0.1 * (18 - state.epoch) < state.seconds_left < 60
    assert until(trainer, ended).phase == "finished"
    assert trainer.state().epoch == 20


def test_a_process_that_does_not_stop_is_killed(training):
    trainer = training("stubborn", stop_timeout=0.3)
    name = trainer.start("vae", epochs=1000)
    until(trainer, lambda state: state.epoch >= 2)
    trainer.stop()
    state = until(trainer, ended)
    assert state.phase == "stopped"
    assert "will be computed again" in state.sentence
    assert trainer.unfinished() == [name]


def test_a_training_that_is_stopped_before_its_first_checkpoint_leaves_nothing(training):
    trainer = training("fast")
    trainer.start("vae")
    trainer._job.process.ask_to_stop(60.0)
    trainer._job.process.kill()
    shutil.rmtree(trainer._job.run.path / "checkpoints", ignore_errors=True)
    state = trainer.state()
    assert (state.phase, state.sentence) == ("stopped", "The training had not started; nothing is kept.")
    assert os.listdir(trainer.catalogue.root) == []


@pytest.mark.parametrize(
    ("how", "sentence", "kept"),
    [
        ("refused", "Expected a batch size of 1 to 1297. Received: 5000", False),
        ("broken", "The process ended with exit status 1: RuntimeError: the disk is full", False),
        ("killed", "The process was killed, as systems do when memory runs out.", True),
    ],
)
def test_a_failure_is_explained_in_a_sentence(training, how, sentence, kept):
    trainer = training(how)
    name = trainer.start("vae", epochs=5)
    state = until(trainer, ended)
    assert (state.phase, state.sentence) == ("failed", sentence)
    assert trainer.unfinished() == ([name] if kept else [])
    assert (trainer.catalogue.root / name).exists() == kept
    assert "data       digits" in trainer.output()


def test_a_killed_run_can_be_resumed(training):
    trainer = training("killed")
    name = trainer.start("vae", epochs=5)
    assert until(trainer, ended).epoch == 2
    again = training("fast")
    again.resume(name)
    assert until(again, ended).phase == "finished"
    assert again.state().epoch == 5
    assert (again.catalogue.root / name / LOG).read_text().count("data  ") == 2
    assert again.output().count("data  ") == 1


def test_a_folder_that_is_deleted_ends_its_training(training):
    trainer = training("slow")
    name = trainer.start("vae", epochs=1000)
    until(trainer, lambda state: state.epoch >= 1)
    process = trainer._job.process
    # Renamed, not deleted file by file: the process would write new files in between.
    (trainer.catalogue.root / name).rename(trainer.catalogue.root.parent / "gone")
    state = trainer.state()
    assert (state.phase, state.sentence) == ("failed", f"The folder of {name} was deleted while it trained.")
    assert process.poll() is not None
    assert "epoch 1/1000" in trainer.output()
    with pytest.raises(RunError, match="does not exist or was removed"):
        trainer.resume(name)
    assert trainer.start("vae", epochs=1) == name


def test_a_run_that_another_process_trains_is_not_started(training):
    one, other = training("slow"), training("slow")
    name = one.start("vae", epochs=1000)
    until(one, lambda state: state.epoch >= 1)
    with pytest.raises(RunError, match="another process trains"):
        other.resume(name)
    one.stop()
    until(one, ended)
    assert other.resume(name) == name


def test_only_unfinished_runs_are_resumed(training):
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
    with pytest.raises(RunError, match="does not exist"):
        trainer.resume("../secrets")


def test_closing_ends_the_training_and_lets_nothing_start(training):
    trainer = training("slow")
    trainer.start("vae", epochs=1000)
    until(trainer, lambda state: state.epoch >= 1)
    process = trainer._job.process
    trainer.close()
    assert process.poll() == 130
    assert trainer.state().phase == "stopped"
    with pytest.raises(RunError, match="is closing"):
        trainer.start("vae")


@pytest.mark.slow
def test_bad_input_of_a_real_training_is_its_sentence_and_leaves_nothing(tmp_path, monkeypatch):
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


def test_the_process_plans_a_run_on_pictures_and_makes_its_folder(training, tmp_path):
    trainer = training("slow")
    name = trainer.start_auto("vae", tmp_path / "my cats.zip", 2.5, image_size=32, conditional=True, seed=3)
    assert name == "my-cats-vae-1"
    assert trainer.state().phase == "starting"
    assert not trainer.catalogue.trained() or name not in trainer.catalogue.trained()
    state = until(trainer, lambda state: state.epoch > 1 or ended(state))
    assert (state.phase, state.run, state.epochs) == ("training", name, 7)
    assert (tmp_path / "my runs" / name / "train.log").is_file()
    words = f"--model vae --preset auto --data {'my cats.zip'} --minutes 2.5 --image-size 32 --conditional --seed 3"
    assert words in trainer.output()
    assert str(tmp_path) not in trainer.output()
    trainer.stop()
    assert until(trainer, ended).phase == "stopped"
    assert trainer.resume(name) == name
    assert until(trainer, ended).phase == "finished"
    assert [path.name for path in (tmp_path / "my runs").iterdir()] == [name]


def test_pictures_that_cannot_be_used_leave_nothing(training, tmp_path):
    trainer = training("refused")
    trainer.start_auto("vae", tmp_path / "cats.zip", 1.0)
    state = until(trainer, ended)
    assert state.phase == "failed"
    assert "Expected a picture of 5×6 pixels" in state.sentence
    assert list((tmp_path / "my runs").iterdir()) == []


def test_a_planned_run_can_be_stopped_before_it_has_a_folder(training, tmp_path):
    trainer = training("slow")
    trainer.start_auto("vae", tmp_path / "cats.zip", 1.0)
    trainer.stop()
    assert until(trainer, ended).phase == "stopped"
    assert list((tmp_path / "my runs").iterdir()) == []
