"""Locks on a run folder, so that two processes never write the same files of a run."""

import contextlib
import json
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import filelock

from tfgen.errors import RunError

#: What a process does with a run while it holds the lock. "training" lasts as long as the training, "launch" as long as
#: the training or its launcher, which holds the lock while it starts the workers again, and "evaluation" as long as
#: `evaluation.json` is read and written again, so that a run can be measured while it trains. "favourites" locks the
#: folder `.favourites` beside the runs, as long as a file of favourites is read and written again.
Purpose = Literal["training", "launch", "evaluation", "favourites"]
#: Seconds to wait for the lock of a training, while another process looks whether the run is locked.
LOCK_TIMEOUT = 5.0


def lock_file(folder: Path, purpose: Purpose) -> Path:
    """The file that is locked. The file stays in the folder; whether it is locked is known to the operating system."""
    return folder / f".{purpose}.lock"


@contextlib.contextmanager
def run_lock(folder: Path, purpose: Purpose, timeout: float = 0.0) -> Iterator[None]:
    """Hold a lock on a run folder inside a `with` block.

    The operating system releases the lock when the process ends, also when the process is killed. A process may take a
    lock that its thread holds already. Nothing is locked on a file system without locks.

    Args:
        folder: of the run.
        purpose: which of the locks.
        timeout: seconds to wait for another process to release the lock.

    Raises:
        RunError: if another process holds the lock; the message names the process.
    """
    path = lock_file(folder, purpose)
    lock = filelock.FileLock(path, is_singleton=True)
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(lock.acquire(timeout=timeout))
        except filelock.Timeout:
            raise RunError(
                f"Expected a run that no other process uses for {purpose}. Received: {folder}, which "
                f"{_holder(path)} uses"
            ) from None
        except NotImplementedError:
            pass
        except OSError as error:
            raise RunError(f"Expected a run folder that can be written, {folder}. Received: {error.strerror}") from None
        else:
            if lock.lock_counter == 1:
                _name_holder(path)
        yield


def is_locked(folder: Path, purpose: Purpose) -> bool:
    """Whether another process, or another thread of this process, holds the lock."""
    if not lock_file(folder, purpose).exists():
        return False
    try:
        with run_lock(folder, purpose):
            return False
    except RunError:
        return True


def _name_holder(path: Path) -> None:
    holder = {"process": os.getpid(), "host": socket.gethostname(), "since": time.strftime("%Y-%m-%d %H:%M:%S")}
    with contextlib.suppress(OSError):  # only the message of another process depends on the content
        path.write_text(json.dumps(holder))


def _holder(path: Path) -> str:
    try:
        holder = json.loads(path.read_text())
        return f"process {holder['process']} of {holder['host']} (since {holder['since']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
