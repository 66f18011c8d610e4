"""Count the modes that GANs cover: tfgen benchmark-modes [--data ring8 grid25 stacked_mnist] [--seeds 3] [--out DIR]"""

from collections.abc import Sequence
from typing import Any

from tfgen.cli.arguments import DEFAULT, DeprecatedOption, Parser, add_data_dir, add_out
from tfgen.cli.value_types import int_in_range
from tfgen.errors import exit_on_error
from tfgen.mode_benchmark.datasets import DATASETS
from tfgen.mode_benchmark.methods import DEFAULT_METHODS, METHODS


def build_parser() -> Parser:
    """The parser of this command."""
    parser = Parser(
        prog="tfgen benchmark-modes",
        description="Train GANs with different remedies against mode collapse on data with a known number of modes, "
        "and count the modes that their samples cover. All GANs of a dataset have the same networks and the same "
        "number of training steps. Writes mode-benchmark.md, mode-benchmark.json and mode-benchmark-DATASET.png. The "
        "same command resumes a benchmark that was stopped; finished trials are kept.",
    )
    datasets, methods, steps = tuple(DATASETS), tuple(METHODS), int_in_range(1)
    parser.add_argument(
        "--data",
        nargs="+",
        choices=datasets,
        default=["ring8", "grid25"],
        metavar="NAME",
        help=f"Datasets to train on: {', '.join(datasets)} [default: ring8 grid25].",
    )
    parser.add_argument(
        "--method",
        nargs="+",
        choices=methods,
        default=list(DEFAULT_METHODS),
        metavar="NAME",
        help=f"Methods to compare: {', '.join(methods)} [default: all except averaged].",
    )
    parser.add_argument(
        "--seeds",
        type=int_in_range(1, 100),
        default=3,
        metavar="N",
        help=f"Number of trainings of each method on each dataset, 1 to 100 {DEFAULT}.",
    )
    defaults = ", ".join(f"{dataset.steps} on {name}" for name, dataset in DATASETS.items())
    parser.add_argument(
        "--steps",
        type=steps,
        metavar="N",
        help=f"Number of training steps, a multiple of the steps of an epoch [default: {defaults}].",
    )
    sizes = ", ".join(f"{dataset.options['train_size']} on {name}" for name, dataset in DATASETS.items())
    parser.add_argument(
        "--train-size",
        type=int_in_range(1),
        metavar="N",
        help=f"Number of training examples, 1 or more [default: {sizes}].",
    )
    add_data_dir(parser)
    add_out(parser, "mode-benchmark", "Folder to write to", metavar="DIR")
    deprecated: dict[str, Any] = {"action": DeprecatedOption, "metavar": "NAME"}
    parser.add_argument("--bed", dest="data", new="--data", nargs="+", choices=datasets, **deprecated)
    parser.add_argument("--model", dest="method", new="--method", nargs="+", choices=methods, **deprecated)
    parser.add_argument("--budget", dest="steps", new="--steps", type=steps, **deprecated)
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark. Exit status 0, 2 with a sentence on bad input, or 130 after Ctrl-C."""
    options = build_parser().parse_args(argv)
    with exit_on_error():
        from tfgen.files import make_output_folder
        from tfgen.mode_benchmark.trial import make_trials

        # Bad input is refused before TensorFlow is loaded, which takes seconds.
        trials = make_trials(
            options.data,
            options.method,
            options.seeds,
            steps=options.steps,
            train_size=options.train_size,
            data_dir=options.data_dir,
        )
        out = make_output_folder(options.out)
        from tfgen.startup import start_tensorflow

        start_tensorflow()
        from tfgen.mode_benchmark.benchmark import run_benchmark, write_report

        print(write_report(run_benchmark(trials, out), out))
