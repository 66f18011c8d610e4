"""All distances between two sets of classified features."""

import math
from typing import Any, NamedTuple

import numpy as np

from tfgen.metrics.classes import class_histogram, kl_divergence
from tfgen.metrics.frechet import frechet_distance
from tfgen.metrics.kernel_distance import kernel_distance
from tfgen.metrics.neighbours import density_coverage, precision_recall

#: Smallest probability of a confidently classified image.
CONFIDENT = 0.95


class ClassifiedFeatures(NamedTuple):
    """What a classifier returns for n images.

    Attributes:
        features: [n, d].
        classes: the most probable class of each image, [n].
        confidences: the probability of that class, [n]; None for features of a network of other classes.
    """

    features: np.ndarray
    classes: np.ndarray
    confidences: np.ndarray | None = None


def set_distances(
    real: ClassifiedFeatures, candidate: ClassifiedFeatures, frequencies: np.ndarray, seed: int = 0
) -> dict[str, Any]:
    """Return every metric of sample quality between real images and as many candidates.

    Args:
        real: the real images.
        candidate: the images to be assessed, for example samples of a model.
        frequencies: frequency of each class in the data, [c]; they need not sum to 1.
        seed: seed of the subsets of the kernel distance.

    Returns:
        "frechet_classifier_distance"; "kid" with "kid_standard_deviation", "kid_subsets" and "kid_subset_size";
        "precision" and "recall" (k = 3); "density" and "coverage" (k = 5); "class_histogram" of the candidates;
        "kl_to_uniform" and "kl_to_data" of that histogram in nats (None if infinite); "confidently_classified", the
        share of candidates whose class has at least the probability `CONFIDENT` (None without confidences).
    """
    kid = kernel_distance(real.features, candidate.features, seed=seed)
    precision, recall = precision_recall(real.features, candidate.features)
    density, coverage = density_coverage(real.features, candidate.features)
    histogram = class_histogram(candidate.classes, len(frequencies))
    kl_to_data = kl_divergence(histogram, frequencies)
    return {
        "frechet_classifier_distance": frechet_distance(real.features, candidate.features),
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
        # Infinite if candidates have a class that the data lacks. JSON has no infinity.
        "kl_to_data": kl_to_data if math.isfinite(kl_to_data) else None,
        "confidently_classified": None
        if candidate.confidences is None
        else float(np.mean(candidate.confidences >= CONFIDENT)),
    }
