"""The idx file format, in which MNIST and Fashion-MNIST are distributed."""

from __future__ import annotations

import gzip
import math
import os
import zlib
from pathlib import Path

import numpy as np

from tfgen.errors import DataError

_UNSIGNED_BYTE = 0x08


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
        content = path.read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            f"{path}: expected a complete gzip file. Received a truncated or damaged one ({error})"
        ) from error
    except OSError as error:
        raise DataError(f"{path}: expected a readable idx file. Received: {error.strerror or error}") from error

    expected = bytes([0, 0, _UNSIGNED_BYTE, rank])
    if content[:4] != expected:
        raise DataError(
            f"{path}: expected an idx file that starts with the bytes {expected.hex(' ')} (unsigned bytes, rank {rank})"
            f". Received: {content[:4].hex(' ') or 'an empty file'}"
        )
    header = 4 + 4 * rank
    if len(content) < header:
        raise DataError(f"{path}: expected a header of {header} bytes. Received a file of {len(content)} bytes")
    shape = tuple(int(size) for size in np.frombuffer(content, ">u4", rank, offset=4))
    if 0 in shape:
        raise DataError(f"{path}: expected at least one value. Received the shape {list(shape)}")
    if len(content) - header != math.prod(shape):
        raise DataError(
            f"{path}: expected {math.prod(shape)} bytes of values for the declared shape {list(shape)}. "
            f"Received: {len(content) - header}"
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)
