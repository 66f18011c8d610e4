"""Checks that images fit into memory or onto the disk, before they are read."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from tfgen.errors import DataError

#: Part of the available memory that images may take.
_SHARE = 0.8


def available_memory() -> int | None:
    """Return the bytes of memory that programs can still get, where Linux says so; else None."""
    try:
        text = Path("/proc/meminfo").read_text()
    except OSError:
        return None
    match = re.search(r"MemAvailable:\s+(\d+) kB", text)
    return int(match[1]) * 1024 if match else None


def check_memory(
    size: int, what: str, advice: str = "A smaller --image-size, or the cache (without --no-cache), takes less"
) -> None:
    """Raise `DataError` if `size` bytes of `what` do not fit into memory; the message ends with the advice."""
    available = available_memory()
    if available is not None and size > _SHARE * available:
        raise DataError(
            f"{what}: expected at most {in_gigabytes(int(_SHARE * available))} of pixels, as memory is available. "
            f"Received: {in_gigabytes(size)}. {advice}"
        )


def check_disk(size: int, folder: Path, what: str) -> None:
    """Raise `DataError` if `size` bytes do not fit onto the disk of a folder, which need not exist."""
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if size > free:
        raise DataError(
            f"{what}: expected at most {in_gigabytes(free)} of pixels, as is free on the disk of {folder}. Received: "
            f"{in_gigabytes(size)}. A smaller --image-size takes less; tfgen data clear empties the cache"
        )


def in_gigabytes(size: int) -> str:
    """A number of bytes in GB or MB."""
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e6:.1f} MB"
