"""Training from the app: one run at a time, in a child process."""

import dataclasses
import itertools
import re
import shutil
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tfgen.app.catalogue import Catalogue
from tfgen.app.public_text import without_folders
from tfgen.app.training_state import Job, State, end_state, progress_state
from tfgen.config.families import AUTO
from tfgen.config.presets import run_config
from tfgen.errors import RunError
from tfgen.runs.lock import is_locked
from tfgen.runs.run import Run
from tfgen.training.process import PYTHON, ChildProcess, package_environment

#: Command of a training, before "--resume RUN".
PROGRAM = (*PYTHON, "-m", "tfgen", "train")
#: Name of the file in the run folder with the output of the training.
LOG = "train.log"
#: Added to the nice value of the training process, so that the app's own requests are computed first.
NICENESS = 10


class Trainer:
    """Trains one run of a folder at a time, in a process that runs `tfgen train`.

    The process saves a checkpoint and ends on SIGTERM. It holds the training lock of the run, also if the app ends.
    App and process share nothing but the run folder. Every method may be called from any thread.

    Args:
        root: folder of the runs. The folder need not exist.
        stop_timeout: seconds that the process has to save after it is asked to stop. After that time it is killed, and
            the steps after its last checkpoint are lost.
        program: command of a training; "--resume RUN" or the options of a new run are added.
    """

    def __init__(self, root: str | Path, stop_timeout: float = 30.0, program: Sequence[str] = PROGRAM):
        self.catalogue, self.stop_timeout, self.program = Catalogue(root), stop_timeout, tuple(program)
        self._job: Job | None = None
        self._state, self._last_output = State(), ""
        self._closed = False
        self._lock = threading.RLock()

    def start(self, model: str, preset: str = "quick", **options: Any) -> str:
        """Create a run and start its training.

        Args:
            model, preset, options: see `run_config`.

        Returns:
            The name of the run.

        Raises:
            ConfigError: if a name does not exist or a value is out of range.
            RunError: if a training runs already, or the folder cannot be written.
        """
        config = run_config(model, preset, **options)
        with self._lock:
            self._check_idle()
            run = Run.create(self.catalogue.root, config)
            path = run.path.resolve()
            return self._launch(run.path.name, Run(path, config), ["--resume", str(path)], is_new=True)

    def start_auto(self, model: str, data: Path, minutes: float, **options: Any) -> str:
        """Start the training of a new run with the preset auto, which reads the data before it plans the training.

        Args:
            model: name of the family.
            data: absolute path of the pictures.
            minutes: planned time of the training.
            options: further options, see `run_config`.

        Returns, Raises: as `start`. Data that cannot be used end the process, whose state then has the reason.
        """
        config = run_config(model, AUTO, data=str(data), **options)
        words = ["--model", model, "--preset", AUTO, "--data", str(data), "--minutes", f"{minutes:g}"]
        for name, value in options.items():
            flag = f"--{name.replace('_', '-')}"
            words += [flag] if value is True else [flag, str(value)]
        with self._lock:
            self._check_idle()
            name = self._new_name(f"{data.stem}-{model}")
            path = self.catalogue.root.resolve() / name
            return self._launch(name, Run(path, config), [*words, "--run", str(path)], is_new=True, is_planned=True)

    def _new_name(self, start: str) -> str:
        """Return a name that no run has, and make the folder of the runs.

        Raises:
            RunError: if the folder cannot be made.
        """
        start = re.sub(r"[^\w.-]+", "-", start).strip("-.")
        try:
            self.catalogue.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(
                f"Expected a folder of runs that can be written, {self.catalogue.root}. Received: {error.strerror}"
            ) from None
        return next(name for i in itertools.count(1) if not (self.catalogue.root / (name := f"{start}-{i}")).exists())

    def resume(self, name: str) -> str:
        """Resume an unfinished run from its last checkpoint. Returns its name.

        Raises:
            RunError: if there is no such run, the run is finished, diverged or packed, or a training runs already.
        """
        with self._lock:
            self._check_idle()
            run = self.catalogue.run(name)
            if run.is_packed:
                raise RunError(
                    f"Expected a run to resume. Received: {name}, a packed model, which has no optimizer's state "
                    "and cannot be trained further"
                )
            if (state := run.state) != "unfinished":
                raise RunError(f"Expected a run that is unfinished. Received: {name}, which is {state}")
            if is_locked(run.path, "training"):
                raise RunError(
                    f"Expected a run that no other process trains. Received: {name}, which another process trains"
                )
            return self._launch(name, run, ["--resume", str(run.path)], is_new=False)

    def stop(self) -> None:
        """Ask the training to save and end, and return at once. Does nothing if no training runs."""
        with self._lock:
            self._update()
            if self._job is not None:
                self._job.process.ask_to_stop(self.stop_timeout)

    def state(self) -> State:
        """The state of the current training, or of the last one."""
        with self._lock:
            self._update()
            sentence = without_folders(self._state.sentence, self.catalogue.root)
            return dataclasses.replace(self._state, sentence=sentence)

    def output(self) -> str:
        """The end of the output of the current training, or of the last one; empty if there was none."""
        with self._lock:
            self._update()
            output = self._last_output if self._job is None else self._job.process.output()
            return without_folders(output, self.catalogue.root)

    def unfinished(self) -> list[str]:
        """Names of the unfinished runs that this trainer does not train now, latest first."""
        state = self.state()
        names = [
            entry.name
            for entry in self.catalogue.entries()
            if entry.run is not None and not entry.run.is_packed and unfinished(entry.run)
        ]
        return [name for name in names if not (state.busy and name == state.run)]

    def close(self) -> None:
        """Stop the training and wait for its end. Nothing can be started afterwards."""
        with self._lock:
            self._closed = True
            self.stop()
            if (job := self._job) is None:
                return
            try:
                job.process.wait(self.stop_timeout)
            finally:
                job.process.kill()
                self._update()

    def _check_idle(self) -> None:
        """Raise `RunError` if a training runs, or the app is closing."""
        if self._closed:
            raise RunError("Expected a running app. Received: an app that is closing")
        self._update()
        if self._job is not None:
            raise RunError(
                f"Expected no other training. Received: {self._job.name} is training; stop it or wait for its end"
            )

    def _launch(self, name: str, run: Run, words: Sequence[str], is_new: bool, is_planned: bool = False) -> str:
        """Start the process with arguments. A new run folder is deleted if that fails."""
        log = run.path.with_name(f".{name}.log") if is_planned else run.path / LOG
        try:
            first_epoch = run.epoch or 0
            process = ChildProcess([*self.program, *words], log, package_environment())
        except RunError:
            if is_new:
                shutil.rmtree(run.path, ignore_errors=True)
            raise
        process.lower_priority(NICENESS)
        self._job = Job(name, run, is_new, first_epoch, process, planned_log=log if is_planned else None)
        self._state = State("starting", name, epochs=run.config.train.epochs)
        self._update()
        return name

    def _update(self) -> None:
        """Update the state. A process whose run folder was deleted is killed: it could not save."""
        job = self._job
        if job is None:
            return
        status = job.process.poll()
        if job.planned_log is not None and job.has_folder:
            self._state = self._begin_planned(job)
        if status is None and job.run_is_deleted:
            job.process.kill()
            status = job.process.poll()
        self._state = progress_state(self._state, job)
        if status is None:
            return
        self._state, self._last_output, self._job = end_state(self._state, job, status), job.process.output(), None
        job.process.close()
        if job.planned_log is not None:
            job.planned_log.unlink(missing_ok=True)
        if job.is_new and not job.can_be_resumed:
            shutil.rmtree(job.run.path, ignore_errors=True)

    def _begin_planned(self, job: Job) -> State:
        """Read the configuration of a run that its process has planned, and return the state with its epochs."""
        assert job.planned_log is not None
        try:
            job.run = Run.open(job.run.path)
            job.planned_log.replace(job.run.path / LOG)
        except (OSError, RunError):
            return self._state
        job.planned_log = None
        return dataclasses.replace(self._state, epochs=job.run.config.train.epochs)


def unfinished(run: Run) -> bool:
    """Whether a run can be trained further; False if its state cannot be read."""
    try:
        return run.state == "unfinished"
    except RunError:
        return False
