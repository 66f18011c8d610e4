"""The cache of decoded pictures: one folder for each set of files and options, in the cache folder of the user."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import platformdirs
from filelock import FileLock

from tfgen.errors import DataError
from tfgen.files import move_durably

#: Changes when the content of the files in the cache changes.
_FORMAT = 2


def cache_folder() -> Path:
    """Return the folder of decoded pictures: `tfgen/data` in the cache folder of the user (Linux: ~/.cache)."""
    return platformdirs.user_cache_path("tfgen") / "data"


def entry_folder(signature: Any) -> Path:
    """Return the folder of the entry with a signature, whether or not it exists.

    Args:
        signature: everything on which the content depends, as values that JSON can hold.
    """
    import PIL

    text = json.dumps([_FORMAT, PIL.__version__, signature])
    return cache_folder() / hashlib.sha256(text.encode()).hexdigest()[:32]


@contextlib.contextmanager
def writing(folder: Path, is_written: Callable[[], bool]) -> Iterator[Path | None]:
    """Give the `with` block a new folder, and make it the entry when the block ends.

    Other processes that want to write the same entry wait. The block gets None if one of them has written the entry. An
    interrupted block leaves nothing. A damaged entry is replaced.

    Args:
        folder: of the entry.
        is_written: whether the entry exists and is undamaged.

    Raises:
        DataError: if the cache folder cannot be written to.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder.with_suffix(".lock"))
        lock.acquire()
    except OSError as error:
        raise _not_writable(folder.parent, error) from None
    try:
        if is_written():
            yield None
            return
        with tempfile.TemporaryDirectory(prefix=".writing-", dir=folder.parent, ignore_cleanup_errors=True) as made:
            try:
                yield Path(made)
            except OSError as error:
                raise _not_writable(folder.parent, error) from error
            shutil.rmtree(folder, ignore_errors=True)
            move_durably(made, folder)
            # So that the end of the block finds something to delete.
            Path(made).mkdir()
    finally:
        lock.release()


def clear() -> tuple[int, int]:
    """Delete all entries. Return their number and their bytes."""
    folder = cache_folder()
    if not folder.is_dir():
        return 0, 0
    entries = [path for path in folder.iterdir() if path.is_dir()]
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    shutil.rmtree(folder)
    return len(entries), size


def _not_writable(folder: Path, error: OSError) -> DataError:
    return DataError(
        f"Expected a cache folder that can be written to ($XDG_CACHE_HOME or ~/.cache). Received: {folder}: "
        f"{error.strerror or error}. --no-cache keeps the pictures in memory"
    )
