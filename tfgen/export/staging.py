"""Atomic publication of an export: made in a hidden folder, checked there, then moved into place."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from tfgen.errors import ConfigError
from tfgen.files import move_durably

_PREFIX = ".export-"
#: File in the hidden folder that a running export locks.
_LOCK = ".lock"


@contextlib.contextmanager
def staging(out: str | Path) -> Iterator[Path]:
    """Create a hidden folder in `out`, and delete it at the end of the `with` block, also after an exception.

    The hidden folder is on the same disk as `out`, so that its contents can be moved in one step. Hidden folders of
    killed exports are deleted first. A running export holds a lock on its hidden folder, so that a second export into
    the same `out` does not delete it.

    Raises:
        ConfigError: if `out` is not writable.
    """
    out = Path(out)
    try:
        out.mkdir(parents=True, exist_ok=True)
        for left in out.glob(f"{_PREFIX}*"):
            _remove_if_unlocked(left)
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=out))
    except OSError as error:
        raise ConfigError(
            f"--out: expected a folder that can be written to. Received: {out} ({error.strerror})"
        ) from None
    lock = FileLock(folder / _LOCK)
    lock.acquire()
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


def publish_version(source: Path, versions: Path) -> Path:
    """Move the folder `source` to `versions/<n>` in one step, n being the largest number there plus 1.

    Returns:
        The new path.
    """
    versions.mkdir(parents=True, exist_ok=True)
    while True:
        taken = [int(entry.name) for entry in versions.iterdir() if entry.name.isdigit()]
        target = versions / str(max(taken, default=0) + 1)
        try:
            move_durably(source, target)
        except OSError:
            if not target.exists():
                raise
            continue  # Another export created the same version after this one read the folder.
        return target


def publish_files(source: Path, folder: Path) -> list[Path]:
    """Move the files of `source` into `folder`, each in one step, replacing files of the same name.

    Returns:
        The new paths.
    """
    folder.mkdir(parents=True, exist_ok=True)
    targets = [folder / file.name for file in sorted(source.iterdir())]
    for target in targets:
        move_durably(source / target.name, target)
    return targets
