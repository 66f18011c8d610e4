"""Sample quality: how far a set of pictures is from the data, in the features of a frozen classifier.

Everything is measured between equal numbers of pictures, and so is the floor beside it: other real pictures against the
same ones. No model can be expected below the floor, and a figure says little without it.
"""

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from tfgen.errors import ConfigError, DataError
from tfgen.metrics.classes import class_histogram, kl_divergence
from tfgen.metrics.frechet import frechet_distance
from tfgen.metrics.kernel_distance import kernel_distance
from tfgen.metrics.neighbours import density_coverage, precision_recall

if TYPE_CHECKING:
    from tfgen.data.sets import Dataset
    from tfgen.evaluation.classifier import Classifier
    from tfgen.models.contract import GenerativeModel

#: Fewer pictures than this have no five neighbours and no covariance worth the name.
FEWEST = 10
#: Samples are made and described this many at a time.
CHUNK = 256


def set_distances(real, candidate, frequencies: np.ndarray, seed: int = 0) -> dict[str, Any]:
    """Every figure between two sets of equal size.

    Args:
        real, candidate: (features [n, d], classes [n]) of each, as `Classifier.describe` gives them.
        frequencies: the data's own of each class, [c].
        seed: of the subsets of the kernel distance.

    Returns:
        "frechet_classifier_distance", "kid" with "kid_standard_deviation", "kid_subsets" and "kid_subset_size",
        "precision" and "recall" (k = 3), "density" and "coverage" (k = 5), "class_histogram", "kl_to_uniform" and
        "kl_to_data" in nats (None if infinite).
    """
    (real_features, _), (features, classes) = real, candidate
    kid = kernel_distance(real_features, features, seed=seed)
    precision, recall = precision_recall(real_features, features)
    density, coverage = density_coverage(real_features, features)
    histogram = class_histogram(classes, len(frequencies))
    kl_to_data = kl_divergence(histogram, frequencies)
    return {
        "frechet_classifier_distance": frechet_distance(real_features, features),
        "kid": kid.mean,
        "kid_standard_deviation": kid.standard_deviation,
        "kid_subsets": kid.subsets,
        "kid_subset_size": kid.subset_size,
        "precision": precision,
        "recall": recall,
        "density": density,
        "coverage": coverage,
        "class_histogram": histogram.tolist(),
        "kl_to_uniform": kl_divergence(histogram, np.ones(len(frequencies))),
        # A class that the data never shows makes it infinite, which JSON cannot hold.
        "kl_to_data": kl_to_data if math.isfinite(kl_to_data) else None,
    }


def spread_rows(n: int, count: int) -> np.ndarray:
    """Positions of `count` of n examples at equal distances, so that a sorted set is represented too: int64 [count]."""
    return np.arange(count) * n // count


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
) -> dict[str, Any]:
    """Compare `model.sample` with a split of the data.

    The pictures compared are what `sample` gives, which of a VAE are the means of its pixels. They are held against the
    data as it is, in all its levels, whatever the model observed of it.

    Args:
        model: of images.
        dataset: its data, in which the training split is there for the floor (against the training split itself: the
            test split).
        classifier: in whose features.
        count: samples; at most as many as the split and that of the floor have, because all sizes are equal.
        split: train, validation or test.
        seed: of the first sample.
        temperature: see `GenerativeModel.sample`.
        progress: called with the number of samples made so far.

    Returns:
        The figures of `set_distances`, "floor" with those of the real pictures, "samples", how many there are in each
        set, and "pictures", what they are.

    Raises:
        ConfigError: if the data has no such split, or it is too small.
        DataError: if a sample is not finite, or the data has labels that the classifier does not know.
    """
    examples = getattr(dataset, split)
    if examples is None:
        raise ConfigError(f"split: expected one that the run has. Received: {split!r}, to which it left no examples")
    others = dataset.test if split == "train" else dataset.train
    count = min(count, len(examples), len(others))
    if count < FEWEST:
        raise ConfigError(f"count: expected at least {FEWEST} samples and as many real pictures. Received: {count}")

    def samples() -> Iterator[np.ndarray]:
        for start in range(0, count, CHUNK):
            pictures = model.sample(min(CHUNK, count - start), seed=seed + start, temperature=temperature).numpy()
            if not np.isfinite(pictures).all():
                raise DataError(f"Expected finite samples. Received NaN or infinity near seed {seed + start}")
            yield pictures
            progress(min(start + CHUNK, count))

    real = classifier.describe(examples.examples[spread_rows(len(examples), count)])
    # The first ones, which are the same however many of the data's training examples a run was given.
    floor = classifier.describe(others.examples[:count])
    labels = dataset.train.labels
    known = None if labels is None else classifier.positions(labels)
    # Without labels of its own, the data is as the classifier sees it.
    frequencies = class_histogram(real[1] if known is None else known, classifier.classes)
    return {
        "samples": count,
        "pictures": "means of p(x|z)" if model.can("sample_pixels") else "samples",
        **set_distances(real, classifier.describe(samples()), frequencies, seed),
        "floor": set_distances(real, floor, frequencies, seed),
    }
