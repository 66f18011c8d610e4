"""Files that are either the old one or the whole new one, whenever the program is killed."""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PARTIAL = ".partial"


@contextlib.contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A path beside `path` to write to; on leaving the `with` block it takes the place of `path` in one step.

    Its suffix is that of `path`, since many writers choose their format by it. If the block raises, `path` stays as it
    was and nothing is left over.
    """
    path = Path(path)
    fresh = path.with_name(f".{path.stem}.{os.getpid()}{PARTIAL}{path.suffix}")
    try:
        yield fresh
        os.replace(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)


def write_json(path: str | Path, value: Any) -> None:
    """Write `value` as indented JSON, atomically. Infinities and NaN are refused: JSON has none."""
    text = json.dumps(value, indent=2, allow_nan=False) + "\n"
    with replacing(path) as fresh:
        fresh.write_text(text)


def remove_partial(folder: str | Path) -> None:
    """Delete what a `replacing` block that was killed left behind, in `folder` and below it."""
    for path in Path(folder).rglob(f".*{PARTIAL}.*"):
        path.unlink(missing_ok=True)
