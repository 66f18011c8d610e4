"""The checkpoint of a training: the state of the model and of its optimizers, and the progress of the loop."""

import json
import math
from collections.abc import Sequence
from pathlib import Path

import tensorflow as tf

from tfgen.errors import RunError

#: Name of the progress in a checkpoint.
PROGRESS = "progress"


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

    def deserialize(self, string_value: str) -> None:
        self.epoch, self.best, self.seconds, self.metrics = json.loads(string_value)


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
        self._manager = tf.train.CheckpointManager(self._checkpoint, str(folder), max_to_keep=1)
        self._writer = tf.train.CheckpointManager(self._checkpoint, str(scratch), 1) if scratch else self._manager

    @property
    def latest(self) -> str | None:
        """Path prefix of the latest checkpoint; None if there is none."""
        return self._manager.latest_checkpoint

    def restore(self) -> None:
        """Restore the latest checkpoint.

        Raises:
            RunError: if there is no checkpoint, or the checkpoint does not fit the model.
        """
        path = self.latest
        if path is None:
            raise RunError(f"Expected a checkpoint in {self._manager.directory}. Found none.")
        try:
            self._checkpoint.restore(path).assert_consumed()
        except Exception as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise RunError(f"Expected a checkpoint of this run's model in {path}. Received: {reason}") from None

    def save(self, step: int) -> None:
        """Write the checkpoint of a step. The previous checkpoint is deleted once the new one is complete."""
        self._writer.save(checkpoint_number=step)
