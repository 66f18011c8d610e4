"""Supervision of the worker processes of a training on this machine.

The supervisor starts each worker with a `TF_CONFIG`, watches the workers, and restarts all of them when one ends or
stops responding: the remaining workers cannot continue without it. The run resumes from its last checkpoint and ends
in the same bits. The output of each worker is in `logs/worker-<i>.log` of the run folder; the chief's is printed too.
"""

import json
import os
import shlex
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tfgen.errors import DivergedError, Interrupted, LostWorkerError, PortInUseError, TfgenError
from tfgen.ports import LOOPBACK, free_ports
from tfgen.training.distributed.heartbeat import HEARTBEAT, LAUNCHER
from tfgen.training.process import ChildProcess, describe_exit, package_environment
from tfgen.training.stop_signals import handle_stop_signals

POLL_SECONDS = 0.2
#: Time that the workers have to save after Ctrl-C.
STOP_TIMEOUT = 60.0
#: Time after the end of a worker that has lost another one, in which the other one may end too. Its own exit status and
#: message tell more.
OTHERS_SECONDS = 3.0
#: Exit statuses of a worker that a restart would not change, and the errors for them: bad input, a diverged loss.
FINAL: dict[int, type[TfgenError]] = {error.exit_status: error for error in (TfgenError, DivergedError)}


@dataclass
class Worker:
    """A worker process and its heartbeat file."""

    index: int
    process: ChildProcess
    heartbeat: Path
    started: float = field(default_factory=time.time)

    def seconds_since_heartbeat(self) -> float:
        """Seconds since the worker's last heartbeat, or since its start."""
        try:
            last = self.heartbeat.stat().st_mtime
        except FileNotFoundError:
            last = 0.0
        return time.time() - max(last, self.started)


class Supervisor:
    """Keeps the workers of a run going until the run is finished.

    Args:
        run: the run folder.
        program: what each worker executes.
        workers: number of workers.
        max_restarts: number of restarts without a new checkpoint after which the supervisor gives up.
        heartbeat_timeout: seconds without a heartbeat after which a worker counts as lost.
    """

    def __init__(self, run: Path, program: Sequence[str], workers: int, max_restarts: int, heartbeat_timeout: float):
        self.run, self.program, self.count = run, list(program), workers
        self.max_restarts, self.heartbeat_timeout = max_restarts, heartbeat_timeout
        self.logs = run / "logs"
        self._stop_signal: int | None = None

    def supervise(self) -> None:
        """Run the workers to the end of the training.

        Raises:
            LostWorkerError: after too many restarts without a new checkpoint.
            DivergedError: if a worker reports a loss that is infinite or NaN.
            TfgenError: if a worker reports bad input.
            Interrupted: after SIGINT or SIGTERM, once the workers have saved.
        """
        with handle_stop_signals(self._ask_to_stop), tempfile.TemporaryDirectory(prefix="tfgen-launch-") as scratch:
            self._supervise(Path(scratch))

    def _ask_to_stop(self, number, frame):
        self._stop_signal = number

    def _supervise(self, scratch: Path) -> None:
        self.logs.mkdir(parents=True, exist_ok=True)
        failures, checkpoint = 0, self._checkpoint()
        while True:
            workers: list[Worker] = []
            try:
                self._start(workers, scratch)
                loss = self._watch(workers)
            finally:
                # Killed, not asked to stop: each of them waits for the lost worker. Their files are written atomically.
                for worker in workers:
                    worker.process.kill()
                    self._print_output(worker)
                    worker.process.close()
            if loss is None:
                return
            if (latest := self._checkpoint()) != checkpoint:
                failures, checkpoint = 0, latest
            failures += 1
            if failures > self.max_restarts:
                raise LostWorkerError(
                    f"Expected the run to progress. Received: {loss}, and {self.max_restarts} restarts without a new "
                    f"checkpoint. The logs are in {self.logs}. {self._resume_hint()}"
                )
            print(f"launch     {loss}; starting all {self.count} workers again", file=sys.stderr, flush=True)

    def _resume_hint(self) -> str:
        return f"Resume with: tfgen launch --workers {self.count} -- train --resume {shlex.quote(str(self.run))}"

    def _checkpoint(self) -> str:
        """A text that changes with every new checkpoint."""
        try:
            return (self.run / "checkpoints" / "checkpoint").read_text(errors="replace")
        except OSError:
            return ""

    def _start(self, workers: list[Worker], scratch: Path) -> None:
        """Start all workers and add them to the list."""
        addresses = [f"{LOOPBACK}:{port}" for port in free_ports(self.count)]
        environment = package_environment()
        # Each worker would use all cores, and the workers would slow each other down.
        environment.setdefault("TF_NUM_INTRAOP_THREADS", str(max(1, (os.cpu_count() or 1) // self.count)))
        for index in range(self.count):
            heartbeat = scratch / f"worker-{index}"
            heartbeat.unlink(missing_ok=True)
            environment["TF_CONFIG"] = json.dumps(
                {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
            )
            environment |= {HEARTBEAT: str(heartbeat), LAUNCHER: str(os.getpid())}
            now = time.strftime("%Y-%m-%d %H:%M:%S")
            header = f"--- {now}, worker {index} of {self.count} at {addresses[index]}\n"
            process = ChildProcess(self.program, self.logs / f"worker-{index}.log", environment, header)
            workers.append(Worker(index, process, heartbeat))

    def _watch(self, workers: list[Worker]) -> str | None:
        """Wait for the workers.

        Returns:
            None when all workers have finished, otherwise how a worker was lost.

        Raises:
            TfgenError, DivergedError, Interrupted: see `supervise`.
        """
        wait_until: float | None = None
        while True:
            if self._stop_signal is not None:
                for worker in workers:
                    worker.process.ask_to_stop(STOP_TIMEOUT)
            # The chief's output of before its end is complete once its status is known.
            statuses = [worker.process.poll() for worker in workers]
            self._print_output(workers[0])
            if all(status == 0 for status in statuses):
                return None
            if self._stop_signal is None:
                for worker, status in zip(workers, statuses, strict=True):
                    if status in FINAL:
                        raise FINAL[status](
                            f"worker {worker.index}: {worker.process.last_error() or f'see {self.logs}'}"
                        )
                losses = filter(None, map(self._loss, workers, statuses))
                if (loss := next(losses, None)) is not None:
                    wait_until = wait_until or time.monotonic() + OTHERS_SECONDS
                    if LostWorkerError.exit_status not in statuses or time.monotonic() > wait_until:
                        return loss
            elif None not in statuses:
                raise Interrupted(f"Stopped; nothing is lost. {self._resume_hint()}")
            time.sleep(POLL_SECONDS)

    def _loss(self, worker: Worker, status: int | None) -> str:
        """How a worker was lost; empty if the worker runs or has finished."""
        if status is None and worker.seconds_since_heartbeat() > self.heartbeat_timeout:
            return f"worker {worker.index} sent no heartbeat for {self.heartbeat_timeout:.0f} seconds"
        if not status:
            return ""
        error = worker.process.last_error() if status == PortInUseError.exit_status else ""
        return f"worker {worker.index} {describe_exit(status)}{f' ({error})' if error else ''}"

    def _print_output(self, worker: Worker) -> None:
        """Print the chief's output since the last call."""
        if worker.index == 0:
            print(worker.process.new_output(), end="", flush=True)
