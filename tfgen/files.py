"""Files that are written completely or not at all, JSON files, and checks of a path before the file is written.

A crash, a kill or a power failure at any time leaves either the old file or the complete new one. This holds on POSIX
systems with a local file system; a network file system may not keep the order of writing and renaming.
"""

import contextlib
import errno
import itertools
import json
import os
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tfgen.errors import ConfigError, DataError, TfgenError

#: Part of the name of every temporary file, so that `remove_partial` recognises them.
PARTIAL = ".partial"
#: Name of a temporary file: start of the file's name, host, process, number of the file in the process.
_TEMPORARY = re.compile(rf"\..*\.(?P<host>[^.]*)\.(?P<process>\d+)\.\d+{re.escape(PARTIAL)}(\..*)?", re.DOTALL)
#: Characters of a file's name that the name of its temporary file repeats: a name may have 255 bytes at most.
_STEM = 30
#: A temporary file of another machine counts as left behind after this many seconds.
_FOREIGN_SECONDS = 24 * 3600.0
#: Characters of a path that an error message shows.
_LONGEST_SHOWN = 120

_numbers = itertools.count()
#: Temporary files that this process writes at present.
_in_use: set[Path] = set()


def user_path(text: str | os.PathLike[str]) -> Path:
    """Return a path that a user wrote, with ~ and ~name replaced by the folder of the user. The file need not exist.

    Raises:
        DataError: if the text cannot be the name of a file, or the operating system does not answer for it: a name that
            is too long, a character that file names cannot have, links in a circle, a folder without permission.
    """
    try:
        path = Path(text).expanduser()
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        pass
    except RuntimeError:
        raise DataError(f"Expected a path. Received: {os.fspath(text)!r}, of a user who does not exist") from None
    except (OSError, ValueError) as error:  # ValueError: a character that no file name can have
        shown = os.fspath(text)
        shown = shown if len(shown) <= _LONGEST_SHOWN else f"{shown[:_LONGEST_SHOWN]}…"
        raise DataError(
            f"Expected a path that can be read. Received: {shown!r}: {getattr(error, 'strerror', None) or error}"
        ) from None
    return path


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
    temporary = path.parent / f".{path.stem[:_STEM]}.{_host()}.{os.getpid()}.{next(_numbers)}{PARTIAL}{path.suffix}"
    _in_use.add(temporary)
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
        _in_use.discard(temporary)
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


def read_json(path: str | Path, error: type[TfgenError] = DataError) -> Any:
    """Return the content of a JSON file.

    Args:
        path: the file.
        error: class of the error for a file that cannot be read.

    Raises:
        TfgenError: of class `error`, if there is no file, it cannot be read, or it does not hold JSON in UTF-8.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as reason:
        raise error(f"Expected to read {path}. Received: {reason.strerror}") from None
    except RecursionError:
        raise error(f"Expected JSON in {path}. Received: brackets that are nested too deeply") from None
    except ValueError as reason:
        raise error(f"Expected JSON in {path}. Received: {reason}") from None


def move_durably(source: str | Path, target: str | Path) -> None:
    """Move a file, or a folder with everything in it, in one step. The content and the name are then on the disk.

    A file replaces the file `target`. A folder replaces only an empty folder.

    Raises:
        OSError: if `target` cannot be written.
    """
    source, target = Path(source), Path(target)
    for parent, _, names in os.walk(source):
        for path in (*(Path(parent, name) for name in names), Path(parent)):
            _sync(path)
    if source.is_file():
        _sync(source)
    os.replace(source, target)
    _sync(target.parent)


def remove_partial(folder: str | Path) -> None:
    """Delete the temporary files that killed programs left in `folder` and in its sub-folders.

    The files of programs that still run stay. Whether a program of another machine runs is not known: its files are
    deleted when they are a day old.
    """
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            if (match := _TEMPORARY.fullmatch(name)) and path not in _in_use and _is_left(path, match):
                path.unlink(missing_ok=True)


def _is_left(path: Path, match: re.Match[str]) -> bool:
    """Whether the program that wrote a temporary file has ended."""
    if match["host"] == _host():
        # A file of this process that is not in use was left by an earlier process with the same number.
        return int(match["process"]) == os.getpid() or not _is_running(int(match["process"]))
    try:
        return time.time() - path.stat().st_mtime > _FOREIGN_SECONDS
    except FileNotFoundError:
        return False


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # the process belongs to another user
        return True
    return True


def _host() -> str:
    """The name of this machine, in characters of a file name."""
    return re.sub(r"[^\w-]", "-", socket.gethostname())[:_STEM]


def check_writable(path: str | Path, suffixes: tuple[str, ...]) -> Path:
    """Return `path` if a file can be written there.

    A command calls this function before it computes the content of the file, which may take minutes.

    Args:
        path: file that is going to be written.
        suffixes: the allowed suffixes in lower case, each with its dot.

    Raises:
        ConfigError: if the suffix is not allowed, `path` is a folder or a device, or the folder of `path` does not
            exist or is not writable.
    """
    path = Path(path)
    if path.suffix.lower() not in suffixes:
        raise ConfigError(f"Expected a file name ending in {' or '.join(suffixes)}. Received: {path}")
    if path.is_dir():
        raise ConfigError(f"Expected the name of a file. Received a folder: {path}")
    if (path.exists() and not path.is_file()) or path.parent.resolve() == Path("/dev"):
        raise ConfigError(f"Expected the name of a file. Received a device: {path}")
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
    if folder.resolve().is_relative_to("/dev") and not folder.resolve().is_relative_to("/dev/shm"):
        raise ConfigError(f"--out: expected a folder of files. Received: {folder}, a folder of devices")
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
