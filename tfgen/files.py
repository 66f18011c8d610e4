"""Files that are written completely or not at all, and checks of the path before the file is written.

A crash, a kill or a power failure at any time leaves either the old file or the complete new one. This holds on POSIX
systems with a local file system; a network file system may not keep the order of writing and renaming.
"""

import contextlib
import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tfgen.errors import ConfigError

#: Part of the name of every temporary file, so that `remove_partial` recognises them.
PARTIAL = ".partial"


@contextlib.contextmanager
def atomic_write(path: str | Path) -> Iterator[Path]:
    """Give the `with` block a temporary path, and replace `path` by that file in one step when the block ends.

    The temporary file lies in the folder of `path` and has the suffix of `path`, because many writers choose the format
    by the suffix. The new file and its name are on the disk (fsync) before the block is left. If the block raises, the
    temporary file is deleted and `path` stays unchanged.

    Args:
        path: file to write. Its folder must exist.

    Raises:
        OSError: if the file cannot be written. `filename` is then `path`, not the temporary file.

    Example:
        >>> with atomic_write("table.md") as temporary:
        ...     temporary.write_text(table)
    """
    path = Path(path)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{PARTIAL}{path.suffix}")
    try:
        yield temporary
        _sync(temporary)
        os.replace(temporary, path)
        _sync(path.parent)
    except OSError as error:
        # The user knows `path` only. A failed write names no file at all ("No space left on device").
        if error.errno is not None and error.filename in (None, str(temporary)):
            error.filename, error.filename2 = str(path), None
        raise
    finally:
        with contextlib.suppress(OSError):  # the name may be too long to exist
            temporary.unlink()


def write_json(path: str | Path, value: Any) -> None:
    """Write `value` as indented JSON, atomically.

    Raises:
        ValueError: if `value` contains infinity or NaN, which JSON does not have.
        OSError: if the file cannot be written.
    """
    text = json.dumps(value, indent=2, allow_nan=False) + "\n"
    with atomic_write(path) as temporary:
        temporary.write_text(text)


def remove_partial(folder: str | Path) -> None:
    """Delete the temporary files that a killed `atomic_write` left in `folder` and in its sub-folders."""
    for path in Path(folder).rglob(f".*{PARTIAL}.*"):
        path.unlink(missing_ok=True)


def check_writable(path: str | Path, suffixes: tuple[str, ...]) -> Path:
    """Return `path` if a file can be written there.

    A command calls this function before it computes the content of the file, which may take minutes.

    Args:
        path: file that is going to be written.
        suffixes: the allowed suffixes in lower case, each with its dot.

    Raises:
        ConfigError: if the suffix is not allowed, `path` is a folder, or the folder of `path` does not exist or is not
            writable.
    """
    path = Path(path)
    if path.suffix.lower() not in suffixes:
        raise ConfigError(f"Expected a file name ending in {' or '.join(suffixes)}. Received: {path}")
    if path.is_dir():
        raise ConfigError(f"Expected the name of a file. Received a folder: {path}")
    if not path.parent.is_dir():
        raise ConfigError(f"Expected a file in an existing folder. There is no folder {path.parent}")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise ConfigError(f"Expected a folder that can be written to. Received: {path.parent}")
    return path


def make_output_folder(path: str | Path) -> Path:
    """Make the folder that a command writes to, and its parents. A folder that exists is accepted.

    Raises:
        ConfigError: if the folder cannot be made or is not writable.
    """
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"--out: expected a folder that can be written to. Received: {folder} ({error.strerror})"
        ) from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ConfigError(f"--out: expected a folder that can be written to. Received: {folder}")
    return folder


def _sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some file systems cannot synchronise a folder. The file is complete all the same.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)
