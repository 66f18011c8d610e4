"""Several workers on one machine, kept going: tfgen launch --workers 2 -- train.py --model vae …

Starts the workers with a `TF_CONFIG` each, watches them, and starts all of them again when one dies or falls silent:
what they were computing together cannot go on without it, but the run goes on from its last checkpoint and ends in the
same bits. Each worker's output is in the run's `logs/worker-<i>.log`; the chief's is shown too.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from tfgen.errors import Interrupted, LostWorkerError, TfgenError
from tfgen.training.distributed.heartbeat import HEARTBEAT

POLL_SECONDS = 0.2

#: After Ctrl-C: the time in which the workers have to save.
FAREWELL_SECONDS = 60.0

#: Exit statuses of a worker that another try would not change: bad input, a diverged loss.
FINAL = (2, 3)


@dataclass
class Worker:
    """One process, its log and its sign of life."""

    index: int
    process: subprocess.Popen
    recorder: threading.Thread
    heartbeat: Path
    started: float = field(default_factory=time.time)

    def seconds_since_heartbeat(self) -> float:
        """Seconds since its last sign of life."""
        try:
            last = self.heartbeat.stat().st_mtime
        except FileNotFoundError:
            last = 0.0
        return time.time() - max(last, self.started)


class Supervisor:
    """Keeps the workers of a run going until it is finished.

    Args:
        run: the run's folder.
        program: what each worker executes.
        workers: how many.
        max_restarts: without a new checkpoint in between.
        patience: seconds without a sign of life after which a worker counts as lost.
    """

    def __init__(self, run: Path, program: Sequence[str], workers: int, max_restarts: int, patience: float):
        self.run, self.program, self.count = run, list(program), workers
        self.max_restarts, self.patience = max_restarts, patience
        self.logs = run / "logs"
        self._stop: int | None = None

    def supervise(self) -> None:
        """Run the workers to the end.

        Raises:
            LostWorkerError: after too many restarts without progress.
            TfgenError: if a worker reports what another try would not change.
            Interrupted: after SIGINT or SIGTERM, once the workers have saved.
        """
        handlers = {number: signal.signal(number, self._ask_to_stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            with tempfile.TemporaryDirectory(prefix="tfgen-launch-") as scratch:
                self._supervise(Path(scratch))
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)

    def _ask_to_stop(self, number, frame):
        self._stop = number

    def _supervise(self, scratch: Path) -> None:
        self.logs.mkdir(parents=True, exist_ok=True)
        failures, checkpoint = 0, self._checkpoint()
        while True:
            workers = self._start(scratch)
            try:
                lost = self._watch(workers)
            finally:
                # Killed and not asked: each waits for one that is gone. Whatever they were writing is replaced whole.
                for worker in workers:
                    worker.process.kill()
                    worker.process.wait()
                    worker.recorder.join()
            if lost is None:
                return
            if (present := self._checkpoint()) != checkpoint:
                failures, checkpoint = 0, present
            failures += 1
            if failures > self.max_restarts:
                raise LostWorkerError(
                    f"Expected the run to go on. {lost}; started again {self.max_restarts} times without coming to a "
                    f"new checkpoint. The logs are in {self.logs}; go on with: tfgen launch --workers {self.count} -- "
                    f"train.py --resume {self.run}"
                )
            print(f"launch     {lost}; starting all {self.count} workers again", file=sys.stderr, flush=True)

    def _checkpoint(self) -> str:
        """Something that changes with every new checkpoint."""
        file = self.run / "checkpoints" / "checkpoint"
        return file.read_text() if file.exists() else ""

    def _start(self, scratch: Path) -> list[Worker]:
        addresses = [f"127.0.0.1:{port}" for port in _free_ports(self.count)]
        environment = {**os.environ}
        # Processes that each use all cores take them from each other.
        environment.setdefault("TF_NUM_INTRAOP_THREADS", str(max(1, (os.cpu_count() or 1) // self.count)))
        workers = []
        for index in range(self.count):
            heartbeat = scratch / f"worker-{index}"
            heartbeat.unlink(missing_ok=True)
            environment["TF_CONFIG"] = json.dumps(
                {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
            )
            environment[HEARTBEAT] = str(heartbeat)
            process = subprocess.Popen(
                self.program,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                # Ctrl-C reaches the whole process group of the terminal; the workers are told by this process alone.
                start_new_session=True,
            )
            assert process.stdout is not None
            log = open(self.logs / f"worker-{index}.log", "a")  # noqa: SIM115 (closed by its thread)
            log.write(
                f"--- {time.strftime('%Y-%m-%d %H:%M:%S')}, worker {index} of {self.count} at {addresses[index]}\n"
            )
            recorder = threading.Thread(target=_record, args=(process.stdout, log, index == 0), daemon=True)
            recorder.start()
            workers.append(Worker(index, process, recorder, heartbeat))
        return workers

    def _watch(self, workers: list[Worker]) -> str | None:
        """Wait for the workers. None when all have finished, otherwise how one was lost."""
        deadline = float("inf")
        while True:
            if self._stop is not None and deadline == float("inf"):
                deadline = time.monotonic() + FAREWELL_SECONDS
                for worker in workers:
                    worker.process.send_signal(signal.SIGTERM)
            states = [worker.process.poll() for worker in workers]
            if all(state == 0 for state in states):
                return None
            if self._stop is not None and (all(s is not None for s in states) or time.monotonic() > deadline):
                raise Interrupted(
                    f"Stopped; nothing is lost. Go on with: tfgen launch --workers {self.count} -- "
                    f"train.py --resume {self.run}"
                )
            if self._stop is None:
                for worker, state in zip(workers, states, strict=True):
                    if state in FINAL:
                        raise TfgenError(self._last_words(worker))
                    if state not in (None, 0):
                        return f"worker {worker.index} {_ended(state)}"
                    if state is None and worker.seconds_since_heartbeat() > self.patience:
                        return f"worker {worker.index} gave no sign of life for {self.patience:.0f} seconds"
            time.sleep(POLL_SECONDS)

    def _last_words(self, worker: Worker) -> str:
        worker.recorder.join()
        lines = (self.logs / f"worker-{worker.index}.log").read_text().splitlines()
        said = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
        return f"worker {worker.index}: {said[-1] if said else 'see ' + str(self.logs)}"


def _record(lines: IO[str], log: IO[str], shown: bool) -> None:
    with log, lines:
        for line in lines:
            log.write(line)
            log.flush()
            if shown:
                print(line, end="", flush=True)


def _ended(state: int) -> str:
    if state < 0:
        return f"was killed ({signal.Signals(-state).name})"
    return "lost another worker" if state == LostWorkerError.status else f"ended with exit status {state}"


def _free_ports(count: int) -> list[int]:
    """Ports that are free now; all are held open until the last is found, so that they differ."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
