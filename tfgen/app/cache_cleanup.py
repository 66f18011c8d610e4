"""The pictures that were answered, uploaded or drawn: kept for a while, and never more than a bound."""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import gradio as gr

#: Seconds between two looks, how long a picture stays, and how long it stays even where there are too many of them.
EVERY, KEEP, KEEP_ANYHOW = 60.0, 3600.0, 120.0
#: Bytes of all of them.
MOST = 512 * 2**20


class _File(NamedTuple):
    age: float
    size: int
    path: Path


def tidy(folder: Path, now: float, most: int = MOST) -> list[Path]:
    """Delete the files in a folder that are too old, the oldest of those that are too many, and folders left empty.

    Args:
        folder: with all folders in it.
        now: the time, seconds since 1970.
        most: bytes that may stay.

    Returns:
        The files that are gone.
    """
    files, folders = [], []
    for path in folder.rglob("*"):
        # Others write here meanwhile.
        with contextlib.suppress(OSError):
            state = path.stat()
            if path.is_dir():
                folders.append(_File(now - state.st_mtime, 0, path))
            else:
                files.append(_File(now - state.st_mtime, state.st_size, path))
    gone, stay = [], 0
    for file in sorted(files):
        stay += file.size
        if file.age > KEEP or (stay > most and file.age > KEEP_ANYHOW):
            with contextlib.suppress(OSError):
                file.path.unlink()
                gone.append(file.path)
    for old in sorted(folders, key=lambda each: len(each.path.parts), reverse=True):
        # A new one may be about to be filled.
        with contextlib.suppress(OSError):
            if old.age > KEEP_ANYHOW:
                old.path.rmdir()
    return gone


@contextlib.contextmanager
def tidied(blocks: "gr.Blocks", folder: Path) -> Iterator[None]:
    """Keep the folder tidy for the length of a `with` block.

    Gradio's own `delete_cache` deletes by age alone, forgets what has no component, and leaves the folders.
    """
    import time

    ended = threading.Event()

    def look() -> None:
        while not ended.wait(EVERY):
            gone = set(map(str, tidy(folder, time.time())))
            # Gradio remembers each of them, for ever.
            for remembered in blocks.temp_file_sets:
                remembered -= gone

    thread = threading.Thread(target=look, name="tidying", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
