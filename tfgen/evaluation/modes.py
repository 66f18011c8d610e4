"""Which modes of the data a model draws: told by distance where they are Gaussians, by a classifier in images."""

import functools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from tfgen.metrics.classes import class_histogram, kl_divergence

if TYPE_CHECKING:
    from tfgen.data.sets import Dataset, Modes
    from tfgen.evaluation.classifier import Classifier

#: A sample within this many standard deviations of its nearest mode is of high quality and counts for that mode.
REACH = 3.0


def point_modes(points, modes: "Modes") -> dict[str, Any]:
    """How many modes of a mixture of Gaussians points cover, and how many of the points are any good.

    Args:
        points: [n, 2].
        modes: of the data.

    Returns:
        "modes", those with at least one sample within three standard deviations; "high_quality", the fraction of such
        samples (of the data itself 0.989); "mode_kl", KL to uniform of how these share the modes, in nats, without any
        such sample NaN.

    Reference: Srivastava et al.: VEEGAN, NeurIPS 2017; Lin et al.: PacGAN, 2018, section 4.1.
    """
    points = np.asarray(points, np.float64)
    distance = np.linalg.norm(points[:, None] - modes.centres, axis=2)
    good = distance.min(axis=1) <= REACH * modes.std
    histogram = class_histogram(distance.argmin(axis=1)[good], len(modes.centres))
    return {"modes": int(np.count_nonzero(histogram)), "high_quality": float(good.mean()), **_kl(histogram)}


def stacked_modes(images, classifier: "Classifier") -> dict[str, Any]:
    """How many kinds of pictures there are whose channels are classified one by one.

    Args:
        images: [n, H, W, C], as `Classifier.describe` takes them, but for the channels.
        classifier: of single channels.

    Returns:
        "modes", combinations of classes with at least one sample, of classes^C; "mode_kl", KL to uniform of how samples
        share them, in nats: of n samples of the data itself about (classes^C − 1) / 2n.

    Reference: Lin et al.: PacGAN, 2018, section 4.2.
    """
    images = np.asarray(images)
    channels = images.shape[-1]
    kinds = np.zeros(len(images), np.int64)
    for channel in range(channels):
        kinds = classifier.classes * kinds + classifier.describe(images[..., channel : channel + 1])[1]
    histogram = class_histogram(kinds, classifier.classes**channels)
    return {"modes": int(np.count_nonzero(histogram)), **_kl(histogram)}


def classes(images, classifier: "Classifier") -> dict[str, Any]:
    """ "class_histogram", samples of each class, and "class_kl", its KL to uniform in nats: images [n, H, W, C]."""
    histogram = class_histogram(classifier.describe(np.asarray(images))[1], classifier.classes)
    return {"class_histogram": histogram.tolist(), "class_kl": kl_divergence(histogram, np.ones(len(histogram)))}


def _kl(histogram: np.ndarray) -> dict[str, float]:
    return {"mode_kl": kl_divergence(histogram, np.ones(len(histogram))) if histogram.any() else math.nan}


def mode_measure(dataset: "Dataset") -> Callable[[Any], dict[str, Any]] | None:
    """What `point_modes`, `stacked_modes` or `classes` says of samples, whichever fits the data; None where none does.

    Images need the classifier that comes with the package: of the data set, or of the one that its channels are of.
    """
    if dataset.modes is not None:
        return functools.partial(point_modes, modes=dataset.modes)
    if not dataset.is_images:
        return None
    from tfgen.evaluation.classifier import classifier_for, is_shipped

    name = dataset.channels_of or dataset.name
    shape = (*dataset.event_shape[:2], 1) if dataset.channels_of else dataset.event_shape
    if not is_shipped(name, shape):
        return None
    classifier = classifier_for(name, shape, dataset.levels)
    return functools.partial(stacked_modes if dataset.channels_of else classes, classifier=classifier)
