"""The checkpoint of a training: the state of the model and of its optimizers, and the progress of the loop.

TensorFlow's own `CheckpointManager` is not used: it reads the characters `[ ] * ?` of a path as a pattern, and does not
wait until a new checkpoint is on the disk before it deletes the previous one.
"""

import contextlib
import json
import math
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf
from pydantic import TypeAdapter, ValidationError

from tfgen.errors import RunError, system_reason
from tfgen.files import atomic_write, move_durably

#: Name of the progress in a checkpoint.
PROGRESS = "progress"
#: Name of a checkpoint: its step, and a number if there is another checkpoint of this step.
_NAME = re.compile(r"ckpt-(?P<step>\d+)(?:\.(?P<number>\d+))?")
#: File that names the latest checkpoint, for TensorFlow's tools. A checkpoint without its name in it is complete too.
_STATE = "checkpoint"
#: Folder in which a new checkpoint is written.
_NEW = "new"
#: The serialized progress: epoch, best score, seconds and metrics of `Progress`.
_SERIALIZED: TypeAdapter[tuple[int, float, float, list[list[float]]]] = TypeAdapter(
    tuple[int, float, float, list[list[float]]]
)


class Progress(tf.train.experimental.PythonState):
    """How far a run is. Saved in the checkpoint beside the weights.

    Attributes:
        epoch: number of complete epochs.
        best: the best validation score so far.
        seconds: time spent in the current, incomplete epoch.
        metrics: running metrics of the current epoch, [replicas][variables]. They are saved for each replica because
            sums of floating-point numbers depend on the order: a resumed run must end in the same bits.
    """

    def __init__(self):
        self.epoch, self.best, self.seconds = 0, math.inf, 0.0
        self.metrics: list[list[float]] = []

    def serialize(self) -> str:
        return json.dumps([self.epoch, self.best, self.seconds, self.metrics])

    def deserialize(self, string_value: str | bytes) -> None:
        self.epoch, self.best, self.seconds, self.metrics = _SERIALIZED.validate_python(json.loads(string_value))


def latest_checkpoint(folder: Path) -> Path | None:
    """Path prefix of the latest complete checkpoint in a folder; None if there is none.

    The file `checkpoint` decides if it names a checkpoint that exists, otherwise the highest step.
    """
    try:
        found = {match[0]: match for path in folder.iterdir() if (match := _NAME.fullmatch(path.stem))}
    except OSError:
        return None
    complete = [name for name in found if (folder / f"{name}.index").is_file()]
    if not complete:
        return None
    with contextlib.suppress(OSError, UnicodeDecodeError):
        named = re.search(r'^model_checkpoint_path: "(.*)"$', (folder / _STATE).read_text(), re.MULTILINE)
        if named and (name := Path(named[1]).name) in complete:
            return folder / name
    return folder / max(complete, key=lambda name: (step_of(Path(name)), int(found[name]["number"] or 0)))


def step_of(checkpoint: Path) -> int:
    """Number of training steps before a checkpoint was written, from its name."""
    match = _NAME.fullmatch(checkpoint.name)
    assert match is not None
    return int(match["step"])


def read_progress(checkpoint: Path) -> Progress:
    """Read the progress in a checkpoint, without the weights.

    Raises:
        RunError: if the checkpoint cannot be read.
    """
    progress = Progress()
    with _readable(checkpoint) as prefix:
        progress.deserialize(tf.train.load_checkpoint(prefix).get_tensor(f"{PROGRESS}/.ATTRIBUTES/py_state"))
    return progress


