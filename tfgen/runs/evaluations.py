"""Reading and writing a run's `evaluation.json`: a list of typed entries for each kind of measurement.

`tfgen.runs.entries` defines the kinds. The file holds the lists by kind, and the names of the run and of its model.
"""

import json
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tfgen.errors import RunError
from tfgen.files import write_json
from tfgen.runs.entries import ENTRIES, Entry, Record
from tfgen.runs.lock import run_lock

if TYPE_CHECKING:
    from tfgen.runs.run import Run

FILE_NAME = "evaluation.json"
#: Seconds to wait while another process writes its entry.
LOCK_TIMEOUT = 60.0


def read_entries(run: "Run", *, skip_damaged: bool = False) -> dict[str, list[Any]]:
    """Read all entries of a run.

    Args:
        run: the run.
        skip_damaged: leave out an entry that is damaged, instead of raising.

    Returns:
        Kind → entries, in the order of their measurement. Empty if the run has no `evaluation.json`, or a file that is
        not JSON. List items that are not objects, and kinds that this version does not know, are left out.

    Raises:
        RunError: if an entry lacks a required field or has a field of another type.
    """
    found: dict[str, list[Any]] = {}
    for kind, contents in _read_json(run).items():
        if kind not in ENTRIES:
            continue
        found[kind] = []
        for content in contents:
            try:
                found[kind].append(ENTRIES[kind].from_json(content, run.path / FILE_NAME))
            except RunError:
                if not skip_damaged:
                    raise
    return found


def entries_of_last_epoch(run: "Run", *, skip_damaged: bool = False) -> dict[str, list[Any]]:
    """The entries that were measured after the run's last complete epoch, and those that name no epoch.

    Arguments, return value and errors are those of `read_entries`. A run that was trained further has older entries,
    which do not describe its model.
    """
    epoch = run.epoch
    return {
        kind: [entry for entry in entries if epoch is None or entry.epoch is None or entry.epoch == epoch]
        for kind, entries in read_entries(run, skip_damaged=skip_damaged).items()
    }


def is_same_measurement(
    first: Record | Mapping[str, Any], second: Record | Mapping[str, Any], fields: Sequence[str]
) -> bool:
    """Whether two entries, typed or as JSON, are equal in every one of the fields."""
    one, other = (entry.to_json() if isinstance(entry, Record) else entry for entry in (first, second))
    return all(one.get(field) == other.get(field) for field in fields)


def is_writable(run: "Run") -> bool:
    """Whether entries are written to the run folder: not for a pretrained model that was opened by its name."""
    return os.access(run.path, os.W_OK | os.X_OK) and not run.by_name


def add_entry(run: "Run", entry: Entry) -> bool:
    """Add an entry to a run's `evaluation.json`. The entry replaces an equal measurement, by `entry.identity`.

    Returns:
        Whether the entry was written; False if `is_writable` is false.

    Raises:
        RunError: if another process holds the file's lock for `LOCK_TIMEOUT` seconds.
    """
    if not is_writable(run):
        return False
    if run.is_packed:
        # Packed folders go into packages, where a lock file would be litter.
        _add(run, entry)
        return True
    with run_lock(run.path, "evaluation", LOCK_TIMEOUT):
        _add(run, entry)
    return True


def _add(run: "Run", entry: Entry) -> None:
    lists = _read_json(run)
    others = [old for old in lists.get(entry.kind, []) if not is_same_measurement(old, entry, entry.identity)]
    # Likelihood is the first list of the file.
    content = {"likelihood": lists.get("likelihood", []), **lists, entry.kind: [*others, entry.to_json()]}
    write_json(run.path / FILE_NAME, {"run": run.path.name, "model": run.config.model, **content})


def _read_json(run: "Run") -> dict[str, list[dict[str, Any]]]:
    """The lists of the file, unchecked, without items that are not objects."""
    try:
        content = json.loads((run.path / FILE_NAME).read_text())
    except (OSError, ValueError):
        return {}
    if not isinstance(content, dict):
        return {}
    return {
        kind: [item for item in items if isinstance(item, dict)]
        for kind, items in content.items()
        if isinstance(items, list)
    }
