"""Compare runs on the same data: tfgen compare RUN RUN … [--out DIR]"""

import sys
from collections.abc import Sequence

from tfgen.cli.arguments import DeprecatedOption, Parser, add_out, add_samples
from tfgen.cli.value_types import int_in_range
from tfgen.errors import ConfigError, exit_on_error

DEFAULT_COUNT = 10_000


def build_parser() -> Parser:
    """The parser of this command."""
    parser = Parser(
        prog="tfgen compare",
        description="Compare runs on the same data: likelihood (only of the same examples and levels), spread over "
        "seeds, sample quality, cost of training and sampling, and distance of samples to training images. "
        "Measurements that a finished run lacks are made and recorded in its evaluation.json. Writes comparison.md, "
        "comparison.json and comparison.png.",
    )
    parser.add_argument(
        "runs",
        metavar="RUN",
        nargs="+",
        help="Run folder or name of a pretrained model. Runs that differ only in their seed become one row.",
    )
    add_out(parser, "comparison", "Folder to write to", metavar="DIR")
    parser.add_argument("--recorded", action="store_true", help="Measure nothing; use only what evaluation.json holds.")
    parser.add_argument(
        "--n",
        dest="count",
        type=int_in_range(1),
        metavar="N",
        help=f"Number of samples for sample quality, at most the number of test images [default: {DEFAULT_COUNT:,}, or "
        "the number of test images if that is less].",
    )
    parser.add_argument("--count", action=DeprecatedOption, new="--n", dest="count", type=int_in_range(1))
    add_samples(parser, "the likelihood of each example")
    parser.add_argument(
        "--classifier",
        metavar="FILE",
        help="Classifier for sample quality: an .npz that tfgen train-classifier wrote [default: the classifier that "
        "comes with tfgen for this data].",
    )
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Compare the runs. Exit status 0, or 2 with a sentence on bad input."""
    options = build_parser().parse_args(argv)
    with exit_on_error():
        from tfgen.comparison import compare_recorded
        from tfgen.files import make_output_folder
        from tfgen.runs import Run

        if options.recorded and options.classifier is not None:
            raise ConfigError("--classifier: expected without --recorded, which measures nothing. Received: both")
        if options.recorded and options.count is not None:
            raise ConfigError("--n: expected without --recorded, which measures nothing. Received: both")
        runs = [Run.open(path) for path in options.runs]
        found = compare_recorded(runs)
        out = make_output_folder(options.out)
        if not options.recorded:
            from tfgen.startup import start_tensorflow

            start_tensorflow()
            from tfgen.comparison import compare
            from tfgen.evaluation.split import check_number

            for run in runs if options.count is not None else ():
                check_number("--n", options.count, run.dataset)
            options.count = options.count or DEFAULT_COUNT
            settings = {name: getattr(options, name) for name in ("count", "samples", "classifier")}
            found = compare(runs, **settings, report=lambda line: print(line, file=sys.stderr, flush=True))
        from tfgen.comparison import write_comparison

        print(write_comparison(found, out))
        print(f"{out}: comparison.md, comparison.json, comparison.png")
