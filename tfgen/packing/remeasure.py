"""Repeats the measurements of a run with the rounded weights of its packed model."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tfgen.errors import DataError, UndefinedError
from tfgen.evaluation.class_samples import measure_class_samples
from tfgen.evaluation.classification import measure_classification
from tfgen.evaluation.find_classifier import classifier_for, is_shipped
from tfgen.evaluation.inversion import measure_inversion
from tfgen.evaluation.likelihood import measure_likelihood
from tfgen.evaluation.memorization import measure_memorization
from tfgen.evaluation.quality import measure_quality
from tfgen.files import write_json
from tfgen.runs.data_record import check_data_of
from tfgen.runs.entries import (
    ClassificationEntry,
    ClassSamplesEntry,
    InversionEntry,
    LikelihoodEntry,
    MemorizationEntry,
    QualityEntry,
)
from tfgen.runs.evaluations import FILE_NAME, entries_of_last_epoch

if TYPE_CHECKING:
    from tfgen.models.contract import GenerativeModel
    from tfgen.runs.run import Run

#: The remark `weights` in the entry of a likelihood that was copied instead of measured again.
BEFORE_ROUNDING = "measured with the run's float32 weights"


def remeasure(
    run: "Run",
    packed: "Run",
    model: "GenerativeModel",
    max_seconds: float,
    report: Callable[[str], Any] = lambda line: None,
) -> None:
    """Write the `evaluation.json` of a packed model: the run's entries, measured again with the rounded weights.

    A likelihood that took too long, or whose data are missing, is copied with the remark `BEFORE_ROUNDING`. Other
    entries that cannot be measured again are left out.

    Args:
        run: the run, whose entries are repeated.
        packed: the packed model's folder, with the configuration of the run, which knows where the data are.
        model: the model with rounded weights.
        max_seconds: likelihoods that took longer than this are copied.
        report: called with a line of text for each entry.
    """
    entries = entries_of_last_epoch(run)
    copies = [{**entry.to_json(), "weights": BEFORE_ROUNDING} for entry in entries.get("likelihood", [])]
    content = {"run": packed.path.name, "model": run.config.model, "likelihood": copies}
    write_json(packed.path / FILE_NAME, content)
    try:
        check_data_of(run)
    except DataError as error:
        report(f"nothing is measured again: {error}")
        return
    for entry in entries.get("likelihood", []):
        report(_likelihood(packed, model, entry, max_seconds))
    for entry in entries.get("inversion", []):
        report(_inversion(packed, model, entry))
    for entry in entries.get("classification", []):
        report(_classification(packed, model, entry))
    for entry in entries.get("class_samples", []):
        report(_class_samples(packed, model, entry))
    for entry in entries.get("quality", []):
        report(_quality(packed, model, entry))
    for entry in entries.get("memorization", []):
        report(_memorization(packed, model, entry))


def _likelihood(packed: "Run", model: "GenerativeModel", entry: LikelihoodEntry, max_seconds: float) -> str:
    title = f"likelihood of {entry.split}, {entry.samples} samples"
    if (entry.seconds or 0.0) > max_seconds:
        return f"{title}: {BEFORE_ROUNDING}; it took {entry.seconds:.0f} s"
    try:
        # The new entry replaces the copied one.
        new = measure_likelihood(
            packed,
            model=model,
            split=entry.split,
            samples=entry.samples,
            seed=entry.seed or 0,
            first=entry.examples,
        )
    except DataError as error:
        return f"{title}: {BEFORE_ROUNDING}; {error}"
    return f"{title}: {_number(entry.log_prob_nats, '.4f')} nats before, {_number(new.log_prob_nats, '.4f')} now"


def _inversion(packed: "Run", model: "GenerativeModel", entry: InversionEntry) -> str:
    title = f"inversion of {entry.split}"
    try:
        new = measure_inversion(packed, model=model, split=entry.split, seed=entry.seed, first=entry.examples.count)
    except DataError as error:
        return f"{title}: not measured again; {error}"
    return f"{title}: largest error {entry.examples.largest:.1e} before, {new.examples.largest:.1e} now"


def _classification(packed: "Run", model: "GenerativeModel", entry: ClassificationEntry) -> str:
    title = f"classification of {entry.examples} examples of {entry.split}"
    try:
        new = measure_classification(
            packed, model=model, samples=entry.samples, split=entry.split, seed=entry.seed or 0, first=entry.examples
        )
    except DataError as error:
        return f"{title}: not measured again; {error}"
    return f"{title}: accuracy {entry.accuracy:.2%} before, {new.accuracy:.2%} now"


def _class_samples(packed: "Run", model: "GenerativeModel", entry: ClassSamplesEntry) -> str:
    title = f"classes of {entry.samples} samples"
    try:
        dataset = packed.dataset
        classifier = classifier_for(packed.config.data.data, dataset.event_shape, dataset.levels)
        new = measure_class_samples(
            packed,
            classifier,
            model=model,
            count=entry.samples,
            split=entry.split,
            seed=entry.seed,
            temperature=entry.temperature,
        )
    except (DataError, UndefinedError) as error:
        return f"{title}: not measured again; {error}"
    return f"{title}: {entry.class_agreement:.2%} are as requested before, {new.class_agreement:.2%} now"


def _quality(packed: "Run", model: "GenerativeModel", entry: QualityEntry) -> str:
    title = f"quality of {entry.samples} samples"
    try:
        new = measure_quality(
            packed,
            model=model,
            count=entry.samples,
            split=entry.split,
            seed=entry.seed or 0,
            temperature=entry.temperature,
        )
    except (DataError, UndefinedError) as error:
        return f"{title}: not measured again; {error}"
    before, now = (_number(one.frechet_classifier_distance, ".3f") for one in (entry, new))
    return f"{title}: Fréchet classifier distance {before} before, {now} now"


def _memorization(packed: "Run", model: "GenerativeModel", entry: MemorizationEntry) -> str:
    title = f"distance of {entry.samples} samples to training images"
    try:
        dataset, data = packed.dataset, packed.config.data.data
        classifier = (
            classifier_for(data, dataset.event_shape, dataset.levels) if is_shipped(data, dataset.event_shape) else None
        )
        new = measure_memorization(packed, model=model, classifier=classifier, count=entry.samples, seed=entry.seed)
    except DataError as error:
        return f"{title}: not measured again; {error}"
    return f"{title}: {entry.pixels.near:.1%} are near before, {new.pixels.near:.1%} now"


def _number(value: float | None, form: str) -> str:
    return "unknown" if value is None else format(value, form)
