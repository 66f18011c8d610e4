"""Sample quality: the distance of samples from real images, in the features of a frozen classifier.

All sets have the same size. The same metrics are measured between two sets of real images: no model can be expected to
be nearer to the data than real images are, so this reference accompanies every measurement.
"""

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from tfgen.errors import ConfigError, DataError
from tfgen.evaluation.find_classifier import classifier_for
from tfgen.evaluation.progress import progress_bar
from tfgen.evaluation.split import evenly_spaced, examples_of_split
from tfgen.metrics.classes import class_histogram
from tfgen.metrics.set_distances import set_distances
from tfgen.runs.entries import QualityEntry, QualityFigures
from tfgen.runs.evaluations import add_entry

if TYPE_CHECKING:
    from tfgen.data.sets import Dataset
    from tfgen.evaluation.classifier import Classifier
    from tfgen.evaluation.inception import InceptionFeatures
    from tfgen.metrics.set_distances import ClassifiedFeatures
    from tfgen.models.contract import GenerativeModel
    from tfgen.runs.run import Run

    Extractor = Classifier | InceptionFeatures

#: The smallest number of samples. Fewer have no five neighbours and no meaningful covariance.
MIN_SAMPLES = 10
#: Number of samples that are drawn and classified at a time.
BATCH = 256


def evaluate_quality(
    model: "GenerativeModel",
    dataset: "Dataset",
    classifier: "Extractor",
    *,
    count: int = 10_000,
    split: str = "test",
    seed: int = 0,
    temperature: float = 1.0,
    progress: Callable[[int], None] = lambda done: None,
) -> QualityEntry:
    """Compare `model.sample` with a split of the data.

    `sample` of a VAE returns the means of the pixels' distributions. The real images have all their levels, even if the
    model was trained on binarized images.

    Args:
        model: a model of images.
        dataset: its data. The reference compares the split with the training split, or the training split with the
            test split.
        classifier: the classifier of the features, or an Inception network.
        count: number of samples, at most the number of images in either split of the reference.
        split: "train", "validation" or "test".
        seed: seed of the first sample.
        temperature: see `GenerativeModel.sample`.
        progress: called with the number of samples so far.

    Returns:
        An entry without epoch and duration.

    Raises:
        ConfigError: if the data has no such split, or fewer than `MIN_SAMPLES` samples would be compared.
        DataError: if a sample is not finite.
    """
    examples = examples_of_split(dataset, split)
    others = dataset.test if split == "train" else dataset.train
    count = min(count, len(examples), len(others))
    if count < MIN_SAMPLES:
        raise ConfigError(f"count: expected at least {MIN_SAMPLES} samples and as many real images. Received: {count}")
    real = classifier.classify(examples.examples[evenly_spaced(len(examples), count)])
    # The first images, because they do not depend on how many training images a run uses.
    other_real = classifier.classify(others.examples[:count])
    frequencies = _class_frequencies(dataset, classifier, real)
    samples = classifier.classify(_sample(model, count, seed, temperature, progress))
    return QualityEntry(
        split=split,
        seed=seed,
        temperature=temperature,
        classifier=classifier.identity,
        samples=count,
        pictures="means of p(x|z)" if model.can("sample_pixels") else "samples",
        **_distances(real, samples, frequencies, seed),
        real_reference=QualityFigures(**_distances(real, other_real, frequencies, seed)),
    )


def _class_frequencies(dataset: "Dataset", classifier: "Extractor", real: "ClassifiedFeatures") -> np.ndarray | None:
    """Return the number of images of each class of the classifier, or None for features without classes.

    Without labels, and for a classifier of other classes, these are the classes that the classifier finds.
    """
    if not classifier.classes:
        return None
    labels, names = dataset.train.labels, dataset.label_names
    if labels is None:
        return class_histogram(real.classes, classifier.classes)
    if names is not None and (position := classifier.class_of_name(names)) is not None:  # type: ignore[union-attr]
        return class_histogram(position[labels], classifier.classes)
    if names is None and np.isin(np.unique(labels), classifier.card.labels).all():  # type: ignore[union-attr]
        return class_histogram(classifier.class_of_label(labels), classifier.classes)  # type: ignore[union-attr]
    return class_histogram(real.classes, classifier.classes)


def _distances(
    real: "ClassifiedFeatures", other: "ClassifiedFeatures", frequencies: np.ndarray | None, seed: int
) -> dict[str, Any]:
    """Return `set_distances`; in features without classes, the Fréchet distance under the name "fid"."""
    if frequencies is not None:
        return set_distances(real, other, frequencies, seed)
    found = set_distances(real, other, np.ones(1), seed)
    without_classes = {"class_histogram", "kl_to_uniform", "kl_to_data", "confidently_classified"}
    renamed = {"frechet_classifier_distance": "fid"}
    return {renamed.get(name, name): value for name, value in found.items() if name not in without_classes}


def _sample(
    model: "GenerativeModel", count: int, seed: int, temperature: float, progress: Callable[[int], None]
) -> Iterator[np.ndarray]:
    for start in range(0, count, BATCH):
        samples = model.sample(min(BATCH, count - start), seed=seed + start, temperature=temperature).numpy()
        if not np.isfinite(samples).all():
            raise DataError(f"Expected finite samples. Received: NaN or infinity near seed {seed + start}")
        yield samples
        progress(min(start + BATCH, count))


def measure_quality(
    run: "Run",
    *,
    model: "GenerativeModel | None" = None,
    classifier: "Extractor | None" = None,
    count: int = 10_000,
    split: str = "test",
    seed: int = 0,
    temperature: float = 1.0,
    progress: bool = False,
) -> QualityEntry:
    """Measure the quality of a model's samples and record it in the run's `evaluation.json`.

    Args:
        run: the run.
        model: the run's model, if it is already loaded.
        classifier: the classifier of the features; None for the one that comes with the package for the run's data.
        count, split, seed, temperature: see `evaluate_quality`.
        progress: whether to show a progress bar.

    Returns:
        The entry. It replaces the recorded entry of the same split, number of samples, seed, temperature and
        classifier.

    Raises:
        UndefinedError: if the data has no classifier.
        ConfigError: if the run has no such split, or fewer than `MIN_SAMPLES` samples would be compared.
        DataError: if the classifier is damaged or has images of another shape.
    """
    dataset = run.dataset
    classifier = classifier or classifier_for(
        run.config.data.data, dataset.event_shape, dataset.levels, dataset=dataset
    )
    model = model or run.load_model()
    started = time.monotonic()
    with progress_bar(count, "sample", progress) as bar:
        measured = evaluate_quality(
            model,
            dataset,
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
