"""The idx file format, in which MNIST and Fashion-MNIST are distributed."""

from __future__ import annotations

import gzip
import math
import os
import zlib
from io import BufferedIOBase
from pathlib import Path

import numpy as np

from tfgen.data.memory import check_memory
from tfgen.errors import DataError

_UNSIGNED_BYTE = 0x08
#: A compressed file of n bytes contains less than n times this number of bytes.
_LARGEST_RATIO = 1100


def read_idx(path: str | os.PathLike[str], rank: int) -> np.ndarray:
    """Read one idx file of unsigned bytes, gzipped or not.

    The format is: two zero bytes, a type code (0x08 for unsigned bytes), the rank, one big-endian uint32 for each
    dimension, then the values in row-major order. It is described at http://yann.lecun.com/exdb/mnist/.

    Args:
        path: file. Compression is detected from the content and not from the name, because browsers unpack files
            without changing their names.
        rank: number of dimensions that the file must have, 3 for images and 1 for labels.

    Returns:
        uint8 array of the shape that the file declares.

    Raises:
        DataError: if the file cannot be read, or its content does not agree with its header.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            is_packed = file.read(2) == b"\x1f\x8b"
        with gzip.open(path) if is_packed else path.open("rb") as content:
            most = path.stat().st_size * (_LARGEST_RATIO if is_packed else 1)
            return _read(content, path, rank, most)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            f"{path}: expected a complete gzip file. Received a truncated or damaged one ({error})"
        ) from error
    except OSError as error:
        raise DataError(f"{path}: expected a readable idx file. Received: {error.strerror or error}") from error


def _read(content: gzip.GzipFile | BufferedIOBase, path: Path, rank: int, most: int) -> np.ndarray:
    """Read the header of an open file, and then the values that it promises and no more.

    Args:
        content: the file.
        path: its path, for messages.
        rank: see `read_idx`.
        most: bytes that the file can contain, for which memory may be taken.
    """
    size = 4 + 4 * rank
    header = content.read(size)
    expected = bytes([0, 0, _UNSIGNED_BYTE, rank])
    if header[:4] != expected:
        raise DataError(
            f"{path}: expected an idx file that starts with the bytes {expected.hex(' ')} (unsigned bytes, rank {rank})"
            f". Received: {header[:4].hex(' ') or 'an empty file'}"
        )
    if len(header) < size:
        raise DataError(f"{path}: expected a header of {size} bytes. Received a file of {len(header)} bytes")
    shape = tuple(int(side) for side in np.frombuffer(header, ">u4", rank, offset=4))
    if 0 in shape:
        raise DataError(f"{path}: expected at least one value. Received the shape {list(shape)}")
    count = math.prod(shape)
    check_memory(min(count, most), str(path), "A file with fewer images takes less")
    values = content.read(min(count, most))
    if len(values) != count or content.read(1):
        received = len(values) if len(values) != count else f"more than {count}"
        raise DataError(
            f"{path}: expected {count} bytes of values for the declared shape {list(shape)}. Received: {received}"
        )
    return np.frombuffer(values, np.uint8).reshape(shape)
