"""Compares runs, and first makes the measurements that finished runs lack."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfgen.comparison.grouping import check_comparable
from tfgen.comparison.recorded import compare_recorded
from tfgen.comparison.records import Comparison, RunEntries
from tfgen.errors import UndefinedError
from tfgen.evaluation.class_samples import measure_class_samples
from tfgen.evaluation.classification import measure_classification
from tfgen.evaluation.cost import machine, measure_cost
from tfgen.evaluation.find_classifier import classifier_for
from tfgen.evaluation.likelihood import measure_likelihood
from tfgen.evaluation.memorization import COUNT, measure_memorization
from tfgen.evaluation.quality import measure_quality
from tfgen.models import family
from tfgen.runs.entries import Entry
from tfgen.runs.evaluations import entries_of_last_epoch
from tfgen.runs.run import Run

if TYPE_CHECKING:
    from tfgen.evaluation.classifier import Classifier
    from tfgen.models.contract import GenerativeModel


def compare(
    runs: Sequence[Run],
    *,
    count: int = 10_000,
    samples: int = 1,
    classifier: str | Path | None = None,
    report: Callable[[str], None] = lambda line: None,
) -> Comparison:
    """Compare runs. Measurements that a finished run lacks are made, and recorded in its `evaluation.json`.

    Args:
        runs: different runs on the same data.
        count: number of samples for sample quality, at most the number of test images.
        samples: number of latent or dequantization samples for the likelihood of each test example.
        classifier: .npz of a classifier for sample quality; None for the one that comes with the package.
        report: called with a line of text before each measurement.

    Raises:
        ConfigError: if there is no run, if a run occurs twice, or if runs are on different data.
        DataError: if the data is missing, or the classifier is missing or damaged.
        RunError: if an entry of an `evaluation.json` is damaged.
    """
    check_comparable(runs)
    data = runs[0].dataset
    try:
        found = classifier_for(runs[0].config.data.data, data.event_shape, data.levels, classifier, data)
    except UndefinedError:
        found = None
    entries = {
        run.path: measure_missing(run, count=count, samples=samples, classifier=found, report=report)
        for run in runs
        if run.state == "finished"
    }
    return compare_recorded(runs, entries)


def measure_missing(
    run: Run,
    *,
    count: int = 10_000,
    samples: int = 1,
    classifier: "Classifier | None" = None,
    report: Callable[[str], None] = lambda line: None,
) -> RunEntries:
    """Make the measurements that a run lacks, and record them if its folder is writable.

    These are likelihood and sample quality of the test set, the cost, and, for images, the distance of samples to
    training images.

    Args:
        run: a finished run.
        count, samples, report: see `compare`.
        classifier: the classifier for sample quality; None if quality is not measured.

    Returns:
        All entries of the run, recorded and new ones.
    """
    missing = _Missing(run, report)
    test, train = run.dataset.test, run.dataset.train
    identity = None if classifier is None else classifier.identity
    if "log_prob" not in family(run.config.model).undefined:
        missing.add(
            {"split": "test", "samples": samples, "examples": len(test)},
            "likelihood",
            lambda: measure_likelihood(run, model=missing.model, samples=samples),
        )
    if classifier is not None:
        size = min(count, len(test), len(train))
        missing.add(
            {"split": "test", "samples": size, "seed": 0, "temperature": 1.0, "classifier": identity},
            "quality",
            lambda: measure_quality(run, model=missing.model, classifier=classifier, count=size),
        )
    # Clusters are no labels that a model or a classifier should find.
    if run.config.data.conditional and run.config.data.clusters is None:
        _add_classes(missing, count, samples, classifier)
    if run.dataset.is_images:
        nearest = min(COUNT, len(test))
        missing.add(
            {"samples": nearest, "seed": 0, "classifier": identity},
            "memorization",
            lambda: measure_memorization(run, model=missing.model, classifier=classifier, count=nearest),
        )
    missing.add({"machine": machine()}, "cost", lambda: measure_cost(run, model=missing.model))
    return missing.entries


def _add_classes(missing: "_Missing", count: int, samples: int, classifier: "Classifier | None") -> None:
    """Add what conditional models have: Bayes' rule of a likelihood, and samples of each class."""
    run, test = missing.run, missing.run.dataset.test
    if "log_prob" not in family(run.config.model).undefined:
        missing.add(
            {"split": "test", "samples": samples, "examples": len(test)},
            "classification",
            lambda: measure_classification(run, model=missing.model, samples=samples),
        )
    if classifier is None or classifier.class_of_name(run.dataset.classes) is None:
        return
    missing.add(
        {"split": "test", "seed": 0, "temperature": 1.0, "classifier": classifier.identity},
        "class_samples",
        lambda: measure_class_samples(run, classifier, model=missing.model, count=count),
    )


class _Missing:
    """The entries of a run, to which missing measurements are added.

    Attributes:
        entries: the recorded entries and those that were added.
    """

    def __init__(self, run: Run, report: Callable[[str], None]):
        self.run, self.report = run, report
        self.entries = RunEntries.of(entries_of_last_epoch(run))

    @cached_property
    def model(self) -> "GenerativeModel":
        """The run's model, loaded for the first measurement."""
        return self.run.load_model()

    def add(self, settings: dict[str, Any], kind: str, measure: Callable[[], Entry]) -> None:
        """Call `measure` if there is no entry with these settings, and add the entry that `measure` returns."""
        recorded = getattr(self.entries, kind)
        if any(all(getattr(entry, name) == value for name, value in settings.items()) for entry in recorded):
            return
        self.report(f"{self.run.path.name}: {kind}")
        new = measure()
        others = tuple(entry for entry in recorded if entry.key != new.key)
        self.entries = replace(self.entries, **{kind: (*others, new)})
