"""Measures everything that can be measured of a run's model."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tfgen.errors import UndefinedError
from tfgen.evaluation.find_classifier import classifier_for
from tfgen.evaluation.inversion import measure_inversion
from tfgen.evaluation.likelihood import measure_likelihood
from tfgen.evaluation.quality import measure_quality
from tfgen.evaluation.report import inversion_summary, likelihood_summary, quality_summary
from tfgen.runs.evaluations import is_writable

if TYPE_CHECKING:
    from tfgen.evaluation.classifier import Classifier
    from tfgen.runs.run import Run

#: The measurements of `evaluate_run`.
MEASUREMENTS = ("likelihood", "inversion", "quality")


def _print_now(text: str) -> None:
    print(text, flush=True)


def evaluate_run(
    run: "Run",
    *,
    only: str | None = None,
    split: str = "test",
    seed: int = 0,
    samples: int = 1,
    batch_size: int = 100,
    first: int | None = None,
    count: int = 10_000,
    temperature: float = 1.0,
    classifier: str | Path | None = None,
    report: Callable[[str], None] = _print_now,
) -> None:
    """Measure a run's model, record the entries in its `evaluation.json` and report them as text.

    Likelihood is measured if the model has one, inversion if the model is a flow, and sample quality if the data has a
    classifier.

    Args:
        run: the run.
        only: one of `MEASUREMENTS`; None for all.
        split: "train", "validation" or "test".
        seed: seed of the likelihood's noise, of the images of noise, and of the first sample.
        samples: number of latent or dequantization samples for the likelihood of each example.
        batch_size: number of examples of a batch, for likelihood and inversion.
        first: number of examples, from the start of the split, for likelihood and inversion; None for all.
        count: number of samples for sample quality.
        temperature: temperature of these samples.
        classifier: .npz of a classifier for sample quality; None for the one that comes with the package.
        report: called with each result as text.

    Raises:
        UndefinedError: if the measurement named by `only`, or every measurement, is undefined for the model.
        ConfigError: if the run has no such split.
        DataError: if the classifier is missing or damaged.
    """
    found, reason = _find_classifier(run, only, classifier)
    model = run.load_model()
    if only == "likelihood" or (only is None and model.can("log_prob")):
        entry = measure_likelihood(
            run,
            model=model,
            samples=samples,
            split=split,
            seed=seed,
            batch_size=batch_size,
            first=first,
            progress=True,
        )
        report(likelihood_summary(entry))
    elif found is None and only is None:
        raise UndefinedError(f"Nothing can be measured of this model: it has no likelihood. {reason}")
    if only == "inversion" or (only is None and model.can("inversion_error")):
        errors = measure_inversion(
            run, model=model, split=split, seed=seed, batch_size=batch_size, first=first, progress=True
        )
        report(inversion_summary(errors))
    if found is not None:
        quality = measure_quality(
            run,
            model=model,
            classifier=found,
            count=count,
            split=split,
            seed=seed,
            temperature=temperature,
            progress=True,
        )
        report(quality_summary(quality))
    elif reason:
        report(f"quality    not measured. {reason}")
    if not is_writable(run):
        reason = "belongs to the installed package" if run.by_name else "is not writable"
        report(f"not recorded: {run.path.name} {reason}")


def _find_classifier(run: "Run", only: str | None, file: str | Path | None) -> tuple["Classifier | None", str]:
    """Return the classifier, or None and the reason why quality is not measured.

    Raises:
        UndefinedError: if the data has no classifier and the caller asked for quality or named a file.
    """
    if only not in (None, "quality"):
        return None, ""
    dataset = run.dataset
    try:
        return classifier_for(run.config.data.data, dataset.event_shape, dataset.levels, file), ""
    except UndefinedError as error:
        if only == "quality" or file is not None:
            raise
        return None, str(error)
