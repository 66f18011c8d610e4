"""Images in a file, of which only the rows that are asked for are in memory."""

from __future__ import annotations

import math
import os
import weakref
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tfgen.data.arrays import read_header

#: Images that take at most this number of bytes are read into memory.
IN_MEMORY_BYTES = 2**29
#: Bytes that are read at a time where a function visits all images.
_CHUNK_BYTES = 2**24


class StoredImages:
    """The rows of an array in an .npy file, as a read-only array that reads its rows when it is indexed.

    Rows are read with `pread` and not through a memory map: the pages of a map would count as memory of the process
    until the whole file is in memory. A view (`view`) is another selection of the same rows and copies no image.

    Args:
        path: file of the rows, one after the other.
        shape: [N, ...].
        dtype: type of the values.
        offset: position of the first row in the file, in bytes.

    Raises:
        OSError: if the file cannot be read or is too short.

    Example:
        >>> images = StoredImages("images.bin", (1000, 64, 64, 3))
        >>> images.view(np.array([5, 3]))[0].shape
        (64, 64, 3)
    """

    def __init__(
        self, path: str | os.PathLike[str], shape: tuple[int, ...], dtype: np.dtype | type = np.uint8, offset: int = 0
    ) -> None:
        self.path = Path(path)
        self.dtype = np.dtype(dtype)
        self._offset = offset
        self._file = _File(path)
        self._rows: np.ndarray | range = range(shape[0])
        self._event_shape = tuple(shape[1:])
        expected, received = offset + self.nbytes, os.fstat(self._file.descriptor).st_size
        if received < expected:
            raise OSError(f"{path}: expected {expected} bytes. Received: {received}")

    @classmethod
    def from_npy(cls, path: str | os.PathLike[str]) -> StoredImages:
        """Use the array of an .npy file in C order.

        Raises:
            OSError, ValueError and others: if the file cannot be read or is no such file; see
                `tfgen.data.arrays.read_header`.
        """
        with Path(path).open("rb") as file:
            shape, fortran_order, dtype = read_header(file)
            offset = file.tell()
        if not shape or (fortran_order and len(shape) > 1):
            raise ValueError("not an .npy file of an array in C order")
        return cls(path, shape, dtype, offset)

    @property
    def shape(self) -> tuple[int, ...]:
        """[N, ...]."""
        return len(self._rows), *self._event_shape

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return 1 + len(self._event_shape)

    @property
    def nbytes(self) -> int:
        """Bytes that the array would take in memory."""
        return len(self) * self._row_bytes

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        """Return one line without values."""
        return f"StoredImages({self.path.name}, {self.dtype} {list(self.shape)})"

    def view(self, rows: slice | np.ndarray) -> StoredImages:
        """Return the images in `rows` (a slice or an array of positions or booleans), in that order, without a copy."""
        part = object.__new__(StoredImages)
        part.__dict__.update(self.__dict__)
        if isinstance(rows, slice):
            part._rows = self._rows[rows]
        else:
            part._rows = self._places(self._positions(np.asarray(rows)))
        return part

    def __getitem__(self, key: int | slice | np.ndarray) -> np.ndarray:
        """Read one image, or the images in a slice or an array of positions or booleans."""
        if isinstance(key, int | np.integer):
            return self._read(np.array([range(len(self))[int(key)]]))[0]
        return self._read(self._positions(key))

    def __iter__(self) -> Iterator[np.ndarray]:
        for chunk in self.chunks():
            yield from chunk

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        """Read all images into memory."""
        everything = self[:]
        return everything if dtype is None else everything.astype(dtype)

    def read(self, rows: np.ndarray, upcoming: np.ndarray) -> np.ndarray:
        """Read the images at positions `rows`, then let the operating system fetch those at `upcoming` meanwhile."""
        now, later = np.split(self._positions(np.concatenate([rows, upcoming])), [len(rows)])
        self._fetch(now)
        images = self._read(now)
        self._fetch(later)
        return images

    def prefetch(self, rows: slice | np.ndarray) -> None:
        """Ask the operating system to fetch the images in `rows` into its cache, and do not wait for them.

        The images of a batch are then read from the disk at the same time instead of one after the other. Systems
        without `posix_fadvise` ignore the request.
        """
        self._fetch(self._positions(rows))

    def chunks(self) -> Iterator[np.ndarray]:
        """Yield all images in order, in arrays of a few megabytes."""
        size = max(1, _CHUNK_BYTES // max(1, self._row_bytes))
        for start in range(0, len(self), size):
            yield self[start : start + size]

    def _positions(self, key: slice | np.ndarray) -> np.ndarray:
        """The positions from 0 that a slice or an array of positions or booleans selects."""
        return np.arange(*key.indices(len(self))) if isinstance(key, slice) else np.arange(len(self))[key]

    def _places(self, positions: np.ndarray) -> np.ndarray:
        """The places in the file of positions of this selection."""
        rows = self._rows
        return positions * rows.step + rows.start if isinstance(rows, range) else rows[positions]

    @property
    def _row_bytes(self) -> int:
        return math.prod(self._event_shape) * self.dtype.itemsize

    def _read(self, positions: np.ndarray) -> np.ndarray:
        """Read the images at positions of this selection."""
        out = np.empty((len(positions), *self._event_shape), self.dtype)
        if not out.size:
            return out
        buffer, done = out.data.cast("B"), 0
        for offset, size in self._spans(positions):
            self._file.read(buffer[done : done + size], offset)
            done += size
        return out

    def _fetch(self, positions: np.ndarray) -> None:
        for offset, size in self._spans(positions):
            self._file.prefetch(offset, size)

    def _spans(self, positions: np.ndarray) -> Iterator[tuple[int, int]]:
        """Yield offset and length in bytes of the images at positions of this selection; neighbours make one span."""
        if not len(positions):
            return
        rows = self._places(positions)
        starts = np.flatnonzero(np.concatenate([[True], np.diff(rows) != 1]))
        counts = np.diff(np.append(starts, len(rows)))
        for row, count in zip(rows[starts].tolist(), counts.tolist(), strict=True):
            yield self._offset + row * self._row_bytes, count * self._row_bytes


#: The images of a set, in memory or in a file.
Images = np.ndarray | StoredImages


class _File:
    """A file that stays open as long as this object exists."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = path
        self.descriptor = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self.descriptor)

    def read(self, buffer: memoryview, offset: int) -> None:
        """Fill the buffer from the file, from `offset` on."""
        done = 0
        while done < len(buffer):
            count = os.preadv(self.descriptor, [buffer[done:]], offset + done)
            if not count:
                raise OSError(f"{self.path}: expected {len(buffer) - done} more bytes. Received: the end of the file")
            done += count

    def prefetch(self, offset: int, size: int) -> None:
        """Ask the system to fetch a part of the file into its cache."""
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(self.descriptor, offset, size, os.POSIX_FADV_WILLNEED)


def select(images: np.ndarray | StoredImages, rows: slice | np.ndarray) -> np.ndarray | StoredImages:
    """Return some images of an array; of stored images, a view that copies nothing."""
    return images.view(rows) if isinstance(images, StoredImages) else images[rows]


def chunks_of(images: np.ndarray | StoredImages) -> Iterator[np.ndarray]:
    """Yield all images in order, in arrays of a few megabytes or, if they are in memory, in one."""
    if isinstance(images, StoredImages):
        yield from images.chunks()
    else:
        yield images
