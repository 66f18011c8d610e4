"""Evaluate a run's best model: tfgen evaluate RUN [--only likelihood|inversion|quality] [--samples k] [...]

Writes `evaluation.json` into the run. Likelihood, where the model has one: of every example of a split, with its
estimator, sample count, levels and standard error. Inversion, of a flow: how far pictures are from where they come back
to. Sample quality, where the data has a classifier: how far samples are
from the split in its features, beside how far other real pictures are.
"""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tfgen.cli.arguments import int_in_range, non_negative_float
from tfgen.errors import UndefinedError, reported

if TYPE_CHECKING:
    from tfgen.runs.run import Run
from tfgen.evaluation.evaluate import (
    SPLITS,
    evaluate,
    evaluate_round_trip,
    evaluate_samples,
    inversion_summary,
    quality_summary,
    summary,
)


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line; on a mistake, print what was expected and exit with status 2."""
    parser = argparse.ArgumentParser(
        prog="tfgen evaluate",
        description="Measure a run's best model and record it in its evaluation.json: likelihood, where the model has "
        "one, whether a flow's two directions are inverse, and sample quality, where the data has a classifier.",
        allow_abbrev=False,
    )
    parser.add_argument("run", metavar="RUN", help="folder of a run, or a pretrained model's name")
    parser.add_argument(
        "--only", choices=("likelihood", "inversion", "quality"), help="measure only this [all that can be]"
    )
    parser.add_argument("--split", choices=SPLITS, default="test", help="which examples [test]")
    parser.add_argument("--seed", type=int_in_range(0), default=0, help="of the estimator's noise and the samples [0]")
    likelihood = parser.add_argument_group("likelihood, inversion")
    likelihood.add_argument(
        "--samples", type=int_in_range(1), default=1, metavar="K", help="samples for each example [1]"
    )
    likelihood.add_argument(
        "--batch-size", type=int_in_range(1), default=100, metavar="N", help="examples at a time [100]"
    )
    likelihood.add_argument("--first", type=int_in_range(1), metavar="N", help="only of the first N examples [all]")
    quality = parser.add_argument_group("quality")
    quality.add_argument(
        "--count", type=int_in_range(1), default=10_000, metavar="N", help="samples, and as many real pictures [10000]"
    )
    quality.add_argument("--temperature", type=non_negative_float, default=1.0, metavar="T", help="of the samples [1]")
    quality.add_argument(
        "--classifier",
        metavar="FILE",
        help="an .npz of tfgen train-classifier [the one that comes with tfgen for that data]",
    )
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Evaluate as the command line says. Exit status 0, or 2 with a sentence on bad input."""
    options = parse(argv)
    with reported():
        from tfgen.runs.run import Run

        run = Run.open(options.run)
        from tfgen.startup import start_tensorflow

        start_tensorflow()
        measure(run, options)


def measure(run: "Run", options: argparse.Namespace) -> None:
    """Measure and print what the options of `parse` ask for.

    Raises:
        UndefinedError: if there is no answer to what was asked for, or to anything.
    """
    from tfgen.evaluation.classifier import classifier_for
    from tfgen.runs.evaluations import is_writable

    # A classifier that is named must be there; without one, quality is measured where it can be.
    dataset, classifier, reason = run.dataset, None, None
    if options.only in (None, "quality"):
        try:
            classifier = classifier_for(run.config.data.data, dataset.event_shape, dataset.levels, options.classifier)
        except UndefinedError as error:
            if options.only == "quality" or options.classifier is not None:
                raise
            reason = str(error)
    model = run.load_model()
    if options.only == "likelihood" or (options.only is None and model.can("log_prob")):
        settings = {name: getattr(options, name) for name in ("samples", "split", "seed", "batch_size", "first")}
        print(summary(evaluate(run, model=model, **settings, progress=True)), flush=True)
    elif classifier is None and options.only is None:
        raise UndefinedError(f"Nothing can be measured of this model: it has no likelihood. {reason}")
    if options.only == "inversion" or (options.only is None and model.can("inversion_error")):
        settings = {name: getattr(options, name) for name in ("split", "seed", "batch_size", "first")}
        print(inversion_summary(evaluate_round_trip(run, model=model, **settings, progress=True)), flush=True)
    if classifier is not None:
        settings = {name: getattr(options, name) for name in ("count", "split", "seed", "temperature")}
        print(quality_summary(evaluate_samples(run, model=model, classifier=classifier, **settings, progress=True)))
    elif reason is not None:
        print(f"quality    not measured. {reason}")
    if not is_writable(run):
        reason = "belongs to the installed package" if run.by_name else "may not be written to"
        print(f"not recorded: {options.run} {reason}")
