"""The file `metrics.jsonl` of a run: one JSON object a line, one line for each complete epoch."""

import json
import os
from pathlib import Path
from typing import Any

from tfgen.errors import RunError
from tfgen.files import atomic_write


def read_metrics(file: Path) -> list[dict[str, Any]]:
    """Read the rows of a metrics file.

    Returns:
        The rows, each with its "epoch". Empty if there is no file. Rows end at the first line that is not a row, such
        as a last line that was cut short by a kill.

    Raises:
        RunError: if the file cannot be read.
    """
    try:
        lines = file.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RunError(f"Expected {file} to be readable. Received: {error.strerror}") from None
    rows: list[dict[str, Any]] = []
    for line in lines:
        try:
            row = json.loads(line)
        except ValueError:
            break
        if not isinstance(row, dict) or not isinstance(row.get("epoch"), int):
            break
        rows.append(row)
    return rows


def append_row(file: Path, row: dict[str, Any]) -> None:
    """Append one epoch's row. The row is on the disk when the function returns."""
    with open(file, "a") as stream:
        stream.write(json.dumps(row) + "\n")
        stream.flush()
        os.fsync(stream.fileno())


def keep_rows(file: Path, epochs: int) -> None:
    """Remove the rows of all epochs after the first `epochs`."""
    rows = [row for row in read_metrics(file) if row["epoch"] <= epochs]
    with atomic_write(file) as temporary:
        temporary.write_text("".join(json.dumps(row) + "\n" for row in rows))
