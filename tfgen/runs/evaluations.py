"""`evaluation.json`: what was measured of a run, each figure with everything that it depends on.

    likelihood    one entry for each split and number of samples
    quality       one for each split, count, seed, temperature and classifier
    cost          weights, operations of training and seconds of sampling
    memorization  how near samples are to training images
    inversion     of a flow, one entry for each split: how far pictures are from where they come back to

An entry names the epoch after which it was measured. A file of an earlier version lacks some of all this.
"""

import json
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tfgen.files import write_json

if TYPE_CHECKING:
    from tfgen.runs.run import Run

NAME = "evaluation.json"


def recorded(run: "Run") -> dict[str, list[dict[str, Any]]]:
    """The lists of entries in a run's `evaluation.json`, by kind; empty where there is none or it cannot be read."""
    try:
        content = json.loads((run.path / NAME).read_text())
    except (OSError, ValueError):
        return {}
    if not isinstance(content, dict):
        return {}
    return {
        kind: [entry for entry in entries if isinstance(entry, dict)]
        for kind, entries in content.items()
        if isinstance(entries, list)
    }


def current(run: "Run") -> dict[str, list[dict[str, Any]]]:
    """The entries that are of the run as it stands: not those from before it was trained further."""
    epoch = run.epoch
    return {
        kind: [entry for entry in entries if epoch is None or entry.get("epoch", epoch) == epoch]
        for kind, entries in recorded(run).items()
    }


def same(first: dict[str, Any], second: dict[str, Any], keys: Sequence[str]) -> bool:
    """Whether two entries are of one measurement: equal in every one of the keys."""
    return all(first.get(key) == second.get(key) for key in keys)


def is_writable(run: "Run") -> bool:
    """Whether measurements are recorded in the run's folder: not under a pretrained name, nor where it may not."""
    return os.access(run.path, os.W_OK | os.X_OK) and not run.by_name


def record(run: "Run", kind: str, entry: dict[str, Any], keys: Sequence[str]) -> bool:
    """Add an entry to a run's `evaluation.json`, in the place of one that is equal to it in the keys.

    Returns:
        Whether it was written; False where `is_writable` says no.
    """
    if not is_writable(run):
        return False
    kinds = recorded(run)
    kept = [old for old in kinds.get(kind, []) if not same(old, entry, keys)]
    likelihood = {"likelihood": kinds.get("likelihood", [])}
    entries = {**likelihood, **kinds, kind: [*kept, entry]}
    write_json(run.path / NAME, {"run": run.path.name, "model": run.config.model, **entries})
    return True
