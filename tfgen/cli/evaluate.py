"""Measure a trained model: tfgen evaluate RUN [--only likelihood|inversion|quality] [--samples K]"""

from collections.abc import Sequence

from tfgen.cli.arguments import DEFAULT, DeprecatedOption, Parser, add_run, add_seed, int_in_range, non_negative_float
from tfgen.errors import exit_on_error

SPLITS = ("train", "validation", "test")


def build_parser() -> Parser:
    """The parser of this command."""
    parser = Parser(
        prog="tfgen evaluate",
        description="Measure the best model of a run and record the result in the run's evaluation.json. Likelihood: "
        "the mean over a split with estimator, sample count, levels and standard error. Inversion (flow): the error "
        "of encoding and decoding. Quality: distances between samples and real pictures in the features of a "
        "classifier. Without --only, everything that the model and the data allow is measured.",
    )
    add_run(parser)
    parser.add_argument(
        "--only",
        choices=("likelihood", "inversion", "quality"),
        help="Measure only this [default: everything that the model allows].",
    )
    parser.add_argument("--split", choices=SPLITS, default="test", help=f"Part of the data that is measured {DEFAULT}.")
    add_seed(parser, "Seed of the estimator's noise and of the first sample")
    likelihood = parser.add_argument_group("likelihood and inversion")
    likelihood.add_argument(
        "--samples",
        type=int_in_range(1),
        default=1,
        metavar="K",
        help="Number of latent or dequantization samples for each example, 1 or more. More samples tighten the bound; "
        f"time grows with K {DEFAULT}.",
    )
    likelihood.add_argument(
        "--batch-size",
        type=int_in_range(1),
        default=100,
        metavar="N",
        help=f"Number of examples that are evaluated together, 1 or more {DEFAULT}.",
    )
    likelihood.add_argument(
        "--first", type=int_in_range(1), metavar="N", help="Measure only the first N examples [default: all]."
    )
    quality = parser.add_argument_group("quality")
    quality.add_argument(
        "--n",
        dest="count",
        type=int_in_range(1),
        default=10_000,
        metavar="N",
        help="Number of samples, and of real pictures that the samples are compared with; at most the size of the "
        f"split is used {DEFAULT}.",
    )
    quality.add_argument("--count", action=DeprecatedOption, new="--n", dest="count", type=int_in_range(1))
    quality.add_argument(
        "--temperature",
        type=non_negative_float,
        default=1.0,
        metavar="T",
        help=f"Factor on the standard deviation of the latent noise of the samples, 0 or more {DEFAULT}.",
    )
    quality.add_argument(
        "--classifier",
        metavar="FILE",
        help="Classifier for the features: an .npz that tfgen train-classifier wrote [default: the classifier that "
        "comes with tfgen for this data].",
    )
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Measure the model. Exit status 0, or 2 with a sentence on bad input."""
    options = build_parser().parse_args(argv)
    with exit_on_error():
        from tfgen.runs import Run

        run = Run.open(options.run)
        from tfgen.startup import start_tensorflow

        start_tensorflow()
        from tfgen.evaluation.evaluate import evaluate_run

        evaluate_run(
            run,
            only=options.only,
            split=options.split,
            seed=options.seed,
            samples=options.samples,
            batch_size=options.batch_size,
            first=options.first,
            count=options.count,
            temperature=options.temperature,
            classifier=options.classifier,
        )
