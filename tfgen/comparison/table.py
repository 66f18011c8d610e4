"""A comparison as Markdown."""

from collections.abc import Iterator, Sequence

from tfgen.comparison.records import Comparison, LikelihoodGroup, Nearness, Quality, Row, RowLikelihood, Spread
from tfgen.evaluation.report import extractor_title, quality_metrics
from tfgen.markdown import markdown_table

NONE = "–"


def comparison_markdown(comparison: Comparison) -> str:
    """Return tables of all measurements of a comparison, with their meaning and with what they are comparable."""
    rows = comparison.rows
    parts = [
        f"# Models of {comparison.data}, compared",
        "Runs that differ only in their seed are one row. ± is the standard deviation between the finished runs of a "
        "row. For the likelihood of a single run, ± is the standard error over the examples.",
        *_runs(rows),
        *_likelihood(comparison),
        *_quality(comparison.quality, rows),
        *_classes(rows),
        *_training(rows),
        *_sampling(rows),
        *_memorization(rows),
    ]
    return "\n\n".join(parts) + "\n"


def format_spread(value: Spread | None, form: str, factor: float = 1.0) -> str:
    """Return mean and, if there are several runs, standard deviation, both multiplied by `factor`."""
    if value is None:
        return NONE
    deviation = "" if value.deviation is None else f" ± {format(factor * value.deviation, form)}"
    return format(factor * value.mean, form) + deviation


def with_metric_prefix(number: float) -> str:
    """Return a number with three significant digits and a metric prefix, for example "1.23 G"."""
    for size, letter in ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(number) >= size:
            return f"{number / size:.3g} {letter}"
    return f"{number:.3g}"


def group_title(group: LikelihoodGroup) -> str:
    """Return the levels, the binarization and the examples of a group of likelihoods."""
    observed = "" if group.levels is None else f"{group.levels} levels"
    binarized = "" if group.binarization is None else f", binarized ({group.binarization})"
    number = "examples" if group.examples is None else f"{group.examples:,} examples"
    return f"{observed}{binarized}{'; ' if observed else ''}{number} of the {group.split} set"


def _runs(rows: Sequence[Row]) -> Iterator[str]:
    yield "## Runs"
    yield markdown_table(
        ("model", "family", "preset", "weights", "seeds", "finished", "unfinished", "diverged"),
        [
            (
                row.name,
                row.model,
                row.preset,
                NONE if row.cost.weights is None else f"{row.cost.weights.mean:,.0f}",
                " ".join(map(str, row.seeds)),
                row.finished,
                row.unfinished,
                row.diverged,
            )
            for row in rows
        ],
    )


def _likelihood(comparison: Comparison) -> Iterator[str]:
    yield "## Likelihood"
    groups = comparison.likelihoods
    if any(row.estimator != "exact" for group in groups for row in group.rows):
        yield (
            'All estimators except "exact" give a lower bound of the log-likelihood. The negative log-likelihood of '
            "the model is then at most the value in the table."
        )
    if len(groups) > 1:
        yield "Values of different tables are not comparable: they are likelihoods of different data."
    for group in groups:
        yield f"**{group_title(group)}**"
        lines = [(row.name, _likelihood_value(row), row.estimator) for row in group.rows]
        if group.baseline is not None:
            baseline = "*the true density*" if group.levels is None else "*independent pixels*"
            lines.append((baseline, f"{group.baseline:.4f}", "exact"))
        yield markdown_table(("model", group.unit, "estimator"), lines)
    without = [row.name for row in comparison.rows if not any(row.name in group.best for group in groups)]
    if without:
        yield f"No likelihood: {', '.join(without)}. A GAN has no likelihood; those of other models were not measured."


def _likelihood_value(row: RowLikelihood) -> str:
    if row.standard_error is None:
        return format_spread(row.value, ".4f")
    return f"{row.value.mean:.4f} ± {row.standard_error:.4f}"


