"""What all places of picture files have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from contextlib import AbstractContextManager
from pathlib import PurePosixPath
from typing import Any, BinaryIO

import numpy as np

from tfgen.data.picture import OTHER_PICTURES, suffixes
from tfgen.errors import DataError

#: Largest file in an archive that is unpacked into memory, in bytes.
MAX_FILE_BYTES = 2**30


class PictureFiles(ABC):
    """The picture files of one source.

    The constructor of a class finds out what the `signature` needs and nothing more. `scan` lists the files.

    Attributes:
        name: name of the data set.
        where: path of the source, for messages.
        signature: values that JSON can hold, which change when the files change.
        names: after `scan`, the paths of the pictures inside the source, with "/", in their order.
        unreadable: after `scan`, path → reason of each picture that is not opened: its format is not read, or it is no
            regular file.
        left_out: after `scan`, suffix → number of files that are no pictures.
        roles: after `scan`, the name of the split of each picture, where the source says it outside of the paths; else
            None.
    """

    name: str
    where: str
    signature: Any
    names: list[str]
    unreadable: dict[str, str]
    left_out: Counter[str]
    roles: list[str] | None = None

    @abstractmethod
    def scan(self) -> None:
        """List the files. Raises `DataError` if the source is damaged."""

    @abstractmethod
    def open(self, index: int) -> AbstractContextManager[BinaryIO]:
        """Open picture number `index` of `names`. May be called from several threads."""

    @abstractmethod
    def side_file(self, name: str) -> bytes | None:
        """Return the content of a file that is no picture, by its path inside the source; None if there is none."""

    def side_files(self) -> dict[str, bytes]:
        """Return the small files that carry the labels of samples (.cls, .json of WebDataset), by their paths."""
        return {}

    def own_labels(self) -> tuple[np.ndarray, tuple[str, ...]] | None:
        """Return labels that the source stores beside its pictures, int64 [N], and their names; None if it has none."""
        return None

    def sample_key(self, index: int) -> str:
        """The key of a picture's sample, in the form of `side_files`."""
        return self.names[index]

    def close(self) -> None:  # noqa: B027
        """Close the files that are open, if the class keeps any open."""

    def full_name(self, index: int) -> str:
        """The name of a picture in messages."""
        return f"{self.where}/{self.names[index]}"

    def _sort(self, paths: list[str]) -> list[int]:
        """Divide paths into pictures and others; return the positions of the pictures, sorted by their parts."""
        self.unreadable, self.left_out = {}, Counter()
        pictures = []
        readable = set(suffixes())
        for i, path in enumerate(paths):
            parts = path.split("/")
            if "__MACOSX" in parts or any(part.startswith(".") and part not in (".", "..") for part in parts):
                continue
            suffix = PurePosixPath(parts[-1]).suffix.lower()
            if suffix in readable:
                pictures.append(i)
            elif suffix in OTHER_PICTURES:
                self.unreadable[path] = f"{suffix} is not read"
            else:
                self.left_out[suffix or parts[-1]] += 1
        return sorted(pictures, key=lambda i: paths[i].split("/"))

    def check_size(self, name: str, size: int) -> None:
        """Raise `DataError` if a file inside an archive is too large to be a picture, before memory is taken for it."""
        if size > MAX_FILE_BYTES:
            raise DataError(f"{self.where}/{name}: expected at most {MAX_FILE_BYTES:,} bytes. Received: {size:,}")

    def check_not_empty(self) -> None:
        """Raise `DataError` if there is no picture."""
        if self.names or self.unreadable:
            return
        found = f"only files of type {', '.join(sorted(self.left_out)[:10])}" if self.left_out else "no files"
        common = ", ".join(end for end in (".png", ".jpg", ".webp", ".bmp", ".gif", ".tif") if end in suffixes())
        raise DataError(
            f"{self.where}: expected pictures of type {common} or another that Pillow reads. Found: {found}"
        )
