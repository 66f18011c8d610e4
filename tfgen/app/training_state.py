"""The state of a training process of the app: how far it is, and how it ended."""

import dataclasses
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tfgen.errors import Interrupted, RunError
from tfgen.runs.run import Run
from tfgen.training.process import ChildProcess

Phase = Literal["idle", "starting", "training", "finishing", "stopping", "finished", "stopped", "failed"]
#: Phases in which a process runs.
BUSY = ("starting", "training", "finishing", "stopping")
#: Exit statuses of a process that was asked to stop: after it has saved, or before it handles signals.
STOPPED = (Interrupted.exit_status, -signal.SIGTERM, -signal.SIGINT)


@dataclass(frozen=True)
class State:
    """The state of the current or the last training.

    Attributes:
        phase: "idle" before the first training; "finishing" after the last epoch, while the test set is evaluated.
        run: name of the run; None while idle.
        epoch, epochs: number of complete epochs and of all epochs.
        share: fraction of the training that is done, 0 to 1. Inside an epoch, the fraction is estimated from the time.
        seconds_left: estimate of the remaining time; None before two epochs are complete.
        sentence: why the training failed, or a note on how it ended; otherwise empty.
    """

    phase: Phase = "idle"
    run: str | None = None
    epoch: int = 0
    epochs: int = 0
    share: float = 0.0
    seconds_left: float | None = None
    sentence: str = ""

    @property
    def busy(self) -> bool:
        """Whether a training runs."""
        return self.phase in BUSY


@dataclass
class Job:
    """A training process and its run.

    Attributes:
        name, run: the run.
        is_new: whether the run was created for this process.
        first_epoch: number of complete epochs when the process started.
        process: the process.
        first_seen: epoch and time (as of `time.time`) of the first epoch that this process completed. The time per
            epoch is measured from there, because the time before includes compiling.
        planned_log: file of the output while the process plans the run, whose folder does not exist yet.
    """

    name: str
    run: Run
    is_new: bool
    first_epoch: int
    process: ChildProcess
    first_seen: tuple[int, float] | None = None
    planned_log: Path | None = None

    @property
    def run_is_deleted(self) -> bool:
        """Whether the run folder was deleted or moved."""
        return self.planned_log is None and not self.has_folder

    @property
    def has_folder(self) -> bool:
        """Whether the run has a folder with a configuration."""
        return (self.run.path / "config.json").exists()

    @property
    def can_be_resumed(self) -> bool:
        """Whether the run has a checkpoint."""
        return (self.run.path / "checkpoints" / "checkpoint").exists()


def progress_state(last: State, job: Job) -> State:
    """The state of a process that runs, or the last state before its end.

    Args:
        last: the previous state of the process.
        job: the process. `first_seen` is updated.
    """
    try:
        epoch = job.run.epoch or 0
        now, epoch_time = time.time(), job.run.metrics_file.stat().st_mtime
    except (OSError, RunError):
        epoch, now, epoch_time = last.epoch, 0.0, 0.0
    if job.first_seen is None and epoch > job.first_epoch:
        job.first_seen = (epoch, epoch_time)
    seconds_per_epoch = None
    if job.first_seen and epoch > job.first_seen[0]:
        seconds_per_epoch = (epoch_time - job.first_seen[1]) / (epoch - job.first_seen[0])
    started = min(0.95, (now - epoch_time) / seconds_per_epoch) if seconds_per_epoch and epoch < last.epochs else 0.0
    return dataclasses.replace(
        last,
        phase=_running_phase(last, job, epoch),
        epoch=epoch,
        share=min(1.0, (epoch + started) / last.epochs),
        seconds_left=None
        if seconds_per_epoch is None
        else max(0.0, seconds_per_epoch * (last.epochs - epoch) - (now - epoch_time)),
    )


def _running_phase(last: State, job: Job, epoch: int) -> Phase:
    if job.process.is_stopping:
        return "stopping"
    if epoch >= last.epochs:
        return "finishing"
    if last.phase != "starting":
        return "training"
    # The session prints the line "run" when the loop starts.
    lines = job.process.output().splitlines()
    return "training" if any(line.startswith(("run  ", "epoch ")) for line in lines) else "starting"


def end_state(last: State, job: Job, status: int) -> State:
    """The state after a process has ended with an exit status."""
    phase, sentence = _outcome(last, job, status)
    share = 1.0 if phase == "finished" else last.epoch / last.epochs
    return dataclasses.replace(last, phase=phase, sentence=sentence, share=share, seconds_left=None)


def _outcome(last: State, job: Job, status: int) -> tuple[Phase, str]:
    """The phase and the sentence of `end_state`."""
    if job.run_is_deleted:
        return "failed", f"The folder of {job.name} was deleted while it trained."
    if status == 0:
        return "finished", ""
    killed = status == -signal.SIGKILL
    if status in STOPPED or (killed and job.process.is_stopping):
        return "stopped", _note_after_stop(last, job, killed)
    if error := job.process.last_error():
        return "failed", error
    if killed:
        return "failed", "The process was killed, as systems do when memory runs out."
    if status < 0:
        return "failed", f"The process was ended by signal {-status}: {signal.strsignal(-status)}."
    return "failed", f"The process ended with exit status {status}: {job.process.last_line() or 'it printed nothing'}"


def _note_after_stop(last: State, job: Job, killed: bool) -> str:
    if not job.can_be_resumed:
        return "The training had not started; nothing is kept." if job.is_new else ""
    if last.epoch >= last.epochs:
        return "All epochs are complete; the test set may not have been evaluated."
    if killed:
        return "The process did not respond and was killed. Epochs after its last checkpoint will be computed again."
    return "Nothing is lost."
