"""Sample quality: the distance of samples from real images, in the features of a frozen classifier.

All sets have the same size. The same metrics are measured between two sets of real images: no model can be expected to
be nearer to the data than real images are, so this reference accompanies every measurement.
"""

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

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
    from tfgen.models.contract import GenerativeModel
    from tfgen.runs.run import Run

#: The smallest number of samples. Fewer have no five neighbours and no meaningful covariance.
MIN_SAMPLES = 10
#: Number of samples that are drawn and classified at a time.
BATCH = 256


def evaluate_quality(
    model: "GenerativeModel",
    dataset: "Dataset",
    classifier: "Classifier",
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
        classifier: the classifier of the features.
        count: number of samples, at most the number of images in either split of the reference.
        split: "train", "validation" or "test".
        seed: seed of the first sample.
        temperature: see `GenerativeModel.sample`.
        progress: called with the number of samples so far.

    Returns:
        An entry without epoch and duration.

    Raises:
        ConfigError: if the data has no such split, or fewer than `MIN_SAMPLES` samples would be compared.
        DataError: if a sample is not finite, or a label of the data is none of the classifier's.
    """
    examples = examples_of_split(dataset, split)
    others = dataset.test if split == "train" else dataset.train
    count = min(count, len(examples), len(others))
    if count < MIN_SAMPLES:
        raise ConfigError(f"count: expected at least {MIN_SAMPLES} samples and as many real images. Received: {count}")
    real = classifier.classify(examples.examples[evenly_spaced(len(examples), count)])
    # The first images, because they do not depend on how many training images a run uses.
    other_real = classifier.classify(others.examples[:count])
    labels = dataset.train.labels
    # Without labels, the classes of the data are those that the classifier finds.
    classes = real.classes if labels is None else classifier.class_of_label(labels)
    frequencies = class_histogram(classes, classifier.classes)
    samples = classifier.classify(_sample(model, count, seed, temperature, progress))
    return QualityEntry(
        split=split,
        seed=seed,
        temperature=temperature,
        classifier=classifier.identity,
        samples=count,
        pictures="means of p(x|z)" if model.can("sample_pixels") else "samples",
        **set_distances(real, samples, frequencies, seed),
        real_reference=QualityFigures(**set_distances(real, other_real, frequencies, seed)),
    )


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
    classifier: "Classifier | None" = None,
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
    classifier = classifier or classifier_for(run.config.data.data, dataset.event_shape, dataset.levels)
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
