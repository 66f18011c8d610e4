"""An .npz whose first array is written part by part, because it may be larger than the memory."""

import shutil
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from tfgen.errors import ConfigError
from tfgen.files import atomic_write


def write_npz(
    path: str | Path,
    name: str,
    shape: tuple[int, ...],
    parts: Iterable[np.ndarray],
    others: Mapping[str, np.ndarray | float | int],
) -> None:
    """Write an .npz with a float32 array that is given in parts, and small arrays.

    Args:
        path: file to write.
        name: name of the large array.
        shape: its shape.
        parts: arrays that follow each other along the first axis.
        others: name → array of the other arrays.

    Raises:
        OSError: if the file cannot be written.
    """
    header = {"descr": np.lib.format.dtype_to_descr(np.dtype(np.float32)), "fortran_order": False, "shape": shape}
    with atomic_write(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
            np.lib.format.write_array_header_1_0(file, header)
            for part in parts:
                file.write(np.ascontiguousarray(part, np.float32).tobytes())
        for other, value in others.items():
            with archive.open(f"{other}.npy", "w") as file:
                np.lib.format.write_array(file, np.asarray(value), allow_pickle=False)


def check_disk_space(folder: Path, needed: int) -> None:
    """Raise `ConfigError` if a file of `needed` bytes does not fit on the disk of a folder."""
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise ConfigError(
            f"--n: expected samples that fit on the disk of {folder}, where {free / 1e9:.1f} GB are free. Received: "
            f"{needed / 1e9:.1f} GB of samples"
        )
