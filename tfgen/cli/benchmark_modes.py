"""The mode-collapse lab: tfgen benchmark-modes [--bed ring8 grid25 stacked_mnist] [--seeds 3] [--out DIR]"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tfgen.cli.arguments import int_in_range
from tfgen.errors import ConfigError, reported
from tfgen.mode_benchmark.datasets import BEDS, COMPARED, ENTRANTS, Trial

if TYPE_CHECKING:
    pass
from tfgen.mode_benchmark.run import run, write


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line; on a mistake, print what was expected and exit with status 2."""
    budgets = ", ".join(f"{name} {bed.budget:,}" for name, bed in BEDS.items())
    parser = argparse.ArgumentParser(
        prog="tfgen benchmark-modes",
        description="Train GANs that differ only in what is done against mode collapse on data whose modes can be "
        "counted, all with the same networks for the same number of steps. Writes collapse.md, collapse.json and "
        "collapse-<bed>.png. The same command goes on where it was stopped; what is finished stays.",
        allow_abbrev=False,
    )
    parser.add_argument("--bed", nargs="+", choices=tuple(BEDS), default=["ring8", "grid25"], help="[ring8 grid25]")
    parser.add_argument(
        "--model", nargs="+", choices=tuple(ENTRANTS), default=list(COMPARED), help="[all but averaged]"
    )
    parser.add_argument(
        "--seeds", type=int_in_range(1, 100), default=3, metavar="N", help="trainings of each model [3]"
    )
    parser.add_argument("--budget", type=int_in_range(1), metavar="STEPS", help=f"of every training [{budgets}]")
    parser.add_argument(
        "--train-size", type=int_in_range(1), metavar="N", help="training examples [the bed's own number]"
    )
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
