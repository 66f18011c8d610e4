"""The content of a comparison, as typed records. `Comparison.to_dict` is the content of `comparison.json`."""

import dataclasses
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tfgen.runs.entries import (
    ClassificationEntry,
    ClassifierIdentity,
    ClassSamplesEntry,
    CostEntry,
    LikelihoodEntry,
    MemorizationEntry,
    QualityEntry,
    QualityFigures,
)


@dataclass(frozen=True)
class Spread:
    """Mean and standard deviation of a measurement over the finished runs of a row.

    Attributes:
        mean: mean over the runs.
        deviation: standard deviation between the runs (divided by n − 1), None for a single run.
        runs: number of runs that have the measurement.
    """

    mean: float
    deviation: float | None
    runs: int

    @classmethod
    def of(cls, values: Iterable[float | None]) -> "Spread | None":
        """Return the spread of the values that are not None, or None if there is no such value."""
        known = [float(value) for value in values if value is not None]
        if not known:
            return None
        return cls(statistics.fmean(known), statistics.stdev(known) if len(known) > 1 else None, len(known))

    def scaled(self, factor: float) -> "Spread":
        """Return the spread of the values multiplied by a factor."""
        return Spread(factor * self.mean, self.deviation and factor * self.deviation, self.runs)


@dataclass(frozen=True)
class RunEntries:
    """The entries of a run's `evaluation.json` that a comparison uses."""

    likelihood: tuple[LikelihoodEntry, ...] = ()
    quality: tuple[QualityEntry, ...] = ()
    memorization: tuple[MemorizationEntry, ...] = ()
    cost: tuple[CostEntry, ...] = ()
    classification: tuple[ClassificationEntry, ...] = ()
    class_samples: tuple[ClassSamplesEntry, ...] = ()

    @classmethod
    def of(cls, entries: Mapping[str, list[Any]]) -> "RunEntries":
        """Return the entries that `tfgen.runs.evaluations.entries_of_last_epoch` read."""
        return cls(**{spec.name: tuple(entries.get(spec.name, ())) for spec in dataclasses.fields(cls)})


@dataclass(frozen=True)
class Training:
    """The cost of a whole training.

    Attributes:
        seconds: duration.
        examples: number of examples of all steps.
        flops: floating-point operations.
    """

    seconds: Spread | None = None
    examples: Spread | None = None
    flops: Spread | None = None


@dataclass(frozen=True)
class Cost:
    """The cost of a model; see `tfgen.runs.entries.CostEntry`."""

    weights: Spread | None = None
    training_flops_per_example: Spread | None = None
    sampling_seconds_per_example: Spread | None = None


@dataclass(frozen=True)
class Nearness:
    """Distances of samples and test images to training images; see `tfgen.metrics.memorization`."""

    distance: Spread
    test_distance: Spread
    ratio: Spread
    test_ratio: Spread
    near: Spread


@dataclass(frozen=True)
class Classes:
    """Classification and samples of the classes of conditional models; see `tfgen.runs.entries`."""

    accuracy: Spread | None = None
    expected_calibration_error: Spread | None = None
    class_agreement: Spread | None = None
    mean_frechet_distance: Spread | None = None


@dataclass(frozen=True)
class Row:
    """A row of a comparison: runs that differ only in their seed.

    All measurements are those of the finished runs.

    Attributes:
        name: name of the first run, followed by the number of runs if there are several.
        runs: names of the run folders.
        model: family of the runs.
        preset: preset of the runs.
        seeds: seed of each run.
        finished, unfinished, diverged: number of runs in each state.
        training: cost of the whole training.
        cost: cost of a training step and of a sample.
        machines: the machines on which sampling was timed, in words.
        pixels: nearness of samples to training images in pixels.
        features: nearness of samples to training images in the features of a classifier.
        classes: measurements of conditional models; None for models without classes.
        nearest_pairs: a PNG in base64 for each run: the samples nearest to training images, above these images.
    """

    name: str
    runs: tuple[str, ...]
    model: str
    preset: str
    seeds: tuple[int, ...]
    finished: int
    unfinished: int
    diverged: int
    training: Training = field(default_factory=Training)
    cost: Cost = field(default_factory=Cost)
    machines: tuple[str, ...] = ()
    pixels: Nearness | None = None
    features: Nearness | None = None
    classes: Classes | None = None
    nearest_pairs: tuple[str, ...] = ()


@dataclass(frozen=True)
class RowLikelihood:
    """The likelihood of a row by one estimator.

    Attributes:
        name: name of the row.
        estimator: name of the estimator. Every estimator except "exact" gives a lower bound of the log-likelihood.
        samples: number of latent or dequantization samples for each example.
        value: negative log-likelihood in the unit of the group.
        standard_error: standard error over the examples, for a row with a single run.
    """

    name: str
    estimator: str
    samples: int
    value: Spread
    standard_error: float | None


@dataclass(frozen=True)
class LikelihoodGroup:
    """Likelihoods of the same examples with the same levels. Likelihoods of different groups are not comparable.

    Attributes:
        split: "train", "validation" or "test".
        levels: intensity levels that the likelihood observes; None for points.
        binarization: how pixels were binarized; None if they were not.
        examples: number of examples.
        unit: "bits/dim", or "nats" for points.
        baseline: value of independent pixels in the same unit; for points, that of the true density.
        rows: the likelihoods, the lowest first.
    """

    split: str
    levels: int | None
    binarization: str | None
    examples: int | None
    unit: str
    baseline: float | None
    rows: tuple[RowLikelihood, ...]

    @property
    def best(self) -> dict[str, Spread]:
        """Name of a row → the lowest of its likelihoods; the lowest row first."""
        best: dict[str, Spread] = {}
        for row in self.rows:
            best.setdefault(row.name, row.value)
        return best


@dataclass(frozen=True)
class RowQuality:
    """The sample quality of a row.

    Attributes:
        name: name of the row.
        pictures: what was measured: "samples", or "means of p(x|z)".
        histogram: number of samples of each class, of the first run.
        metrics: metric, as in `tfgen.evaluation.report.QUALITY_METRICS` → value. Undefined values are left out.
    """

    name: str
    pictures: str
    histogram: tuple[int, ...]
    metrics: dict[str, Spread]


@dataclass(frozen=True)
class Quality:
    """Sample quality, measured in the same way for all rows.

    Attributes:
        split: split of the real images.
        samples: number of samples, and of real images.
        temperature: temperature of the samples.
        classifier: the classifier of the features.
        real_reference: the same metrics of other real images in place of samples.
        rows: the rows that were measured in this way.
    """

    split: str
    samples: int
    temperature: float
    classifier: ClassifierIdentity
    real_reference: QualityFigures
    rows: tuple[RowQuality, ...]

    @property
    def by_row(self) -> dict[str, RowQuality]:
        """Name of a row → its sample quality."""
        return {row.name: row for row in self.rows}


@dataclass(frozen=True)
class Comparison:
    """Runs on the same data, side by side.

    Attributes:
        data: name of the data.
        rows: the rows, in the order of their first runs.
        likelihoods: groups of comparable likelihoods, the group with the most rows first.
        quality: sample quality; None if none was measured.
    """

    data: str
    rows: tuple[Row, ...]
    likelihoods: tuple[LikelihoodGroup, ...]
    quality: Quality | None

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as values that JSON can hold."""
        content = dataclasses.asdict(self)
        if self.quality is not None:
            content["quality"]["classifier"] = self.quality.classifier.to_json()
            content["quality"]["real_reference"] = self.quality.real_reference.to_json()
        return content
