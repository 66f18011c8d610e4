"""A checkpoint is complete or not there, whatever the folder is called and whenever the program is killed."""

import errno
import json
import os

import pytest
import tensorflow as tf

from tfgen.errors import RunError
from tfgen.files import remove_partial
from tfgen.training.checkpoints import Checkpoints, Progress, latest_checkpoint, read_progress, step_of


def checkpoints(folder, value=0.0, epoch=0):
    progress = Progress()
    progress.epoch = epoch
    return Checkpoints([tf.Variable([value, value])], progress, folder)


def value_of(made: Checkpoints) -> float:
    return float(made._checkpoint.state[0][0])


@pytest.mark.parametrize("name", ["data [set]", "a*b", "who?", "[!x]", "ckpt-3"])
def test_a_folder_may_have_any_name_and_keeps_one_checkpoint(tmp_path, name):
    folder = tmp_path / name / "checkpoints"
    writer = checkpoints(folder, 1.0)
    for step in (1, 5, 12):
        writer.save(step)
    assert sorted(path.name for path in folder.iterdir()) == [
        "checkpoint",
        "ckpt-12.data-00000-of-00001",
        "ckpt-12.index",
    ]
    reader = checkpoints(folder)
    assert step_of(reader.latest) == 12
    reader.restore()
    assert value_of(reader) == 1.0


def test_two_checkpoints_of_one_step_never_mix(tmp_path):
    checkpoints(tmp_path, 1.0, epoch=1).save(7)
    first = latest_checkpoint(tmp_path)
    checkpoints(tmp_path, 2.0, epoch=2).save(7)
    second = latest_checkpoint(tmp_path)
    assert first != second and step_of(first) == step_of(second) == 7
    assert read_progress(second).epoch == 2
    checkpoints(tmp_path, 3.0).save(7)
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("moves", range(5))
def test_a_power_cut_leaves_the_old_or_the_new_checkpoint(tmp_path, monkeypatch, moves):
    """The program ends before one of its changes of the folder; all changes before it are on the disk."""
    checkpoints(tmp_path, 1.0).save(1)
    before, replace, unlink = [0], os.replace, type(tmp_path).unlink

    class PowerCutError(BaseException):
        pass

    def step(function):
        def call(*args, **kwargs):
            if before[0] == moves:
                raise PowerCutError
            before[0] += 1
            return function(*args, **kwargs)

        return call

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", step(replace))
        patch.setattr(type(tmp_path), "unlink", step(unlink))
        with pytest.raises(PowerCutError):
            checkpoints(tmp_path, 2.0).save(2)
    reader = checkpoints(tmp_path)
    reader.restore()
    assert value_of(reader) == (1.0 if moves < 3 else 2.0)
    reader.save(3)
    remove_partial(tmp_path)
    assert len(list(tmp_path.iterdir())) == 3


def test_the_new_checkpoint_is_on_the_disk_before_the_old_one_is_deleted(tmp_path, monkeypatch):
    made, events = checkpoints(tmp_path), []
    made.save(1)
    fsync, unlink = os.fsync, type(tmp_path).unlink

    def record_fsync(descriptor):
        events.append(os.path.basename(os.readlink(f"/proc/self/fd/{descriptor}")))
        fsync(descriptor)

    def record_unlink(path, missing_ok=False):
        events.append(f"delete {path.name}")
        unlink(path, missing_ok)

    monkeypatch.setattr(os, "fsync", record_fsync)
    monkeypatch.setattr(type(tmp_path), "unlink", record_unlink)
    made.save(2)
    first_deletion = events.index(next(event for event in events if event.startswith("delete ckpt-1")))
    assert {"ckpt-2.index", "ckpt-2.data-00000-of-00001", tmp_path.name} <= set(events[:first_deletion])


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00", b"model_checkpoint_path: 3", b'model_checkpoint_path: "x"\n']
)
def test_a_damaged_state_file_does_not_hide_the_checkpoint(tmp_path, content):
    checkpoints(tmp_path, 1.0).save(4)
    (tmp_path / "checkpoint").write_bytes(content)
    assert step_of(latest_checkpoint(tmp_path)) == 4


def test_a_checkpoint_of_tensorflow_s_manager_is_read(tmp_path):
    progress = Progress()
    progress.epoch = 3
    old = tf.train.Checkpoint(state=[tf.Variable([4.0, 4.0])], progress=progress)
    manager = tf.train.CheckpointManager(old, str(tmp_path), max_to_keep=1)
    manager.save(checkpoint_number=9)
    assert step_of(latest_checkpoint(tmp_path)) == 9
    assert read_progress(latest_checkpoint(tmp_path)).epoch == 3
    reader = checkpoints(tmp_path)
    reader.restore()
    assert value_of(reader) == 4.0
    reader.save(10)
    assert tf.train.latest_checkpoint(str(tmp_path)) == str(tmp_path / "ckpt-10")


@pytest.mark.parametrize("progress", ["[", "3", "[1, 2]", '["a", 0, 0, []]', "[" * 100_000])
def test_a_progress_of_another_form_is_a_sentence(tmp_path, progress):
    class Damaged(tf.train.experimental.PythonState):
        def serialize(self):
            return progress

        def deserialize(self, string_value):
            pass

    checkpoint = tf.train.Checkpoint(state=[tf.Variable([4.0, 4.0])], progress=Damaged())
    tf.train.CheckpointManager(checkpoint, str(tmp_path), max_to_keep=1).save(checkpoint_number=1)
    with pytest.raises(RunError, match="Expected a checkpoint of this run's model"):
        read_progress(latest_checkpoint(tmp_path))
    with pytest.raises(RunError, match="Expected a checkpoint of this run's model"):
        checkpoints(tmp_path).restore()


@pytest.mark.parametrize("suffix", ["index", "data-00000-of-00001"])
@pytest.mark.parametrize("content", [b"", b"\x00" * 500, b"garbage"])
def test_damaged_files_are_a_sentence(tmp_path, suffix, content):
    checkpoints(tmp_path, 1.0).save(4)
    (tmp_path / f"ckpt-4.{suffix}").write_bytes(content)
    with pytest.raises(RunError, match="Expected a checkpoint of this run's model"):
        checkpoints(tmp_path).restore()


def test_a_disk_without_space_is_a_sentence_and_keeps_the_previous_checkpoint(tmp_path, monkeypatch):
    made = checkpoints(tmp_path, 1.0)
    made.save(1)
    fsync = os.fsync

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunError, match=r"Expected to write a checkpoint .*No space left.*previous checkpoint is unch"):
        made.save(2)
    monkeypatch.setattr(os, "fsync", fsync)
    assert step_of(latest_checkpoint(tmp_path)) == 1
    made.save(3)
    assert step_of(latest_checkpoint(tmp_path)) == 3
    assert json.loads(made._checkpoint.progress.serialize())[0] == 0
