"""Training from the page: one run at a time, in a process of its own."""

import contextlib
import dataclasses
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

import tfgen
from tfgen.app.catalogue import Catalogue
from tfgen.config.presets import run_config
from tfgen.errors import RunError
from tfgen.runs.run import Run

Phase = Literal["idle", "starting", "training", "finishing", "stopping", "finished", "stopped", "failed"]
#: Those in which there is a process.
BUSY = ("starting", "training", "finishing", "stopping")

#: What trains, before "--resume RUN". -P: never what lies in the folder in which the app was started.
PROGRAM = (sys.executable, "-P", "-u", "-m", "tfgen", "train")
#: Exit statuses of a training that was told to end: in time to save, or before it could listen.
STOPPED = (130, -signal.SIGTERM, -signal.SIGINT)

#: What the training prints, in the run's folder.
LOG = "train.log"
#: The last bytes of it that are read.
TAIL = 20_000
#: Added to the priority number of the app's process: sampling goes before training.
NICER = 10


@dataclass(frozen=True)
class State:
    """How the training stands.

    Attributes:
        phase: "idle" before the first one; "finishing" between the last epoch and the end, when the test set is
            evaluated.
        run: name of the run, None while idle.
        epoch, epochs: how many are complete, of how many.
        share: of the training that is done, 0 to 1; inside of an epoch by the clock.
        seconds_left: estimate, None before there is one.
        sentence: why it failed, or what to know of how it ended; empty otherwise.
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
        """Whether something trains."""
        return self.phase in BUSY


@dataclass
class _Job:
    """A process that trains.

    Attributes:
        name, run: what it trains.
        begun: whether the folder was made for it.
        before: epochs that were complete when it started.
        process: it.
        log: its output, open, so that it can still be read when the folder is gone; locked as long as the process is.
        since: where in the log its output begins.
        stop_by: when to kill it, by the monotonic clock; None until it is asked to stop.
        first: (epochs complete, when) of the first one seen to be completed, from which its pace is taken: what comes
            before is spent on compiling.
    """

    name: str
    run: Run
    begun: bool
    before: int
    process: subprocess.Popen
    log: BinaryIO
    since: int
    stop_by: float | None = None
    first: tuple[int, float] | None = None

    def said(self) -> str:
        """The end of what it printed."""
        size = os.fstat(self.log.fileno()).st_size
        start = max(self.since, size - TAIL)
        return os.pread(self.log.fileno(), size - start, start).decode(errors="replace")

    def kill(self) -> None:
        """End it and whatever it started, now."""
        if self.process.poll() is None:
            with contextlib.suppress(OSError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Trainer:
    """Trains a run of a folder in a process of its own, one at a time.

    It is the process of `tfgen train`, which saves and ends on SIGTERM; nothing but the run's folder passes between the
    two. All methods may be called from any thread.

    Args:
        root: the folder of the runs; it need not exist.
        patience: seconds from being asked to stop to being killed, which costs what came after the last checkpoint.
        program: what trains; it is given "--resume RUN".
    """

    def __init__(self, root: str | Path, patience: float = 30.0, program: Sequence[str] = PROGRAM):
        self.catalogue, self.patience, self.program = Catalogue(root), patience, tuple(program)
        self._job: _Job | None = None
        self._last, self._said = State(), ""
        self._closed = False
        self._turn = threading.RLock()

    # -- what one asks of it ------------------------------------------------------------------------------------------

    def start(self, model: str, preset: str = "quick", **options: Any) -> str:
        """Begin a new run.

        Args:
            model, preset, options: as for `run_config`.

        Returns:
            The name of the run.

        Raises:
            ConfigError: on a name that does not exist or a value out of range.
            RunError: if something trains already, or the folder cannot be written.
        """
        config = run_config(model, preset, **options)
        with self._turn:
            self._expect_free()
            run = Run.create(self.catalogue.root, config)
            return self._launch(run.path.name, Run(run.path.resolve(), config), begun=True)

    def resume(self, name: str) -> str:
        """Go on with an unfinished run from its last checkpoint. Returns its name.

        Raises:
            RunError: if there is no such run, it is finished or diverged, or something trains already.
        """
        with self._turn:
            self._expect_free()
            run = self.catalogue.run(name)
            if run.is_packed:
                raise RunError(
                    f"Expected a run to go on with. Received: {name}, a packed model, which has no optimizer's state "
                    "and cannot be trained further"
                )
            if (state := run.state) != "unfinished":
                raise RunError(f"Expected a run that is unfinished. Received: {name}, which is {state}")
            return self._launch(name, run, begun=False)

    def stop(self) -> None:
        """Ask the training to save and end; nothing happens where nothing trains. Returns at once."""
        with self._turn:
            self._look()
            if self._job is not None and self._job.stop_by is None:
                self._job.stop_by = time.monotonic() + self.patience
                # SIGINT would be ignored by a process of an app that a shell started in the background.
                self._job.process.terminate()

    def state(self) -> State:
        """How the training stands, or how the last one ended."""
        with self._turn:
            self._look()
            return self._last

    def said(self) -> str:
        """The end of what the training printed, or of what the last one did; empty where there was none."""
        with self._turn:
            self._look()
            return self._said if self._job is None else self._job.said()

    def unfinished(self) -> list[str]:
        """Names of the unfinished runs that nothing trains here, the latest first."""
        running = self.state()
        names = [
            entry.name
            for entry in self.catalogue.entries()
            if entry.run is not None and not entry.run.is_packed and unfinished(entry.run)
        ]
        return [name for name in names if not (running.busy and name == running.run)]

    def close(self) -> None:
        """Stop the training and wait for it; nothing can be started any more."""
        with self._turn:
            self._closed = True
            self.stop()
            if (job := self._job) is None:
                return
            try:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    job.process.wait(self.patience)
            finally:
                job.kill()
                self._look()

    # -- the process --------------------------------------------------------------------------------------------------

    def _expect_free(self) -> None:
        if self._closed:
            raise RunError("Expected an app that runs. Received: one that is ending")
        self._look()
        if self._job is not None:
            raise RunError(f"Expected nothing else to train. {self._job.name} does; stop it first, or wait for it")

    def _launch(self, name: str, run: Run, begun: bool) -> str:
        try:
            before, log = run.epoch or 0, _locked(run.path / LOG, name)
            try:
                since = log.seek(0, os.SEEK_END)
                process = subprocess.Popen(
                    [*self.program, "--resume", str(run.path)],
                    env=_environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    # Ctrl-C at the app's terminal is for the app, which then stops it.
                    process_group=0,
                )
            except OSError as error:
                log.close()
                raise RunError(f"Expected to start a process. Received: {error.strerror}") from None
        except RunError:
            if begun:
                shutil.rmtree(run.path, ignore_errors=True)
            raise
        _lower_priority(process.pid)
        self._job = _Job(name, run, begun, before, process, log, since)
        self._last = State("starting", name, epochs=run.config.train.epochs)
        self._look()
        return name

    def _look(self) -> None:
        """Bring `_last` up to date, and see to a process that has ended or should."""
        job = self._job
        if job is None:
            return
        code = job.process.poll()
        if code is None and not (job.run.path / "config.json").exists():
            # Somebody deleted it: what comes of the training can no longer be kept.
            job.kill()
            code = job.process.returncode
        if code is None and job.stop_by is not None and time.monotonic() > job.stop_by:
            job.kill()
            code = job.process.returncode
        self._last = _progress(self._last, job)
        if code is None:
            return
        self._last, self._said, self._job = _end(self._last, job, code), job.said(), None
        job.log.close()
        if job.begun and not _worth_keeping(job.run):
            shutil.rmtree(job.run.path, ignore_errors=True)


def unfinished(run: Run) -> bool:
    """Whether a run has epochs left and can use them; False where that cannot be read."""
    try:
        return run.state == "unfinished"
    except RunError:
        return False


# -- what it says ------------------------------------------------------------------------------------------------------


def _progress(last: State, job: _Job) -> State:
    """The state of a process that lives, or of its last moment."""
    try:
        done = job.run.epoch or 0
        now, at = time.time(), (job.run.path / "metrics.jsonl").stat().st_mtime
    except (OSError, RunError):
        done, now, at = last.epoch, 0.0, 0.0
    if job.first is None and done > job.before:
        job.first = (done, at)
    pace = (at - job.first[1]) / (done - job.first[0]) if job.first and done > job.first[0] else None
    inside = min(0.95, (now - at) / pace) if pace and done < last.epochs else 0.0
    began = last.phase != "starting" or any(line.startswith(("run  ", "epoch ")) for line in job.said().splitlines())
    phase: Phase = "finishing" if done >= last.epochs else "training" if began else "starting"
    return dataclasses.replace(
        last,
        phase="stopping" if job.stop_by is not None else phase,
        epoch=done,
        share=min(1.0, (done + inside) / last.epochs),
        seconds_left=None if pace is None else max(0.0, pace * (last.epochs - done) - (now - at)),
    )


def _end(last: State, job: _Job, code: int) -> State:
    """The state after a process that ended with that code."""
    phase, sentence = _verdict(last, job, code)
    share = 1.0 if phase == "finished" else last.epoch / last.epochs
    return dataclasses.replace(last, phase=phase, sentence=sentence, share=share, seconds_left=None)


def _verdict(last: State, job: _Job, code: int) -> tuple[Phase, str]:
    if not (job.run.path / "config.json").exists():
        return "failed", f"The folder of {job.name} was deleted while it trained."
    if code == 0:
        return "finished", ""
    asked = job.stop_by is not None and code == -signal.SIGKILL
    if asked or code in STOPPED:
        return "stopped", _farewell(last, job, code)
    lines = [line.strip() for line in job.said().splitlines() if line.strip()]
    if said := [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]:
        return "failed", said[-1]
    if code == -signal.SIGKILL:
        return "failed", "It was killed, as systems do where memory runs out."
    if code < 0:
        return "failed", f"It was ended by signal {-code}: {signal.strsignal(-code)}."
    return "failed", f"It ended with exit status {code}: {lines[-1] if lines else 'it printed nothing'}"


def _farewell(last: State, job: _Job, code: int) -> str:
    if not _worth_keeping(job.run):
        return "It had not begun yet; nothing is kept." if job.begun else ""
    if last.epoch >= last.epochs:
        return "All epochs were done; its test set may not have been evaluated."
    if code == -signal.SIGKILL:
        return "It did not answer and was ended; what came after its last checkpoint will be computed again."
    return "Nothing is lost."


def _worth_keeping(run: Run) -> bool:
    """Whether there is something to go on from."""
    return (run.path / "checkpoints" / "checkpoint").exists()


# -- the process ------------------------------------------------------------------------------------------------------


def _environment() -> dict[str, str]:
    """The app's own, in which its own package is found, installed or not."""
    package = str(Path(tfgen.__file__).parents[1])
    others = [place for place in (os.environ.get("PYTHONPATH") or "").split(os.pathsep) if place]
    return {**os.environ, "PYTHONPATH": os.pathsep.join([package, *others])}


def _locked(file: Path, name: str) -> BinaryIO:
    """A log, open for appending. The lock is the open file's, which the process inherits: it outlives this app.

    Raises:
        RunError: if a process of another app has it, or it cannot be written.
    """
    try:
        log = open(file, "ab+", buffering=0)  # noqa: SIM115 (as long as the process)
    except OSError as error:
        raise RunError(f"{name}: expected a folder that can be written. Received: {error.strerror}") from None
    try:
        fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        log.close()
        raise RunError(f"Expected a run that nothing else trains. Received: {name}, which another app trains") from None
    except OSError:
        pass  # a file system without locks
    return log


def _lower_priority(process: int) -> None:
    with contextlib.suppress(OSError):  # it has ended already
        own = os.getpriority(os.PRIO_PROCESS, 0)
        os.setpriority(os.PRIO_PROCESS, process, min(own + NICER, 19))
