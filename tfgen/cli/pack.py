"""Make a small folder of a finished run: tfgen pack RUN --name digits-vae [--out DIR]"""

import re
from collections.abc import Sequence

from tfgen.cli.arguments import DEFAULT, DeprecatedOption, Parser, add_out
from tfgen.cli.value_types import number_in_range
from tfgen.errors import exit_on_error

_seconds = number_in_range(0.0, 1e7, "a number of seconds")


def build_parser() -> Parser:
    """The parser of this command."""
    parser = Parser(
        prog="tfgen pack",
        description="Make a small folder of a finished run: the model's weights in 16 bits, or in 24 or 32 bits if "
        "fewer bits change its samples or likelihoods too much, with configuration, metrics and measurements. "
        "Likelihoods are measured again with the rounded weights. Every command accepts the folder as a run.",
    )
    parser.add_argument("run", metavar="RUN", help="Run folder of a finished training.")
    parser.add_argument(
        "--name", required=True, help="Name of the new folder: a-z, 0-9, and '-', '.', '_' between them."
    )
    add_out(parser, ".", "Folder in which the new folder is made", metavar="DIR")
    parser.add_argument(
        "--about",
        metavar="TEXT",
        help="One line that describes the model in lists [default: data, family, preset and number of weights].",
    )
    parser.add_argument(
        "--licence",
        metavar="TEXT",
        help="Licence of the pictures that the model was trained on, for example 'Apache-2.0 (Noto Emoji)'. Lists and "
        "model cards state it [default: none is stated].",
    )
    parser.add_argument(
        "--max-seconds",
        type=_seconds,
        default=600.0,
        metavar="SECONDS",
        help="Likelihoods that took longer than this to measure are copied and marked instead of measured again, 0 or "
        f"more {DEFAULT}.",
    )
    parser.add_argument("--patience", action=DeprecatedOption, new="--max-seconds", dest="max_seconds", type=_seconds)
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Pack the run. Exit status 0, or 2 with a sentence on bad input."""
    parser = build_parser()
    options = parser.parse_args(argv)
    if not re.fullmatch(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?", options.name):
        parser.error(f"--name: expected a-z, 0-9, and '-', '.', '_' between them. Received: {options.name!r}")
    with exit_on_error():
        from tfgen.packing.pack import check_packable, pack
        from tfgen.runs import Run
        from tfgen.startup import start_tensorflow

        run = Run.open(options.run)
        target = check_packable(run, options.name, options.out)
        start_tensorflow()
        pack(
            run,
            options.name,
            options.out,
            about=options.about,
            licence=options.licence,
            max_seconds=options.max_seconds,
            report=print,
        )
        size = sum(file.stat().st_size for file in target.rglob("*"))
        print(f"{target}: {size / 2**20:.2f} MiB")
