"""The file `metrics.jsonl` of a run: one JSON object a line, one line for each complete epoch."""

import json
import os
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from tfgen.errors import RunError
from tfgen.files import atomic_write

#: A value of a row: a number, whether something holds, or numbers for each class or mode.
Value = bool | int | float | None | list[int | float]


class _Row(BaseModel):
    """The checked types of a row. Only the epoch has to be there; metrics may have any name."""

    model_config = ConfigDict(strict=True, extra="allow")

    epoch: int = Field(ge=0, le=10**9)
    step: int | None = Field(None, ge=0)
    best: bool | None = None
    seconds: float | None = None
    images_per_second: float | None = None
    learning_rate: float | None = None
    __pydantic_extra__: dict[str, Value] = Field(init=False)


_ROW = TypeAdapter(_Row)


def read_metrics(file: Path, *, skip_damaged: bool = False) -> list[dict[str, Any]]:
    """Read the rows of a metrics file.

    Args:
        file: the file.
        skip_damaged: whether rows end at a damaged line, instead of raising.

    Returns:
        The rows, each with its "epoch". Empty if there is no file. A last line that was cut short by a kill is left
        out.

    Raises:
        RunError: if the file cannot be read, or a complete line is not a row.
    """
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").split("\n")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RunError(f"Expected {file} to be readable. Received: {error.strerror}") from None
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(lines, 1):
        if (row := _read_row(line)) is not None:
            rows.append(row)
        elif number == len(lines) or skip_damaged:  # the last line has no end
            break
        else:
            raise RunError(
                f"Expected the numbers of an epoch in line {number} of {file}. Received: {line[:80]!r}. Without the "
                "file, the run goes on without its earlier numbers"
            )
    return rows


def _read_row(line: str) -> dict[str, Any] | None:
    """The row in a line; None if it holds none."""
    try:
        row = json.loads(line)
        _ROW.validate_python(row)
    except (ValueError, RecursionError, ValidationError):
        return None
    return row


def append_row(file: Path, row: dict[str, Any]) -> None:
    """Append one epoch's row. The row is on the disk when the function returns."""
    with open(file, "a", encoding="utf-8") as stream:
        stream.write(json.dumps(row) + "\n")
        stream.flush()
        os.fsync(stream.fileno())


def keep_rows(file: Path, epochs: int) -> None:
    """Remove the rows of all epochs after the first `epochs`.

    Raises:
        RunError: if the file is damaged, or lacks the last of these epochs. Nothing is removed then.
    """
    rows = [row for row in read_metrics(file) if row["epoch"] <= epochs]
    last = rows[-1]["epoch"] if rows else 0
    if file.exists() and last != epochs:
        raise RunError(
            f"Expected the numbers of {epochs} epochs in {file}. Received: those of {last}. Without the file, the run "
            "goes on without its earlier numbers"
        )
    with atomic_write(file) as temporary:
        temporary.write_text("".join(json.dumps(row) + "\n" for row in rows))
