"""Samples of each class of a conditional model, compared with real images of that class by a classifier."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from tfgen.errors import ConfigError, DataError, UndefinedError
from tfgen.evaluation.progress import progress_bar
from tfgen.evaluation.split import evenly_spaced, examples_of_split
from tfgen.metrics.frechet import frechet_distance
from tfgen.runs.entries import ClassSamplesEntry
from tfgen.runs.evaluations import add_entry

if TYPE_CHECKING:
    from tfgen.data.sets import Dataset
    from tfgen.evaluation.classifier import Classifier
    from tfgen.models.contract import GenerativeModel
    from tfgen.runs.run import Run

#: The smallest number of images of a class for which a distance is computed.
MIN_IMAGES = 20
#: Number of samples that are drawn and classified at a time.
BATCH = 256


def evaluate_class_samples(
    model: "GenerativeModel",
    dataset: "Dataset",
    classifier: "Classifier",
    *,
    count: int = 10_000,
    split: str = "test",
    seed: int = 0,
    temperature: float = 1.0,
    progress: Callable[[int], None] = lambda done: None,
) -> ClassSamplesEntry:
    """Measure whether samples belong to the requested class, and their distance to real images of the class.

    Class k gets min(count / K, number of its images in the split) samples, so that sets of equal size are compared.
    Classes without images in the split get none. The real reference compares the same real images with as many of the
    class in the training split (of the test split, if `split` is "train").

    Args:
        model: a conditional model of images.
        dataset: its data.
        classifier: a classifier of the same classes; classes are matched by their names.
        count: number of samples of all classes together.
        split: "train", "validation" or "test".
        seed: seed of the first sample.
        temperature: see `GenerativeModel.sample`.
        progress: called with the number of samples so far.

    Returns:
        An entry without epoch and duration.

    Raises:
        UndefinedError: if the model is not conditional, or the classifier has other classes.
        ConfigError: if the data has no such split, or there are fewer samples than classes.
        DataError: if the split has no labels, or a sample is not finite.
    """
    check_has_classes(model, classifier)
    examples = examples_of_split(dataset, split)
    if examples.labels is None:
        raise DataError("Expected labelled images for a conditional model. Received: images without labels")
    others = dataset.test if split == "train" else dataset.train
    classes = len(model.classes)
    if count < classes:
        raise ConfigError(f"count: expected at least one sample for each of {classes} classes. Received: {count}")
    target = classifier.class_of_name(model.classes)
    assert target is not None
    figures: dict[str, list[Any]] = {"agreement": [], "size": [], "frechet": [], "reference": []}
    agreed = real_agreed = done = 0
    for label in range(classes):
        own = np.flatnonzero(examples.labels == label)
        size = min(count // classes, len(own))
        rows = own[evenly_spaced(len(own), size)] if size else own[:0]
        if size:
            labels = np.full(size, label, np.int32)
            fake = classifier.classify(_samples(model, labels, seed + done, temperature))
            real = classifier.classify(examples.examples[rows])
            done += size
            agreed += int(np.sum(fake.classes == target[label]))
            real_agreed += int(np.sum(real.classes == target[label]))
        rest = np.flatnonzero(others.labels == label)[:size]
        enough = size >= MIN_IMAGES
        figures["agreement"].append(float(np.mean(fake.classes == target[label])) if size else 0.0)
        figures["size"].append(size)
        figures["frechet"].append(frechet_distance(real.features, fake.features) if enough else None)
        figures["reference"].append(
            frechet_distance(real.features, classifier.classify(others.examples[rest]).features)
            if enough and len(rest) == size
            else None
        )
        progress(done)
    if not done:
        raise ConfigError(f"split: expected images of the model's classes. Received: {split!r} without any")
    return ClassSamplesEntry(
        split=split,
        seed=seed,
        temperature=temperature,
        classifier=classifier.identity,
        samples=done,
        classes=list(model.classes),
        class_agreement=agreed / done,
        agreement_by_class=figures["agreement"],
        real_agreement=real_agreed / done,
        samples_by_class=figures["size"],
        frechet_distance_by_class=figures["frechet"],
        mean_frechet_distance=_mean(figures["frechet"]),
        mean_real_frechet_distance=_mean(figures["reference"]),
    )


def check_has_classes(model: "GenerativeModel", classifier: "Classifier") -> None:
    """Raise `UndefinedError` if the model has no classes, or one that the classifier does not have."""
    if not model.is_conditional:
        raise UndefinedError(
            "The agreement of classes needs a conditional model (tfgen train --conditional). Received: a model without "
            "classes"
        )
    if not hasattr(classifier, "class_of_name") or classifier.class_of_name(model.classes) is None:
        raise UndefinedError(
            f"Expected a classifier of the model's classes {', '.join(model.classes[:12])}. Received: "
            f"{classifier.name}, whose classes are others"
        )


def _samples(model: "GenerativeModel", labels: np.ndarray, seed: int, temperature: float):
    for start in range(0, len(labels), BATCH):
        part = labels[start : start + BATCH]
        samples = model.sample(len(part), seed=seed + start, temperature=temperature, label=part).numpy()
        if not np.isfinite(samples).all():
            raise DataError(f"Expected finite samples. Received: NaN or infinity near seed {seed + start}")
        yield samples


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def measure_class_samples(
    run: "Run",
    classifier: "Classifier",
    *,
    model: "GenerativeModel | None" = None,
    count: int = 10_000,
    split: str = "test",
    seed: int = 0,
    temperature: float = 1.0,
    progress: bool = False,
) -> ClassSamplesEntry:
    """Measure samples of each class and record the result in the run's `evaluation.json`.

    Args:
        run: the run of a conditional model.
        classifier, count, split, seed, temperature: see `evaluate_class_samples`.
        model: the run's model, if it is already loaded.
        progress: whether to show a progress bar.

    Raises:
        UndefinedError, ConfigError, DataError: see `evaluate_class_samples`.
    """
    model = model or run.load_model()
    started = time.monotonic()
    with progress_bar(count, "sample", progress) as bar:
        measured = evaluate_class_samples(
            model,
            run.dataset,
            classifier,
            count=count,
            split=split,
            seed=seed,
            temperature=temperature,
            progress=lambda done: bar.update(done - bar.n),
        )
    entry = measured.model_copy(update={"epoch": run.epoch, "seconds": round(time.monotonic() - started, 1)})
    add_entry(run, entry)
    return entry
