"""Pictures in a folder and its sub-folders."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO

from tfgen.data.files.picture_files import PictureFiles


class FolderFiles(PictureFiles):
    """The pictures of a folder and its sub-folders. Links are followed; hidden files and folders are ignored."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.where = str(folder)
        self.name = folder.resolve().name
        self._paths = _walk(folder)
        states = [os.stat(os.path.join(self.where, path)) for path in self._paths]
        self.signature = [
            (path, state.st_size, state.st_mtime_ns) for path, state in zip(self._paths, states, strict=True)
        ]

    def scan(self) -> None:
        self.names = [self._paths[i] for i in self._sort(self._paths)]
        self.check_not_empty()

    def open(self, index: int) -> AbstractContextManager[BinaryIO]:
        return open(os.path.join(self.where, self.names[index]), "rb")

    def side_file(self, name: str) -> bytes | None:
        path = self.folder / name
        return path.read_bytes() if path.is_file() else None


def _walk(folder: Path) -> list[str]:
    """Return the relative paths of all files, with "/"."""
    paths: list[str] = []
    seen = set()
    for root, directories, files in os.walk(folder, followlinks=True):
        if (real := os.path.realpath(root)) in seen:  # a link to a parent folder would be followed without end
            directories.clear()
            continue
        seen.add(real)
        directories[:] = sorted(name for name in directories if not name.startswith("."))
        below = Path(root).relative_to(folder).as_posix()
        start = "" if below == "." else below + "/"
        paths += [start + file for file in files if not file.startswith(".")]
    return [path for path in sorted(paths) if os.path.isfile(os.path.join(folder, path))]
