"""Checks that runs are comparable, and groups the runs that differ only in their seed."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from tfgen.config import DataConfig
from tfgen.errors import ConfigError
from tfgen.runs.run import Run

#: Section of the configuration → options that may differ between the runs of a row. Of these, only the seed changes the
#: trained model.
_IGNORED = {"data": ("data_dir", "cache"), "train": ("seed", "evaluate_test", "sample_every")}
#: Options that must be equal in all runs of a comparison, so that all runs have the same test images.
_DATA_OPTIONS = ("data", "image_size", "color", "fit", "background", "labels", "split")


def check_comparable(runs: Sequence[Run]) -> None:
    """Raise `ConfigError` if there is no run, if a run occurs twice, or if runs are on different data."""
    if not runs:
        raise ConfigError("Expected at least one run. Received none")
    paths = [run.path.resolve() for run in runs]
    if repeated := [str(path) for path, count in Counter(paths).items() if count > 1]:
        raise ConfigError(f"Expected different runs. Received one of them twice: {', '.join(repeated)}")
    for run in runs[1:]:
        if _data_options(run) != _data_options(runs[0]):
            raise ConfigError(
                f"Expected runs on the same data. Received {runs[0].path.name} on {_describe_data(runs[0])} and "
                f"{run.path.name} on {_describe_data(run)}, whose measurements are not comparable"
            )


def _data_options(run: Run) -> dict[str, Any]:
    return {name: getattr(run.config.data, name) for name in _DATA_OPTIONS}


def _describe_data(run: Run) -> str:
    usual = DataConfig().to_dict()
    chosen = {name: value for name, value in _data_options(run).items() if name == "data" or value != usual[name]}
    return ", ".join(str(value) if name == "data" else f"{name} {value}" for name, value in chosen.items())


def group_by_seed(runs: Sequence[Run]) -> list[list[Run]]:
    """Return the runs in groups that differ only in `_IGNORED` options, in the order of the first run of each group.

    A packed model stays by itself: a user who compares a run of their own with it asks for two rows.
    """
    groups: dict[str, list[Run]] = {}
    for run in runs:
        config = run.config.to_dict()
        for section, names in _IGNORED.items():
            config[section] = {key: value for key, value in config[section].items() if key not in names}
        key = [config, str(run.path) if run.is_packed else None]
        groups.setdefault(json.dumps(key, sort_keys=True), []).append(run)
    return list(groups.values())


def row_name(members: Sequence[Run], runs: Sequence[Run]) -> str:
    """Return the name of a row.

    The name is that of the first run's folder, or the folder's path if another run has a folder of the same name.

    Args:
        members: the runs of the row.
        runs: all runs of the comparison.
    """
    first = members[0].path
    name = str(first) if sum(run.path.name == first.name for run in runs) > 1 else first.name
    return name + (f" ({len(members)} runs)" if len(members) > 1 else "")