def _quality(quality: Quality | None, rows: Sequence[Row]) -> Iterator[str]:
    yield "## Sample quality"
    if quality is None:
        yield "Not measured."
        return
    metrics = quality_metrics(quality.classifier)
    temperature = "" if quality.temperature == 1.0 else f" at temperature {quality.temperature:g}"
    yield (
        f"{quality.samples:,} samples{temperature} against as many images of the {quality.split} set "
        f"({extractor_title(quality.classifier)}). The last row compares other real images with the same images. "
        "Distances and divergences (in nats) are better if they are lower. Precision, recall, density, coverage and "
        "the share of confidently classified pictures are better if they are higher."
    )
    lines = []
    for row in rows:
        measured = quality.by_row.get(row.name)
        found = {} if measured is None else measured.metrics
        lines.append((row.name, *(format_spread(found.get(name), form) for name, (_, form) in metrics.items())))
    reference = (
        NONE if (value := getattr(quality.real_reference, name)) is None else format(value, form)
        for name, (_, form) in metrics.items()
    )
    header = ("model", *(title for title, _ in metrics.values()))
    yield markdown_table(header, [*lines, ("*real images*", *reference)])
    if means := [row.name for row in quality.rows if row.pictures != "samples"]:
        yield f"Samples of {', '.join(means)} are means of p(x|z), which are smoother than images drawn from p(x|z)."


def _classes(rows: Sequence[Row]) -> Iterator[str]:
    conditional = [(row.name, row.classes) for row in rows if row.classes is not None]
    if not conditional:
        return
    yield "## Classes of conditional models"
    yield (
        "Accuracy and expected calibration error of the classification of test images by Bayes' rule, p(y|x) ∝ p(x|y) "
        "p(y), of models with a likelihood; the fraction of samples in which the classifier finds the requested class; "
        "and the mean over the classes of the Fréchet classifier distance."
    )
    yield markdown_table(
        ("model", "accuracy", "calibration error", "agreement", "Fréchet distance of a class"),
        [
            (
                name,
                format_spread(classes.accuracy, ".4f"),
                format_spread(classes.expected_calibration_error, ".4f"),
                format_spread(classes.class_agreement, ".4f"),
                format_spread(classes.mean_frechet_distance, ".2f"),
            )
            for name, classes in conditional
        ],
    )


def _training(rows: Sequence[Row]) -> Iterator[str]:
    yield "## Cost of training"
    yield markdown_table(
        ("model", "seconds", "examples", "examples/s", "FLOP per example", "FLOP"),
        [_training_line(row) for row in rows],
    )
    yield (
        "Seconds are those of the machine of each training. TensorFlow's profiler counts the floating-point operations "
        "(FLOP) of the losses and gradients of a training step, without the optimizer."
    )


def _training_line(row: Row) -> tuple[str, ...]:
    seconds, examples = row.training.seconds, row.training.examples
    speed = f"{examples.mean / seconds.mean:,.0f}" if seconds and examples and seconds.mean else NONE
    work = (row.cost.training_flops_per_example, row.training.flops)
    return (
        row.name,
        format_spread(seconds, ",.0f"),
        NONE if examples is None else f"{examples.mean:,.0f}",
        speed,
        *(NONE if flops is None else with_metric_prefix(flops.mean) for flops in work),
    )


def _sampling(rows: Sequence[Row]) -> Iterator[str]:
    yield "## Cost of sampling"
    yield markdown_table(
        ("model", "milliseconds per sample"),
        [(row.name, format_spread(row.cost.sampling_seconds_per_example, ".3f", 1e3)) for row in rows],
    )
    if machines := sorted({machine for row in rows for machine in row.machines}):
        yield f"Keras, `sample(256)`, median of 5 calls, on all cores of: {'; '.join(machines)}."


def _memorization(rows: Sequence[Row]) -> Iterator[str]:
    if not any(row.pixels or row.features for row in rows):
        return
    yield "## Nearest training images"
    yield (
        "Distance of a sample to its nearest training image, and the ratio of this distance to the distance between "
        "that training image and the nearest other training image: medians, next to those of test images. *Near* is "
        "the fraction of samples whose ratio is below the 1st percentile of the test images' ratios, about 1 % if "
        "nothing was memorized. Means of a VAE are smooth and therefore near to many images. The figure shows the "
        "nearest pairs."
    )
    spaces = [space for space in ("pixels", "features") if any(getattr(row, space) for row in rows)]
    yield markdown_table(
        ("model", "in", "distance", "of test images", "ratio", "of test images", "near"),
        [(row.name, space, *_nearness_cells(getattr(row, space))) for row in rows for space in spaces],
    )


def _nearness_cells(nearness: Nearness | None) -> tuple[str, ...]:
    if nearness is None:
        return (NONE,) * 5
    values = (nearness.distance, nearness.test_distance, nearness.ratio, nearness.test_ratio)
    return (*(format_spread(value, ".3f") for value in values), format_spread(nearness.near, ".1f", 100.0) + " %")
