"""Measures everything that can be measured of a run's model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tfgen.errors import TfgenError, UndefinedError
from tfgen.evaluation.class_samples import check_has_classes, measure_class_samples
from tfgen.evaluation.classification import check_classifies, measure_classification
from tfgen.evaluation.find_classifier import classifier_for
from tfgen.evaluation.inversion import measure_inversion
from tfgen.evaluation.likelihood import measure_likelihood
from tfgen.evaluation.memorization import COUNT, measure_memorization
from tfgen.evaluation.quality import measure_quality
from tfgen.evaluation.report import (
    class_samples_summary,
    classification_summary,
    inversion_summary,
    likelihood_summary,
    memorization_summary,
    quality_summary,
)
from tfgen.evaluation.sampling_sweep import save_sweep, summary, sweep_quality
from tfgen.runs.evaluations import is_writable, read_entries

if TYPE_CHECKING:
    from tfgen.evaluation.quality import Extractor
    from tfgen.models.contract import GenerativeModel
    from tfgen.runs.run import Run

#: The measurements of `evaluate_run`.
MEASUREMENTS = ("likelihood", "inversion", "classification", "quality", "memorization")


def _print_now(text: str) -> None:
    print(text, flush=True)


@dataclass(frozen=True)
class Settings:
    """The settings of all measurements.

    Attributes:
        split: "train", "validation" or "test".
        seed: seed of the likelihood's noise, of the images of noise, and of the first sample.
        samples: number of latent or dequantization samples for the likelihood of each example, and number of draws of
            the noise over which classification averages p(y|x).
        batch_size: number of examples of a batch, for likelihood, inversion and classification.
        first: number of examples, from the start of the split, for these; None for all.
        count: number of samples for sample quality and for the agreement of classes.
        temperature: temperature of these samples.
        features: "classifier", or "inception" for the features of an Inception network.
        classifier: .npz of a classifier, or the name of one that comes with the package; None for the one that is found
            for the data.
        features_file: file with the weights of the Inception network; None for Keras's own.
        swept: settings of sampling that are varied, keys of `tfgen.evaluation.sampling_sweep.VALUES`, in place of one
            measurement of quality.
    """

    split: str = "test"
    seed: int = 0
    samples: int = 1
    batch_size: int = 100
    first: int | None = None
    count: int = 10_000
    temperature: float = 1.0
    features: Literal["classifier", "inception"] = "classifier"
    classifier: str | Path | None = None
    features_file: str | Path | None = None
    swept: Sequence[str] = ()


def evaluate_run(
    run: "Run",
    settings: Settings = Settings(),
    *,
    only: str | None = None,
    report: Callable[[str], None] = _print_now,
) -> None:
    """Measure a run's model, record the entries in its `evaluation.json` and report them as text.

    Likelihood is measured if the model has one, inversion if the model is a flow, classification if the model is
    conditional, sample quality if the data has a classifier, and memorization if the model is of images.

    Args:
        run: the run.
        settings: the settings of the measurements.
        only: one of `MEASUREMENTS`; None for all.
        report: called with each result as text.

    Raises:
        UndefinedError: if the measurement named by `only`, or every measurement, is undefined for the model.
        ConfigError: if the run has no such split.
        DataError: if the classifier is missing or damaged.
        RunError: if the `evaluation.json` of the run is damaged.
    """
    # A damaged evaluation.json is refused before anything is measured.
    read_entries(run)
    evaluation = _Evaluation(run, settings, only, report)
    # A missing classifier is told before the model is loaded.
    if only in (None, "quality"):
        evaluation.find_extractor()
    for measurement in MEASUREMENTS:
        if only in (None, measurement):
            getattr(evaluation, measurement)()
    if not is_writable(run):
        reason = "belongs to the installed package" if run.by_name else "is not writable"
        report(f"not recorded: {run.path.name} {reason}")


class _Evaluation:
    """The measurements of one call of `evaluate_run`, which share the model and the extractor of features."""

    def __init__(self, run: "Run", settings: Settings, only: str | None, report: Callable[[str], None]):
        self.run, self.settings, self.only, self.report = run, settings, only, report
        self.extractor: Extractor | None = None
        #: Why there is no extractor.
        self.reason = ""

    @cached_property
    def model(self) -> "GenerativeModel":
        return self.run.load_model()

    def find_extractor(self) -> None:
        """Find the classifier or the Inception network. Raises the errors of both where the user asked for them."""
        settings, dataset = self.settings, self.run.dataset
        try:
            if settings.features == "inception" and dataset.is_images:
                from tfgen.evaluation.inception import load_inception

                self.extractor = load_inception(dataset.levels, settings.features_file)  # type: ignore[arg-type]
            else:
                name, file = self.run.config.data.data, settings.classifier
                self.extractor = classifier_for(name, dataset.event_shape, dataset.levels, file, dataset)
        except UndefinedError as error:
            if self.only == "quality" or settings.classifier is not None:
                raise
            self.reason = str(error)

    def likelihood(self) -> None:
        if self.only is None and not self.model.can("log_prob"):
            if self.extractor is None:
                raise UndefinedError(f"Nothing can be measured of this model: it has no likelihood. {self.reason}")
            return
        settings = self.settings
        entry = measure_likelihood(
            self.run,
            model=self.model,
            samples=settings.samples,
            split=settings.split,
            seed=settings.seed,
            batch_size=settings.batch_size,
            first=settings.first,
            progress=True,
        )
        self.report(likelihood_summary(entry))

    def inversion(self) -> None:
        if self.only is None and not self.model.can("inversion_error"):
            return
        settings = self.settings
        entry = measure_inversion(
            self.run,
            model=self.model,
            split=settings.split,
            seed=settings.seed,
            batch_size=settings.batch_size,
            first=settings.first,
            progress=True,
        )
        self.report(inversion_summary(entry))

    def classification(self) -> None:
        """Measure Bayes' rule of a model with a likelihood, and the agreement of classes with a classifier."""
        if self.only is None and not self.model.is_conditional:
            return
        if self.only is None and self.run.config.data.clusters is not None:
            self.report("classes    not measured, because they are clusters of the pictures and not labels")
            return
        if not self.model.can("log_prob"):
            self._class_samples(required=self.only is not None)
            return
        check_classifies(self.model)
        settings = self.settings
        entry = measure_classification(
            self.run,
            model=self.model,
            samples=settings.samples,
            split=settings.split,
            seed=settings.seed,
            batch_size=settings.batch_size,
            first=settings.first,
            progress=True,
        )
        self.report(classification_summary(entry))
        self._class_samples(required=False)

    def _class_samples(self, required: bool) -> None:
        settings = self.settings
        try:
            if self.extractor is None:
                self.find_extractor()
            if self.extractor is None:
                raise UndefinedError(self.reason)
            check_has_classes(self.model, self.extractor)  # type: ignore[arg-type]
        except TfgenError as error:
            if required or not isinstance(error, UndefinedError):
                raise
            self.report(f"classes    of samples not measured. {error}")
            return
        entry = measure_class_samples(
            self.run,
            self.extractor,  # type: ignore[arg-type]
            model=self.model,
            count=settings.count,
            split=settings.split,
            seed=settings.seed,
            temperature=settings.temperature,
            progress=True,
        )
        self.report(class_samples_summary(entry))

    def quality(self) -> None:
        if self.extractor is None:
            self.report(f"quality    not measured. {self.reason}")
            return
        settings = self.settings
        if settings.swept:
            common = {"count": settings.count, "split": settings.split, "seed": settings.seed}
            points = sweep_quality(
                self.model,
                self.run.dataset,
                self.extractor,
                settings.swept,
                **common,  # type: ignore[arg-type]
                report=lambda point: self.report(summary(point)),
            )
            save_sweep(self.run, points)
            return
        entry = measure_quality(
            self.run,
            model=self.model,
            classifier=self.extractor,
            count=settings.count,
            split=settings.split,
            seed=settings.seed,
            temperature=settings.temperature,
            progress=True,
        )
        self.report(quality_summary(entry))

    def memorization(self) -> None:
        if not self.model.is_image:
            if self.only is not None:
                raise UndefinedError("Memorization is measured for images only. Received: a model of points")
            return
        extractor = self.extractor if self.settings.features == "classifier" else None
        count = min(COUNT, self.settings.count)
        entry = measure_memorization(
            self.run,
            model=self.model,
            classifier=extractor,  # type: ignore[arg-type]
            count=count,
            seed=self.settings.seed,
        )
        self.report(memorization_summary(entry))
