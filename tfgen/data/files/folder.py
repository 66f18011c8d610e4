"""Pictures in a folder and its sub-folders."""

from __future__ import annotations

import os
import stat
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO

from tfgen.data.files.picture_files import PictureFiles
from tfgen.errors import DataError


class FolderFiles(PictureFiles):
    """The pictures of a folder and its sub-folders. Links are followed; hidden files and folders are ignored.

    Raises:
        DataError: if a folder cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.where = str(folder)
        self.name = folder.resolve().name
        self._paths, self._special = _walk(folder)
        states = [os.stat(os.path.join(self.where, path)) for path in self._paths]
        self.signature = [
            (path, state.st_size, state.st_mtime_ns) for path, state in zip(self._paths, states, strict=True)
        ]

    def scan(self) -> None:
        special = [path for path, _ in self._special]
        not_files = {special[i]: self._special[i][1] for i in self._sort(special)}
        self.names = [self._paths[i] for i in self._sort(self._paths)]
        self.unreadable |= not_files
        self.check_not_empty()

    def open(self, index: int) -> AbstractContextManager[BinaryIO]:
        return open(os.path.join(self.where, self.names[index]), "rb")

    def side_file(self, name: str) -> bytes | None:
        path = self.folder / name
        return path.read_bytes() if path.is_file() else None


def _walk(folder: Path) -> tuple[list[str], list[tuple[str, str]]]:
    """Return the relative paths, with "/", of all regular files; and (path, reason) of names that are none."""
    paths: list[str] = []
    special: list[tuple[str, str]] = []
    seen = set()
    for root, directories, files in os.walk(folder, followlinks=True, onerror=_raise):
        if (real := os.path.realpath(root)) in seen:  # a link to a parent folder would be followed without end
            directories.clear()
            continue
        seen.add(real)
        directories[:] = sorted(name for name in directories if not name.startswith("."))
        below = Path(root).relative_to(folder).as_posix()
        start = "" if below == "." else below + "/"
        for name in files:
            if name.startswith("."):
                continue
            try:
                is_file = stat.S_ISREG(os.stat(os.path.join(root, name)).st_mode)
            except OSError as error:
                special.append((start + name, f"it cannot be opened ({error.strerror})"))
                continue
            if is_file:
                paths.append(start + name)
            else:
                special.append((start + name, "it is a pipe, a socket or a device and no file"))
    return sorted(paths), sorted(special)


def _raise(error: OSError) -> None:
    raise DataError(f"{error.filename}: expected a folder that can be read. Received: {error.strerror}") from None
