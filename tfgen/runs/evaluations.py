"""Reading and writing a run's `evaluation.json`: a list of typed entries for each kind of measurement.

`tfgen.runs.entries` defines the kinds. The file holds the lists by kind, and the names of the run and of its model.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfgen.errors import RunError
from tfgen.files import read_json, write_json
from tfgen.runs.entries import ENTRIES, Entry
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
        skip_damaged: leave out what is damaged, instead of raising.

    Returns:
        Kind → entries, in the order of their measurement. Empty if the run has no `evaluation.json`. Kinds that this
        version does not know are left out.

    Raises:
        RunError: if the file is damaged, or an entry lacks a required field or has a field of another type.
    """
    file = run.path / FILE_NAME
    found: dict[str, list[Any]] = {}
    for kind, contents in _read_lists(file, skip_damaged).items():
        if kind not in ENTRIES:
            continue
        found[kind] = []
        for content in contents:
            try:
                found[kind].append(ENTRIES[kind].from_json(content, file))
            except RunError:
                if not skip_damaged:
                    raise
    return found


def entries_of_last_epoch(run: "Run", *, skip_damaged: bool = False) -> dict[str, list[Any]]:
    """The entries that were measured after the run's last complete epoch, and those that name no epoch.

    Arguments, return value and errors are those of `read_entries`. A run that was trained further has older entries,
    which do not describe its model.
    """
    epoch = run.last_epoch(skip_damaged=skip_damaged)
    return {
        kind: [entry for entry in entries if epoch is None or entry.epoch is None or entry.epoch == epoch]
        for kind, entries in read_entries(run, skip_damaged=skip_damaged).items()
    }


def is_writable(run: "Run") -> bool:
    """Whether entries are written to the run folder: not for a pretrained model that was opened by its name."""
    return os.access(run.path, os.W_OK | os.X_OK) and not run.by_name


def add_entry(run: "Run", entry: Entry) -> bool:
    """Add an entry to a run's `evaluation.json`. The entry replaces an equal measurement, by `entry.key`.

    Returns:
        Whether the entry was written; False if `is_writable` is false.

    Raises:
        RunError: if the file is damaged, or another process holds its lock for `LOCK_TIMEOUT` seconds.
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
    file = run.path / FILE_NAME
    lists = _read_lists(file)
    others = [old for old in lists.get(entry.kind, []) if type(entry).from_json(old, file).key != entry.key]
    # Likelihood is the first list of the file.
    content = {"likelihood": lists.get("likelihood", []), **lists, entry.kind: [*others, entry.to_json()]}
    write_json(file, {"run": run.path.name, "model": run.config.model, **content})


def _read_lists(file: Path, skip_damaged: bool = False) -> dict[str, list[Any]]:
    """The lists of the file by kind, with unchecked items. Empty without a file.

    Raises:
        RunError: if the file does not hold lists of entries; with `skip_damaged`, what is no list is left out.
    """
    if not os.path.lexists(file):
        return {}
    try:
        content = read_json(file, RunError)
    except RunError:
        if skip_damaged:
            return {}
        raise
    if not isinstance(content, dict) and not skip_damaged:
        raise RunError(f"Expected lists of measurements in {file}. Received: {str(content)[:80]}")
    items = content.items() if isinstance(content, dict) else ()
    for kind, entries in items:
        if kind in ENTRIES and not isinstance(entries, list) and not skip_damaged:
            raise RunError(f"Expected a list of measurements under {kind} in {file}. Received: {str(entries)[:80]}")
    return {kind: entries for kind, entries in items if isinstance(entries, list)}
