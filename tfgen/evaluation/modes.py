"""Counts the modes of data or samples: by distance for Gaussian mixtures, by a classifier for images."""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from tfgen.metrics.classes import class_histogram, kl_divergence
from tfgen.metrics.modes import combination_modes, mixture_modes

if TYPE_CHECKING:
    from tfgen.data.sets import Dataset
    from tfgen.evaluation.classifier import Classifier


def stacked_modes(images, classifier: "Classifier") -> dict[str, Any]:
    """Classify each channel of images and count the combinations of classes.

    Args:
        images: [n, H, W, C]; values as `Classifier.classify` takes them.
        classifier: a classifier of images with one channel.

    Returns:
        See `tfgen.metrics.modes.combination_modes`.
    """
    images = np.asarray(images)
    classes = [classifier.classify(images[..., channel : channel + 1]).classes for channel in range(images.shape[-1])]
    return combination_modes(np.stack(classes, axis=1), classifier.classes)


def class_counts(images, classifier: "Classifier") -> dict[str, Any]:
    """Classify images [n, H, W, C] and count the classes.

    Returns:
        "class_histogram": number of images of each class. "class_kl": its KL divergence in nats from the uniform
        distribution.
    """
    histogram = class_histogram(classifier.classify(np.asarray(images)).classes, classifier.classes)
    return {"class_histogram": histogram.tolist(), "class_kl": kl_divergence(histogram, np.ones(len(histogram)))}


def mode_measure(dataset: "Dataset", source: str | None = None) -> Callable[[Any], dict[str, Any]] | None:
    """Return the function that counts the modes of samples of a data set, or None if there is none.

    The function is `mixture_modes` for mixtures of Gaussians, `stacked_modes` for stacked images and `class_counts` for
    other images. Images need a classifier that comes with the package.

    Args:
        dataset: the data.
        source: the data set as `tfgen.data.load` takes it. `dataset.name` does not tell the data set mnist from a file
            `mnist.zip`.
    """
    if dataset.modes is not None:
        return functools.partial(mixture_modes, centres=dataset.modes.centres, std=dataset.modes.std)
    if not dataset.is_images:
        return None
    from tfgen.evaluation.find_classifier import classifier_for, is_shipped

    name = dataset.channels_of or source
    shape = (*dataset.event_shape[:2], 1) if dataset.channels_of else dataset.event_shape
    if name is None or not is_shipped(name, shape):
        return None
    classifier = classifier_for(name, shape, dataset.levels)
    return functools.partial(stacked_modes if dataset.channels_of else class_counts, classifier=classifier)
