"""Hidden folders in which a program makes what it then moves into place in one step."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from tfgen.errors import ConfigError

#: File in the hidden folder that its program locks.
_LOCK = ".lock"


@contextlib.contextmanager
def hidden_folder(parent: str | Path, prefix: str) -> Iterator[Path]:
    """Create a hidden folder in `parent`, and delete it at the end of the `with` block, also after an exception.

    The hidden folder is on the same disk as `parent`, so that its contents can be moved in one step. Hidden folders of
    killed programs are deleted first. A program that runs holds a lock on its hidden folder, so that another program
    does not delete it.

    Args:
        parent: folder that the user named. It is made if it does not exist.
        prefix: start of the name of the hidden folder, with its dot.

    Raises:
        ConfigError: if `parent` is not writable.
    """
    parent = Path(parent)
    try:
        parent.mkdir(parents=True, exist_ok=True)
        # `mkdtemp` adds eight characters.
        for left in parent.glob(f"{prefix}{8 * '?'}/"):
            _remove_if_unlocked(left)
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        lock = FileLock(folder / _LOCK)
        lock.acquire()
    except OSError as error:
        raise ConfigError(
            f"--out: expected a folder that can be written to. Received: {parent} ({error.strerror})"
        ) from None
    try:
        yield folder
    finally:
        lock.release()
        shutil.rmtree(folder, ignore_errors=True)


def _remove_if_unlocked(folder: Path) -> None:
    lock = FileLock(folder / _LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return
    lock.release()
    shutil.rmtree(folder, ignore_errors=True)
