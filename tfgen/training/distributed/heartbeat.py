"""The heartbeat of a worker, and the end of a worker whose launcher has ended.

The heartbeat is a file whose modification time tells the launcher that the worker makes progress. The training loop
renews it after each chunk of steps. A worker that hangs, also inside TensorFlow while it waits for another worker, does
not come back to the loop and falls silent. Where the loop does not run (start, validation, pictures, checkpoints), a
thread renews the heartbeat, for a limited time.
"""

import contextlib
import math
import os
import signal
import threading
import time
from pathlib import Path

from tfgen.errors import LostWorkerError

#: Environment variables of a worker: path of the heartbeat's file, and process number of the launcher.
HEARTBEAT, LAUNCHER = "TFGEN_HEARTBEAT", "TFGEN_LAUNCHER"
#: Seconds that a worker may take for what happens between two chunks of steps: compiling the first step, validation,
#: pictures, a checkpoint. All workers wait for the slowest of them.
BETWEEN_CHUNKS = 600.0
#: Seconds that a worker has to save after its launcher has ended.
STOP_SECONDS = 60.0

#: Time, as of `time.monotonic`, until which the thread renews the heartbeat.
_until = math.inf


def is_launched() -> bool:
    """Whether this process is a worker that `tfgen launch` has started."""
    return bool(os.environ.get(HEARTBEAT))


def start_heartbeat(seconds: float = 1.0) -> None:
    """Start the thread of a worker. Does nothing in a process that is no worker of `tfgen launch`.

    The thread renews the heartbeat until the first call of `beat`, and afterwards as `beat` says. If the launcher ends
    without ending its workers, because it was killed, the thread asks the training to save and stop.

    Args:
        seconds: time between two renewals.
    """
    if is_launched():
        threading.Thread(target=_watch, args=(seconds,), name="heartbeat", daemon=True).start()


def beat(allowance: float = 0.0) -> None:
    """Renew the heartbeat. Does nothing in a process that is no worker of `tfgen launch`.

    Args:
        allowance: seconds for which the thread goes on renewing it.
    """
    global _until
    if is_launched():
        _until = time.monotonic() + allowance
        _touch()


def _watch(seconds: float) -> None:
    pause, launcher = threading.Event(), os.environ.get(LAUNCHER)
    while launcher is None or os.getppid() == int(launcher):
        if time.monotonic() < _until:
            _touch()
        pause.wait(seconds)
    os.kill(os.getpid(), signal.SIGTERM)
    # A worker that waits for another one does not handle the signal.
    pause.wait(STOP_SECONDS)
    os._exit(LostWorkerError.exit_status)


def _touch() -> None:
    with contextlib.suppress(OSError):  # the launcher has ended and deleted the folder
        Path(os.environ[HEARTBEAT]).touch()
