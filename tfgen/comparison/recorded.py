"""Compares runs by the measurements that their folders hold. No model is loaded and nothing is measured."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tfgen.comparison.grouping import check_comparable, group_by_seed, row_name
from tfgen.comparison.likelihoods import group_likelihoods
from tfgen.comparison.qualities import common_quality
from tfgen.comparison.records import Comparison, RunEntries
from tfgen.comparison.rows import make_row
from tfgen.runs.evaluations import entries_of_last_epoch
from tfgen.runs.run import Run


def compare_recorded(runs: Sequence[Run], entries: Mapping[Path, RunEntries] | None = None) -> Comparison:
    """Compare runs by their recorded measurements.

    Args:
        runs: different runs on the same data.
        entries: path of a run → its entries, in place of those in its `evaluation.json`.

    Raises:
        ConfigError: if there is no run, if a run occurs twice, or if runs are on different data.
        RunError: if an entry of an `evaluation.json` is damaged.
    """
    check_comparable(runs)
    rows, entries_of_rows = [], {}
    for members in group_by_seed(runs):
        finished = [run for run in members if run.state == "finished"]
        found = [(entries or {}).get(run.path) or RunEntries.of(entries_of_last_epoch(run)) for run in finished]
        rows.append(make_row(row_name(members, runs), members, finished, found))
        entries_of_rows[rows[-1].name] = found
    return Comparison(
        data=runs[0].config.data.data,
        rows=tuple(rows),
        likelihoods=tuple(group_likelihoods(entries_of_rows)),
        quality=common_quality(entries_of_rows),
    )
