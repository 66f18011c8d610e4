"""The mode-collapse lab: tfgen benchmark-modes [--bed ring8 grid25 stacked_mnist] [--seeds 3] [--out DIR]"""

import functools
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tfgen.mode_benchmark.datasets import BEDS, DATA, Trial

if TYPE_CHECKING:
    from tfgen.mode_benchmark.results import Row


def run(trials: Sequence[Trial], out: Path) -> "list[Row]":
    """Carry out what is not yet finished; the data's own row stands behind those of each bed."""
    from tqdm import tqdm

    from tfgen.mode_benchmark.results import Row
    from tfgen.mode_benchmark.trial import carry_out, judge_data
    from tfgen.runs.run import Run

    rows: list[Row] = []
    total = sum(trial.budget for trial in trials)
    with tqdm(total=total, unit="step", file=sys.stderr, disable=not sys.stderr.isatty(), dynamic_ncols=True) as bar:
        for bed in dict.fromkeys(trial.bed for trial in trials):
            own = [trial for trial in trials if trial.bed == bed]
            dataset = Run(out, own[0].config).dataset
            for entrant in dict.fromkeys(trial.entrant for trial in own):
                found, folders = [], []
                for trial in (trial for trial in own if trial.entrant == entrant):
                    bar.set_description(trial.name)
                    start, folder = bar.n, out / "trials" / trial.name
                    report = functools.partial(_advance, bar, start)
                    found.append(carry_out(trial, folder, dataset, report))
                    folders.append(folder)
                    report(trial.budget)
                    bar.write(_line(trial, found[-1]), file=sys.stderr)
                rows.append(Row(bed, entrant, tuple(found), tuple(folders)))
            folder = out / "trials" / f"{bed}-{DATA}"
            rows.append(Row(bed, DATA, (judge_data(bed, folder, dataset),), (folder,)))
    return rows


def _advance(bar, start: int, steps: int) -> None:
    bar.update(start + steps - bar.n)


def _line(trial: Trial, found: dict) -> str:
    if found["diverged"] is not None:
        return f"{trial.name:<32} diverged"
    near = f"  {found['high_quality']:.1%} near one" if "high_quality" in found else ""
    kl = "" if found["mode_kl"] is None else f"  KL {found['mode_kl']:.3f}"
    return (
        f"{trial.name:<32} {found['modes']:>5,} of {BEDS[trial.bed].modes:,} modes{near}{kl}  {found['seconds']:.0f} s"
    )


def write(rows: "list[Row]", out: Path) -> str:
    """Write table, figures and JSON; returns the table."""
    from tfgen.files import replacing, write_json
    from tfgen.mode_benchmark.figure import figure
    from tfgen.mode_benchmark.results import table
    from tfgen.plots import style

    text = table(rows)
    with replacing(out / "collapse.md") as fresh:
        fresh.write_text(text)
    write_json(out / "collapse.json", [row.to_dict() for row in rows])
    for bed in dict.fromkeys(row.bed for row in rows):
        style.save(figure([row for row in rows if row.bed == bed]), out / f"collapse-{bed}.png")
    return text
