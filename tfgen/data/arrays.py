"""NumPy's files of arrays as users have them: the header is checked before memory is taken for the values."""

from __future__ import annotations

import math
import warnings
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import IO, Any

import numpy as np

from tfgen.data.memory import check_memory
from tfgen.errors import DataError

_MAGIC = b"\x93NUMPY"
_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def read_header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Read the header of an .npy file, up to the first value.

    Returns:
        (shape, whether the values are in Fortran's order, type of a value).

    Raises:
        ValueError: if it is no such header, or the values are Python objects, with which a file can run any program.
        Other errors: a damaged header can raise almost any error, because NumPy evaluates it as a Python expression.
    """
    version = np.lib.format.read_magic(file)
    if version not in _HEADERS:
        raise ValueError(f"an array of version {version[0]}.{version[1]}, and plain arrays have version 1.0 or 2.0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about headers that Python 2 has written
        shape, fortran_order, dtype = _HEADERS[version](file)
    if dtype.hasobject:
        raise ValueError("an array of pickled Python objects")
    if min(shape, default=0) < 0:
        raise ValueError(f"an array of shape {list(shape)}")
    return shape, fortran_order, dtype


def read_arrays(path: Path, names: Collection[str]) -> tuple[dict[str, np.ndarray], list[str]]:
    """Read arrays of an .npz file that `np.savez` has written. Pickled objects are never loaded.

    Args:
        path: the file.
        names: arrays to read, if the file has them.

    Returns:
        The arrays that were found; and the names of all arrays in the file, sorted.

    Raises:
        DataError: if the file is damaged or no .npz file, or the arrays do not fit into memory. The message names the
            file and the array.
    """
    member = ""
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            infos = {
                info.filename.removesuffix(".npy"): info
                for info in archive.infolist()
                if info.filename.endswith(".npy")
            }
            wanted = [name for name in infos if name in names]
            total = 0
            for member in wanted:
                total += _checked_size(archive, infos[member])
            check_memory(total, str(path), "A file with fewer images takes less")
            arrays = {}
            for member in wanted:
                with archive.open(infos[member]) as content:
                    arrays[member] = np.lib.format.read_array(content, allow_pickle=False)
            return arrays, sorted(infos)
    except DataError:
        raise
    except Exception as error:
        # One wrong byte can raise almost any error, because it can change the compression, encryption or format.
        if _is_single_array(path):
            raise DataError(
                f"{path}: expected an .npz of named arrays. Received one array; save it with np.savez"
            ) from error
        where = f"{path}, {member}" if member else str(path)
        raise DataError(
            f"{where}: expected an .npz file of plain arrays. Received a damaged or other file ({reason(error)})"
        ) from error


def reason(error: Exception) -> str:
    """Return what an error of NumPy or zipfile says, in one line and without advice to load pickled objects."""
    text = " ".join(str(error).split())
    if "allow_pickle" in text or "pickled" in text:
        return "it contains pickled objects or is no such file"
    return text[:200] or type(error).__name__


def _checked_size(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> int:
    """Return the bytes of the values of an array, after its header was compared with the size of the file."""
    with archive.open(info) as content:
        shape, _, dtype = read_header(content)
        promised, stored = math.prod(shape) * dtype.itemsize, info.file_size - content.tell()
    if promised != stored:
        raise ValueError(f"its header promises {promised} bytes, and the file has {stored}")
    return promised


def _is_single_array(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


def array_description(array: Any) -> str:
    """Return type and shape of an array for a message, for example "uint8 [10, 28, 28]"."""
    return f"{array.dtype} {list(array.shape)}"
