"""The results of a case as a table and as JSON."""

import datetime
import json
import os
import platform
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

#: Packages whose versions belong to a result.
PACKAGES = ("tensorflow", "keras", "torch", "ai-edge-litert", "onnxruntime")


def machine() -> dict[str, Any]:
    """Return the processor, the cores of this process, its load, the thread settings and the versions of packages."""
    threads = {name: os.environ[name] for name in sorted(os.environ) if name.endswith("_THREADS")}
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "threads": threads,
        "packages": {name: version for name in PACKAGES if (version := _version(name))},
    }


def show(case: str, results: Mapping[str, Mapping[str, Any]], file: Path | None) -> None:
    """Print the results as a table, and write them as JSON to a file if one is given.

    Args:
        case: name of the case.
        results: column → measure → value. A value is a number, a text, or the result of `summaries.spread`.
        file: path of the JSON file, or None.
    """
    print(table(results))
    if file is not None:
        found = {
            "case": case,
            "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "machine": machine(),
            "results": results,
        }
        file.write_text(json.dumps(found, indent=2) + "\n")


def table(results: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a table with one column for each result and one row for each measure."""
    measures = list(dict.fromkeys(measure for column in results.values() for measure in column))
    rows = [["", *results]]
    rows += [[measure, *(_text(column.get(measure)) for column in results.values())] for measure in measures]
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    lines = [
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        )
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines)


def _text(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, Mapping):
        return f"{_text(value['median'])} ({_text(value['min'])} to {_text(value['max'])})"
    if isinstance(value, float):
        return f"{value:g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    if path.exists():
        for line in path.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
