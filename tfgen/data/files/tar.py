"""Pictures in .tar files, also in the shards of a WebDataset."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import os
import re
import shutil
import tarfile
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from tfgen.data.files.picture_files import PictureFiles
from tfgen.data.layout import role_of
from tfgen.errors import DataError

_COMPRESSIONS: dict[bytes, Callable[[BinaryIO], Any]] = {b"\x1f\x8b": gzip.open, b"BZ": bz2.open, b"\xfd7": lzma.open}
_LABEL_SUFFIXES = (".cls", ".json")


class TarFiles(PictureFiles):
    """The pictures of one or several .tar files.

    In a WebDataset, the files of a sample share their path up to the first dot of their name: `0001.jpg`, `0001.cls`.
    If all shards are called after a split, such as `train-000.tar` and `test-000.tar`, the names are the split.

    Args:
        paths: the .tar files. A compressed one is unpacked into a temporary file.
        where: the path as the user wrote it.
    """

    def __init__(self, paths: list[Path], where: Path) -> None:
        self.paths, self.where = paths, str(where)
        self._files: list[BinaryIO] = []
        self.name = re.sub(r"[-_.]?(\{.*\}|\*).*$|\.tar(\.\w+)?$|\.tgz$", "", where.name) or where.resolve().parent.name
        states = [path.stat() for path in paths]
        self.signature = [
            (path.name, state.st_size, state.st_mtime_ns) for path, state in zip(paths, states, strict=True)
        ]

    def scan(self) -> None:
        members: list[tuple[int, str, int, int]] = []
        for number, path in enumerate(self.paths):
            file, found = _members(path)
            self._files.append(file)
            members += [(number, *member) for member in found]
        order = self._sort([f"{number:09d}/{name}" for number, name, _, _ in members])
        self._labels = [member for member in members if member[1].endswith(_LABEL_SUFFIXES)]
        for suffix in _LABEL_SUFFIXES:
            self.left_out.pop(suffix, None)
        self.unreadable = {name.partition("/")[2]: reason for name, reason in self.unreadable.items()}
        self._members = [members[i] for i in order]
        self.names = [name for _, name, _, _ in self._members]
        roles = [role_of(re.split(r"[-_.0-9]", path.name)[0]) for path in self.paths]
        if None not in roles and len(set(roles)) > 1:
            self.roles = [str(roles[member[0]]) for member in self._members]
        self.check_not_empty()

    def open(self, index: int) -> AbstractContextManager[BinaryIO]:
        return io.BytesIO(self._read(self._members[index]))

    def side_file(self, name: str) -> bytes | None:
        return next((self._read(member) for member in self._labels if member[1] == name), None)

    def side_files(self) -> dict[str, bytes]:
        return {f"{member[0]}/{member[1]}": self._read(member) for member in self._labels}

    def close(self) -> None:
        for file in self._files:
            file.close()

    def sample_key(self, index: int) -> str:
        """The path that a picture shares with the other files of its sample, with the number of the shard."""
        number, name, _, _ = self._members[index]
        return sample_key(f"{number}/{name}")

    def full_name(self, index: int) -> str:
        number, name, _, _ = self._members[index]
        return f"{self.paths[number]}/{name}"

    def _read(self, member: tuple[int, str, int, int]) -> bytes:
        number, name, offset, size = member
        self.check_size(name, size)
        content = os.pread(self._files[number].fileno(), size, offset)
        if len(content) < size:
            raise DataError(f"{self.paths[number]}/{name}: expected {size} bytes. Received: {len(content)}")
        return content


def sample_key(path: str) -> str:
    """The part of a path up to the first dot of the name."""
    pure = PurePosixPath(path)
    return str(pure.with_name(pure.name.split(".")[0]))


def shards(path: Path) -> list[Path]:
    """Return the .tar files of a pattern, or of a folder that has .tar files and no other; [] if it is neither."""
    if match := re.search(r"\{(\d{1,9})\.\.(\d{1,9})\}", str(path)):
        first, last = int(match[1]), int(match[2])
        found = []
        for i in range(first, last + 1):
            found.append(Path(str(path).replace(match[0], str(i).zfill(len(match[1])))))
            if not found[-1].is_file():
                raise DataError(f"{path}: expected the shards {first} to {last}. Missing: {found[-1]}")
        return found
    if path.is_dir():
        files = [file for file in sorted(path.iterdir()) if not file.name.startswith(".")]
        tars = [file for file in files if file.suffix.lower() == ".tar" and file.is_file()]
        # Indexes and descriptions may lie beside the shards, folders and pictures not.
        others = [file for file in files if file.is_dir() or file.suffix.lower() in (".png", ".jpg", ".jpeg", ".webp")]
        return [] if others else tars
    if "*" in path.name and not path.exists() and path.parent.is_dir():
        # Brackets and question marks are ordinary characters of names here, unlike in the module glob.
        pattern = re.compile(re.escape(path.name).replace(r"\*", ".*"))
        return sorted(file for file in path.parent.iterdir() if pattern.fullmatch(file.name) and file.is_file())
    return []


def _members(path: Path) -> tuple[BinaryIO, list[tuple[str, int, int]]]:
    """Return an open, uncompressed .tar file, and (name, offset, size) of its regular files."""
    with contextlib.ExitStack() as stack:
        try:
            file: BinaryIO = stack.enter_context(path.open("rb"))
            opener = _COMPRESSIONS.get(file.read(2))
            file.seek(0)
            if opener is not None:
                packed = stack.enter_context(opener(file))
                file = stack.enter_context(tempfile.TemporaryFile())  # type: ignore[assignment]
                shutil.copyfileobj(packed, file, 2**20)
                file.seek(0)
            with tarfile.open(fileobj=file, mode="r:") as archive:
                regular = [info for info in archive if info.isreg() and not info.sparse]
        except Exception as error:  # one wrong byte can raise almost any error, because it can change the compression
            raise DataError(f"{path}: expected a .tar file. Received a damaged or other file ({error})") from error
        kept = os.fdopen(os.dup(file.fileno()), "rb")
    return kept, [(info.name.removeprefix("./"), info.offset_data, info.size) for info in regular]
