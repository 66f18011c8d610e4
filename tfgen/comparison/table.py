"""A comparison in Markdown, for people."""

from collections.abc import Iterator, Sequence

from tfgen.comparison.rows import Comparison, Likelihoods, Quality, Row, Spread
from tfgen.evaluation.evaluate import QUALITY

NONE = "–"


def table(comparison: Comparison) -> str:
    """Every figure of a comparison, each with what it means and what it may be compared with."""
    rows = comparison.rows
    parts = [
        f"# Models of {comparison.data}, compared",
        "Runs that differ only in their seed are one row. ± is the standard deviation between its finished runs; of a "
        "single run's likelihood, the standard error over the examples.",
        *_runs(rows),
        *_likelihood(comparison),
        *_quality(comparison.quality, rows),
        *_training(rows),
        *_sampling(rows),
        *_memorization(rows),
    ]
    return "\n\n".join(parts) + "\n"


def _grid(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rule = ["---"] * len(head)
    return "\n".join("| " + " | ".join(line) + " |" for line in (head, rule, *lines))


def shown(figure: Spread | None, form: str, factor: float = 1.0) -> str:
    """A figure and, where it has one, its deviation."""
    if figure is None:
        return NONE
    deviation = "" if figure.deviation is None else f" ± {format(factor * figure.deviation, form)}"
    return format(factor * figure.mean, form) + deviation


def large(number: float) -> str:
    """A number in three digits with the usual letter: 1.23 G."""
    for size, letter in ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(number) >= size:
            return f"{number / size:.3g} {letter}"
    return f"{number:.3g}"


def _runs(rows: Sequence[Row]) -> Iterator[str]:
    yield "## Runs"
    head = ("model", "family", "preset", "weights", "seeds", "finished", "unfinished", "diverged")
    yield _grid(
        head,
        [
            (
                row.name,
                row.model,
                row.preset,
                f"{row.cost['weights'].mean:,.0f}" if "weights" in row.cost else NONE,
                " ".join(map(str, row.seeds)),
                *(str(row.states[state]) for state in ("finished", "unfinished", "diverged")),
            )
            for row in rows
        ],
    )


def title(group: Likelihoods) -> str:
    """What a group of likelihoods measures."""
    observed = "" if group.levels is None else f"{group.levels} levels"
    binarized = "" if group.binarization is None else f", binarized ({group.binarization})"
    examples = f"{group.examples:,} examples of the {group.split} set"
    return f"{observed}{binarized}{'; ' if observed else ''}{examples}"


def _likelihood(comparison: Comparison) -> Iterator[str]:
    yield "## Likelihood"
    groups = comparison.likelihoods
    if any(bound.estimator != "exact" for group in groups for bound in group.bounds):
        yield (
            "Lower bounds, by their estimators, of the log-likelihood, hence upper ones of these figures: the true "
            "figure of a model is at most this."
        )
    if len(groups) > 1:
        yield "Only figures of one table are of the same data. They must not be held against those of another."
    for group in groups:
        yield f"**{title(group)}**"
        lines = []
        for bound in group.bounds:
            error = bound.standard_error
            figure = shown(bound.figure, ".4f") if error is None else f"{bound.figure.mean:.4f} ± {error:.4f}"
            lines.append((bound.name, figure, bound.estimator))
        if group.baseline is not None:
            baseline = "*the true density*" if group.levels is None else "*pixel marginals*"
            lines.append((baseline, f"{group.baseline:.4f}", "exact"))
        yield _grid(("model", group.unit, "estimator"), lines)
    without = [row.name for row in comparison.rows if not any(row.name in group.figures for group in groups)]
    if without:
        yield f"No likelihood: {', '.join(without)}. A GAN has none; of the others none was measured."


def _quality(quality: Quality | None, rows: Sequence[Row]) -> Iterator[str]:
    yield "## Sample quality"
    if quality is None:
        yield "Not measured."
        return
    classifier = quality.classifier
    temperature = "" if quality.temperature == 1.0 else f" at temperature {quality.temperature:g}"
    yield (
        f"{quality.samples:,} samples{temperature} against as many pictures of the {quality.split} set, in the "
        f"features of the classifier {classifier['name']} (SHA-256 {classifier['sha256'][:8]}…, test accuracy "
        f"{classifier['test_accuracy']:.4f}). The floor is as many other real pictures. Lower is better of the "
        "distances and divergences (in nats), higher of precision, recall, density and coverage."
    )
    lines = []
    for row in rows:
        figures = quality.figures.get(row.name, {})
        lines.append((row.name, *(shown(figures.get(name), form) for name, (_, form) in QUALITY.items())))
    floor = (
        NONE if quality.floor.get(name) is None else format(quality.floor[name], form)
        for name, (_, form) in QUALITY.items()
    )
    yield _grid(("model", *(called for called, _ in QUALITY.values())), [*lines, ("*floor*", *floor)])
    if means := [name for name, pictures in quality.pictures.items() if pictures != "samples"]:
        yield f"Of {', '.join(means)} the samples are the means of p(x|z), smoother than any picture drawn from it."


def _training(rows: Sequence[Row]) -> Iterator[str]:
    yield "## Cost of training"
    lines = []
    for row in rows:
        seconds, examples = row.training.get("seconds"), row.training.get("examples")
        per_second = f"{examples.mean / seconds.mean:,.0f}" if seconds and examples and seconds.mean else NONE
        flops, whole = row.cost.get("training_flops_per_example"), row.training.get("flops")
        lines.append(
            (
                row.name,
                shown(seconds, ",.0f"),
                NONE if examples is None else f"{examples.mean:,.0f}",
                per_second,
                *(NONE if figure is None else large(figure.mean) for figure in (flops, whole)),
            )
        )
    yield _grid(("model", "seconds", "examples", "examples/s", "FLOP an example", "FLOP"), lines)
    yield (
        "Seconds are those of the machine that each was trained on. FLOP are counted by TensorFlow's profiler, in the "
        "losses and gradients of a training step, without the optimizer."
    )


def _sampling(rows: Sequence[Row]) -> Iterator[str]:
    yield "## Cost of sampling"
    yield _grid(
        ("model", "milliseconds a sample"),
        [(row.name, shown(row.cost.get("sampling_seconds_per_example"), ".3f", 1e3)) for row in rows],
    )
    if machines := sorted({machine for row in rows for machine in row.machines}):
        yield f"Keras, `sample(256)`, median of 5, with all threads of: {'; '.join(machines)}."


def _memorization(rows: Sequence[Row]) -> Iterator[str]:
    spaces = [space for space in ("pixels", "features") if any(space in row.memorization for row in rows)]
    if not spaces:
        return
    yield "## Nearest training images"
    yield (
        "Distance of a sample to its nearest training image, and its ratio to the distance between that one and the "
        "nearest other training image: medians, beside those of test images. *Near* is the fraction of samples whose "
        "ratio is below the test images' 1st percentile: about 1 % where nothing was memorized. Means of a VAE are "
        "smooth, hence near to everything; whether a pair is a copy is for the eye to say (figure)."
    )
    lines = []
    for row in rows:
        for space in spaces:
            figures = row.memorization.get(space, {})
            lines.append(
                (
                    row.name,
                    space,
                    *(shown(figures.get(name), ".3f") for name in ("distance", "test_distance", "ratio", "test_ratio")),
                    shown(figures.get("near"), ".1f", 100.0) + (" %" if figures else ""),
                )
            )
    yield _grid(("model", "in", "distance", "of test images", "ratio", "of test images", "near"), lines)
