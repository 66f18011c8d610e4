"""An export is published whole or not at all: it is made in a hidden folder, checked there, and moved into place."""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tfgen.errors import ConfigError

_PREFIX = ".export-"


@contextlib.contextmanager
def staging(out: str | Path) -> Iterator[Path]:
    """A new hidden folder in `out`, on the same disk, that is gone at the end of the `with` block, whatever happens.

    What an export that was killed left behind is removed first. An export that still runs holds a lock on its folder,
    so that two at a time leave each other alone.

    Raises:
        ConfigError: if `out` cannot be written to.
    """
    out = Path(out)
    try:
        out.mkdir(parents=True, exist_ok=True)
        for left in out.glob(f"{_PREFIX}*"):
            _remove_abandoned(left)
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=out))
    except OSError as error:
        raise ConfigError(
            f"--out: expected a folder that can be written to. Received: {out} ({error.strerror})"
        ) from None
    lock = os.open(folder, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _remove_abandoned(folder: Path) -> None:
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    else:
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)


def publish_version(made: Path, versions: Path) -> Path:
    """Move a folder to `versions/<n>`, n one more than the largest there, in one step. Returns where it is."""
    versions.mkdir(parents=True, exist_ok=True)
    while True:
        taken = [int(entry.name) for entry in versions.iterdir() if entry.name.isdigit()]
        place = versions / str(max(taken, default=0) + 1)
        try:
            made.rename(place)
        except OSError:
            if not place.exists():
                raise
            continue  # another export took the number in between
        return place


def publish_files(made: Path, folder: Path) -> list[Path]:
    """Move the files of a folder into `folder`, each in one step in the place of its predecessor."""
    folder.mkdir(parents=True, exist_ok=True)
    return [file.replace(folder / file.name) for file in sorted(made.iterdir())]