class Checkpoints:
    """Writes and restores the latest checkpoint of a run.

    Args:
        state: all variables of the model and of its optimizers.
        progress: the progress, restored in place.
        folder: of the run's checkpoints.
        scratch: folder to write to instead. Saving needs values from every worker, but only the chief's files are kept.
    """

    def __init__(self, state: Sequence, progress: Progress, folder: Path, scratch: Path | None = None):
        # The state is a flat list because TensorFlow does not follow the lists and dictionaries that Keras tracks.
        self._checkpoint = tf.train.Checkpoint(state=state, progress=progress)
        self.folder, self._target = folder, scratch or folder

    @property
    def latest(self) -> Path | None:
        """Path prefix of the latest checkpoint; None if there is none."""
        return latest_checkpoint(self.folder)

    def restore(self) -> None:
        """Restore the latest checkpoint.

        Raises:
            RunError: if there is no checkpoint, or the checkpoint does not fit the model.
        """
        path = self.latest
        if path is None:
            raise RunError(f"Expected a checkpoint in {self.folder}. Found none.")
        with _readable(path) as prefix:
            self._checkpoint.restore(prefix).assert_consumed()

    def save(self, step: int) -> None:
        """Write the checkpoint of a step. The previous checkpoint is deleted once the new one is on the disk.

        Raises:
            RunError: if the checkpoint cannot be written. The previous checkpoint stays.
        """
        new, target = self._target / _NEW, self._target
        try:
            shutil.rmtree(new, ignore_errors=True)
            new.mkdir(parents=True)
            name = self._free_name(step)
            # Checkpoints have this counter since version 0.1.
            self._checkpoint.save_counter.assign_add(1)
            self._checkpoint.write(str(new / name))
            # A checkpoint is complete when its index is there.
            for file in sorted(new.iterdir(), key=lambda path: path.suffix == ".index"):
                move_durably(file, target / file.name)
            with atomic_write(target / _STATE) as temporary:
                temporary.write_text(f'model_checkpoint_path: "{name}"\nall_model_checkpoint_paths: "{name}"\n')
            for file in target.iterdir():
                if (match := _NAME.fullmatch(file.stem)) and match[0] != name:
                    file.unlink()
            new.rmdir()
        except (OSError, *_OF_FILES) as error:
            shutil.rmtree(new, ignore_errors=True)
            raise RunError(
                f"Expected to write a checkpoint to {target}. Received: {_reason(error)}. The previous checkpoint is "
                "unchanged"
            ) from None

    def _free_name(self, step: int) -> str:
        """A name that no checkpoint has: two checkpoints of a step differ in their progress."""
        name, number = f"ckpt-{step}", 0
        while (self._target / f"{name}.index").exists():
            number += 1
            name = f"ckpt-{step}.{number}"
        return name


#: TensorFlow's errors about files. Errors about a connection to another worker are not among them.
_OF_FILES = (
    tf.errors.ResourceExhaustedError,
    tf.errors.PermissionDeniedError,
    tf.errors.FailedPreconditionError,
    tf.errors.NotFoundError,
    tf.errors.OutOfRangeError,
    tf.errors.DataLossError,
    tf.errors.InvalidArgumentError,
    tf.errors.UnknownError,
)


@contextlib.contextmanager
def _readable(checkpoint: Path) -> Iterator[str]:
    """Give the `with` block the path prefix of a checkpoint in a form that TensorFlow can read.

    TensorFlow reads the characters `[ ] * ?` of a path as a pattern, so the path is one of links to the files.

    Raises:
        RunError: in place of any exception of the block.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="tfgen-checkpoint-") as links:
            for file in checkpoint.parent.iterdir():
                if file.stem == checkpoint.name:
                    Path(links, file.name).symlink_to(file.resolve())
            yield str(Path(links, checkpoint.name))
    except Exception as error:
        raise RunError(
            f"Expected a checkpoint of this run's model in {checkpoint}. Received: {_reason(error)}"
        ) from None


def _reason(error: Any) -> str:
    """The first line of an exception's message, or the name of its class."""
    if (reason := system_reason(error)) is not None:
        return reason
    if isinstance(error, ValidationError):
        return "a progress of another form"
    return (str(error).splitlines() or [type(error).__name__])[0]
