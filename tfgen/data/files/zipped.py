"""Pictures in a .zip file."""

from __future__ import annotations

import hashlib
import io
import zipfile
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO

from tfgen.data.files.picture_files import PictureFiles
from tfgen.errors import DataError

#: Bytes at the end of an archive, the end of its list of files with their checksums, that are part of its signature.
_TAIL = 2**16


class ZipFiles(PictureFiles):
    """The pictures of a .zip file. Hidden files and the folder that macOS adds are ignored."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.where = str(path)
        self.name = path.stem
        state = path.stat()
        with path.open("rb") as file:
            file.seek(max(0, state.st_size - _TAIL))
            tail = hashlib.sha256(file.read()).hexdigest()
        # Without the name, so that a copy with the same time has the same pictures.
        self.signature = [tail, state.st_size, state.st_mtime_ns]

    def scan(self) -> None:
        try:
            self._archive = zipfile.ZipFile(self.path)
        except Exception as error:  # a damaged list of files can raise almost any error
            raise DataError(f"{self.path}: expected a .zip file. Received a damaged or other file ({error})") from error
        infos = [info for info in self._archive.infolist() if not info.is_dir()]
        order = self._sort([info.filename for info in infos])
        self._infos = [infos[i] for i in order]
        self.names = [info.filename for info in self._infos]
        self.check_not_empty()

    def open(self, index: int) -> AbstractContextManager[BinaryIO]:
        return io.BytesIO(self._read(self._infos[index]))

    def side_file(self, name: str) -> bytes | None:
        try:
            return self._read(self._archive.getinfo(name))
        except KeyError:
            return None

    def _read(self, info: zipfile.ZipInfo) -> bytes:
        self.check_size(info.filename, info.file_size)
        try:
            return self._archive.read(info)
        except Exception as error:
            # One wrong byte can raise almost any error, because it can change the compression, encryption or format.
            raise DataError(
                f"{self.where}/{info.filename}: expected a complete file in the .zip. Received: {error}"
            ) from error
