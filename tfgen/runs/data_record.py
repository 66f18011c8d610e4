"""The record of a run's data: `data.json` with their fingerprint, `skipped.txt` with the files that were left out."""

import os
from typing import TYPE_CHECKING

from tfgen.errors import DataError, RunError
from tfgen.files import atomic_write, read_json, write_json
from tfgen.runs.run import Run

if TYPE_CHECKING:
    from tfgen.data.sets import Dataset

RECORD, SKIPPED = "data.json", "skipped.txt"


def record_data(run: Run, dataset: "Dataset") -> None:
    """Write the fingerprint of the data, and a line for each file that was left out, with the reason."""
    write_json(run.path / RECORD, {"fingerprint": dataset.fingerprint})
    if dataset.skipped:
        with atomic_write(run.path / SKIPPED) as temporary:
            temporary.write_text("".join(f"{file}\t{reason}\n" for file, reason in dataset.skipped))


def check_data(run: Run, dataset: "Dataset", accept_changed: bool = False) -> None:
    """Check that the data are those with which the training began. A run without a record is not checked.

    Args:
        run: the run.
        dataset: its data as they are now.
        accept_changed: whether to record the present data in place of the earlier ones.

    Raises:
        DataError: if the data have changed and this is not accepted.
        RunError: if the record is damaged.
    """
    recorded = _recorded(run)
    if recorded is None or recorded == dataset.fingerprint:
        return
    if not accept_changed:
        raise DataError(
            f"Expected the data with which the training of {run.path} began. Received: other pictures, labels or split "
            f"in {run.config.data.data}. To use them nevertheless: tfgen evaluate or tfgen train --resume with "
            "--accept-changed-data"
        )
    record_data(run, dataset)


def check_data_of(run: Run, accept_changed: bool = False) -> None:
    """`check_data` of the run's data, which are not read if the run has no record."""
    if _recorded(run) is not None:
        check_data(run, run.current_dataset, accept_changed)


def _recorded(run: Run) -> str | None:
    """The recorded fingerprint; None without a record. Raises `RunError` if the record is damaged."""
    file = run.path / RECORD
    if not os.path.lexists(file):
        return None
    content = read_json(file, RunError)
    if not isinstance(content, dict) or not isinstance(content.get("fingerprint"), str):
        raise RunError(f"Expected the fingerprint of the run's data in {file}. Received: {str(content)[:80]}")
    return content["fingerprint"]
