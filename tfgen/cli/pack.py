"""Make a finished run small enough to pass on: tfgen pack RUN --name digits-vae --out DIR

`DIR/NAME` holds the weights as float16 and what tells how they came about (`tfgen.pretrained` lists the files). It is
put in place only if the model with the rounded weights answers as the run's does, with weights of 24 bits if those of
16 are too coarse, and of 32 if those are; and what it holds of likelihoods is measured again with the rounded weights.
"""

import argparse
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tfgen.errors import reported

if TYPE_CHECKING:
    pass
from tfgen.packing.pack import PATIENCE, _target, pack


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line; on a mistake, print what was expected and exit with status 2."""
    parser = argparse.ArgumentParser(
        prog="tfgen pack",
        description="Make a finished run small: its model with weights of 16 bits or, where those are too coarse, of "
        "24 or 32, its configuration, metrics and evaluation, in a folder that every command takes as a run.",
        allow_abbrev=False,
    )
    parser.add_argument("run", metavar="RUN", help="folder of the run")
    parser.add_argument("--name", required=True, help="of the folder to be made: a-z, 0-9, and - . _ inside")
    parser.add_argument("--out", metavar="DIR", default=".", help="where to make it [%(default)s]")
    parser.add_argument("--about", metavar="TEXT", help="one line for those who choose [data, family, preset, weights]")
    parser.add_argument(
        "--patience",
        type=float,
        default=PATIENCE,
        metavar="SECONDS",
        help="likelihoods that took the run longer are copied, and said to be, not measured again [%(default)g]",
    )
    options = parser.parse_args(argv)
    if not re.fullmatch(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?", options.name):
        parser.error(f"argument --name: expected a-z, 0-9, and - . _ inside. Received: {options.name!r}")
    if not options.patience >= 0.0:
        parser.error(f"argument --patience: expected 0 or more. Received: {options.patience}")
    return options


def main(argv: Sequence[str] | None = None) -> None:
    """Pack as the command line says. Exit status 0, or 2 with a sentence."""
    options = parse(argv)
    with reported():
        from tfgen.runs.run import Run
        from tfgen.startup import start_tensorflow

        run = Run.open(options.run)
        target = _target(run, options.name, options.out)
        start_tensorflow()
        pack(run, options.name, options.out, about=options.about, patience=options.patience, report=print)
        size = sum(file.stat().st_size for file in target.rglob("*"))
        print(f"{target}: {size / 2**20:.2f} MiB")
