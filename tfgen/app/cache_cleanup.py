"""Deletes old pictures from Gradio's cache: results, uploads and drawings."""

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tfgen.app.pictures import KEPT

if TYPE_CHECKING:
    import gradio as gr

#: Seconds between two cleanups.
INTERVAL = 60.0
#: Age in seconds from which a file is deleted.
MAX_AGE = 3600.0
#: Age in seconds below which a file stays even if the folder is too large.
MIN_AGE = 120.0
#: Total size of the files in bytes from which the oldest files are deleted.
MAX_BYTES = 512 * 2**20


class _Entry(NamedTuple):
    age: float
    size: int
    path: Path


def delete_old_files(folder: Path, now: float, max_bytes: int = MAX_BYTES) -> list[Path]:
    """Delete files older than `MAX_AGE`, the oldest files beyond `max_bytes`, and empty folders.

    Args:
        folder: the folder, searched with all its subfolders except `KEPT`.
        now: current time in seconds since 1970.
        max_bytes: total size of the files that stay.

    Returns:
        The deleted files.
    """
    files, folders = _entries(folder, now)
    deleted, total = [], 0
    for file in sorted(files):
        total += file.size
        if file.age > MAX_AGE or (total > max_bytes and file.age > MIN_AGE):
            with contextlib.suppress(OSError):
                file.path.unlink()
                deleted.append(file.path)
    for old in sorted(folders, key=lambda each: len(each.path.parts), reverse=True):
        # `rmdir` fails on a folder that is not empty. A new folder stays: another thread may be about to fill it.
        with contextlib.suppress(OSError):
            if old.age > MIN_AGE:
                old.path.rmdir()
    return deleted


def _entries(folder: Path, now: float) -> tuple[list[_Entry], list[_Entry]]:
    """Return the files and the subfolders of a folder, except `KEPT` and what is in it."""
    files, folders = [], []
    for path in folder.rglob("*"):
        if path.relative_to(folder).parts[0] == KEPT:
            continue
        # Other threads may delete a file between its listing and `stat`.
        with contextlib.suppress(OSError):
            state = path.stat()
            if path.is_dir():
                folders.append(_Entry(now - state.st_mtime, 0, path))
            else:
                files.append(_Entry(now - state.st_mtime, state.st_size, path))
    return files, folders


@contextlib.contextmanager
def cleaning(blocks: "gr.Blocks", folder: Path) -> Iterator[None]:
    """Clean the folder every `INTERVAL` seconds, in a thread, until the `with` block ends.

    Gradio's own `delete_cache` is not used: it has no limit on the size, forgets files that belong to no component, and
    leaves empty folders.
    """
    ended = threading.Event()

    def clean() -> None:
        while not ended.wait(INTERVAL):
            deleted = set(map(str, delete_old_files(folder, time.time())))
            # Gradio keeps a set of the names of all files that it ever served. Without this line the sets would grow.
            for remembered in blocks.temp_file_sets:
                remembered -= deleted

    thread = threading.Thread(target=clean, name="cache-cleanup", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
