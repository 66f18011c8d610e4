"""Measure a trained model: tfgen evaluate RUN [--only likelihood|inversion|classification|quality|memorization]"""

import dataclasses
from collections.abc import Sequence

from tfgen.cli.arguments import DEFAULT, DeprecatedOption, Parser, add_run, add_samples, add_seed, add_temperature
from tfgen.cli.value_types import int_in_range
from tfgen.errors import ConfigError, exit_on_error

SPLITS = ("train", "validation", "test")
DEFAULT_COUNT = 10_000
MEASUREMENTS = ("likelihood", "inversion", "classification", "quality", "memorization")


def build_parser() -> Parser:
    """The parser of this command."""
    parser = Parser(
        prog="tfgen evaluate",
        description="Measure the best model of a run and record the result in the run's evaluation.json. Likelihood: "
        "the mean over a split with estimator, sample count, levels and standard error. Inversion (flow): the error "
        "of encoding and decoding. Classification (conditional models): accuracy and calibration of Bayes' rule, and "
        "agreement of samples with their class. Quality: distances between samples and real pictures in the features "
        "of a classifier or of an Inception network. Memorization: samples that lie unusually near to a training "
        "picture. Without --only, everything that the model and the data allow is measured.",
    )
    add_run(parser)
    parser.add_argument(
        "--only",
        choices=MEASUREMENTS,
        help="Measure only this [default: everything that the model allows].",
    )
    parser.add_argument(
        "--accept-changed-data",
        action="store_true",
        help="Measure although the data have changed since the training began.",
    )
    parser.add_argument("--split", choices=SPLITS, default="test", help=f"Part of the data that is measured {DEFAULT}.")
    add_seed(parser, "Seed of the estimator's noise and of the first sample")
    likelihood = parser.add_argument_group(
        "likelihood, inversion and classification",
        "Classification averages the probabilities of the classes over --samples draws of the estimator's noise.",
    )
    add_samples(likelihood, "each example")
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
    quality = parser.add_argument_group("quality, and classes of samples")
    quality.add_argument(
        "--n",
        dest="count",
        type=int_in_range(1),
        metavar="N",
        help="Number of samples, and of real pictures that the samples are compared with, at most the size of the "
        f"split [default: {DEFAULT_COUNT:,}, or the size of the split if that is less].",
    )
    quality.add_argument("--count", action=DeprecatedOption, new="--n", dest="count", type=int_in_range(1))
    add_temperature(quality)
    quality.add_argument(
        "--sweep",
        dest="swept",
        nargs="+",
        choices=("temperature", "guidance"),
        metavar="NAME",
        help="With --only quality: measure samples at several temperatures, or weights of the guidance, with and "
        "without the removal of noise. The folder of the run gets a table and a figure, sampling_sweep.json and .png.",
    )
    quality.add_argument(
        "--classifier",
        metavar="FILE",
        help="Classifier for the features: an .npz that tfgen train-classifier wrote, also for other data of this "
        "shape, or the name of a data set whose classifier comes with tfgen [default: the classifier that comes with "
        "tfgen for this data, or the one that tfgen train-classifier trained for it].",
    )
    quality.add_argument(
        "--features",
        choices=("classifier", "inception"),
        default="classifier",
        help="Features in which samples are compared: those of the classifier, or those of Keras's Inception-v3, whose "
        f"Fréchet distance is reported as FID {DEFAULT}.",
    )
    quality.add_argument(
        "--features-file",
        metavar="FILE",
        help="Weights of Inception-v3 as Keras saves them [default: Keras loads its own, which needs the network "
        "once].",
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
        from tfgen.evaluation.evaluate import Settings, evaluate_run
        from tfgen.evaluation.split import check_number
        from tfgen.runs.data_record import check_data_of

        if options.features_file and options.features != "inception":
            raise ConfigError("--features-file: expected together with --features inception. Received: without it")
        if options.swept and options.only != "quality":
            raise ConfigError("--sweep: expected together with --only quality. Received: without it")
        check_data_of(run, options.accept_changed_data)
        check_number("--n", options.count, run.dataset, options.split)
        check_number("--first", options.first, run.dataset, options.split)
        options.count = options.count or DEFAULT_COUNT
        options.swept = options.swept or ()
        fields = [field.name for field in dataclasses.fields(Settings)]
        evaluate_run(run, Settings(**{name: getattr(options, name) for name in fields}), only=options.only)
