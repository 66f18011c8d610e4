"""The mode-collapse lab: python -m tfgen.collapse [--bed ring8 grid25 stacked_mnist] [--seeds 3] [--out DIR]"""

import argparse
import functools
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tfgen.errors import ConfigError, reported
from tfgen.lab.beds import BEDS, COMPARED, DATA, ENTRANTS, Trial
from tfgen.sample import whole

if TYPE_CHECKING:
    from tfgen.lab.findings import Row


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line; on a mistake, print what was expected and exit with status 2."""
    budgets = ", ".join(f"{name} {bed.budget:,}" for name, bed in BEDS.items())
    parser = argparse.ArgumentParser(
        prog="python -m tfgen.collapse",
        description="Train GANs that differ only in what is done against mode collapse on data whose modes can be "
        "counted, all with the same networks for the same number of steps. Writes collapse.md, collapse.json and "
        "collapse-<bed>.png. The same command goes on where it was stopped; what is finished stays.",
        allow_abbrev=False,
    )
    parser.add_argument("--bed", nargs="+", choices=tuple(BEDS), default=["ring8", "grid25"], help="[ring8 grid25]")
    parser.add_argument(
        "--model", nargs="+", choices=tuple(ENTRANTS), default=list(COMPARED), help="[all but averaged]"
    )
    parser.add_argument("--seeds", type=whole(1, 100), default=3, metavar="N", help="trainings of each model [3]")
    parser.add_argument("--budget", type=whole(1), metavar="STEPS", help=f"of every training [{budgets}]")
    parser.add_argument("--train-size", type=whole(1), metavar="N", help="training examples [the bed's own number]")
    parser.add_argument("--data-dir", metavar="DIR", help="folder of MNIST's idx files [$TFGEN_DATA]")
    parser.add_argument("--out", default="collapse", metavar="DIR", help="folder to write to [%(default)s]")
    return parser.parse_args(argv)


def trials_of(options: argparse.Namespace) -> list[Trial]:
    """What the command line asks for, bed by bed, each model's seeds together."""
    return [
        Trial(bed, entrant, seed, options.budget or BEDS[bed].budget, options.train_size, options.data_dir)
        for bed in dict.fromkeys(options.bed)
        for entrant in dict.fromkeys(options.model)
        for seed in range(options.seeds)
    ]


def main(argv: Sequence[str] | None = None) -> None:
    """Run the lab. Exit status 0, 2 with a sentence on bad input, or 130 after Ctrl-C."""
    options = parse(argv)
    with reported():
        trials = trials_of(options)
        for trial in trials:
            _ = trial.config  # a budget that does not fit is found before anything is trained
        out = Path(options.out)
        try:
            (out / "trials").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(
                f"--out: expected a folder that can be written. Received: {out} ({error.strerror})"
            ) from None
        from tfgen.startup import start_tensorflow

        start_tensorflow()
        rows = run(trials, out)
        print(write(rows, out))


def run(trials: Sequence[Trial], out: Path) -> "list[Row]":
    """Carry out what is not yet finished; the data's own row stands behind those of each bed."""
    from tqdm import tqdm

    from tfgen.lab.findings import Row
    from tfgen.lab.trial import carry_out, judge_data
    from tfgen.runs import Run

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
    from tfgen.lab.findings import table
    from tfgen.lab.picture import figure
    from tfgen.plots import style

    text = table(rows)
    with replacing(out / "collapse.md") as fresh:
        fresh.write_text(text)
    write_json(out / "collapse.json", [row.to_dict() for row in rows])
    for bed in dict.fromkeys(row.bed for row in rows):
        style.save(figure([row for row in rows if row.bed == bed]), out / f"collapse-{bed}.png")
    return text


if __name__ == "__main__":
    main()
