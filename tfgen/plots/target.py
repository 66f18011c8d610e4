"""Whether a picture can be written where it was asked for."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from tfgen.errors import ConfigError


def check_target(path: str | Path, suffixes: tuple[str, ...]) -> Path:
    """The path, if a file can be written there: ask before the work of making its contents.

    Args:
        path: of the file to be written.
        suffixes: those allowed, in lower case, with their dot.

    Raises:
        ConfigError: if the suffix is another, or the folder is missing or may not be written to.
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


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn the system's refusal to write `path` into a `ConfigError` that names it and the reason."""
    try:
        yield
    except OSError as error:
        raise ConfigError(f"Cannot write {path}: {error.strerror or error}") from None
