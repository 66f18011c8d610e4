"""Features of an Inception-v3 network trained on ImageNet, for data without labels.

The network is that of `keras.applications` with Keras's weights, and its features are the 2,048 averages over the
positions of the last layer. Images are resized to 299 × 299 pixels by bilinear interpolation; grey images are repeated
in three channels. The Fréchet distance in these features is reported as FID, with the name and the SHA-256 of the
weights. It is not comparable with published FIDs, which use other weights of the same architecture and another resize.

There is no self-supervised extractor that tfgen would train on the user's own data. The features of such a network
depend on its training data, augmentation and duration, so that distances of two data sets, or of two trainings on one
data set, have no common scale, and no published result says that they rank models as people do when the network is
trained for minutes on thousands of pictures. Random features have the same defect. For unlabelled data without network
access, use a classifier of other images of the same shape (`--classifier FILE`): its weights are fixed and identified.

References: Szegedy et al.: Rethinking the Inception architecture for computer vision. CVPR 2016; Heusel et al.: GANs
trained by a two time-scale update rule. NeurIPS 2017; Parmar, Zhang, Zhu: On aliased resizing and surprising subtleties
in GAN evaluation. CVPR 2022.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgen.errors import DataError
from tfgen.evaluation.classifier import as_parts
from tfgen.metrics.set_distances import ClassifiedFeatures
from tfgen.runs.entries import ClassifierIdentity

NAME = "InceptionV3"
#: Side of the network's images, and number of images at a time.
SIDE, BATCH = 299, 50


class InceptionFeatures:
    """A frozen Inception network.

    Attributes:
        name: name of the network.
        classes: number of classes, 0: the classes of the data are none of the network's.
    """

    name = NAME
    classes = 0

    def __init__(self, network: Any, levels: int):
        """Use a network from images [n, 299, 299, 3] in [−1, 1] to features [n, d].

        Args:
            network: a Keras model.
            levels: number of intensity levels of integer images.
        """
        self.network, self.levels = network, levels
        digest = hashlib.sha256()
        for weights in network.get_weights():
            digest.update(np.ascontiguousarray(weights).tobytes())
        self.identity = ClassifierIdentity(name=NAME, sha256=digest.hexdigest(), test_accuracy=None)

    def classify(self, images: np.ndarray | Iterable[np.ndarray]) -> ClassifiedFeatures:
        """Return the features of images, float64 [n, d], and the class 0 of each, int64 [n].

        Args:
            images: as `tfgen.evaluation.classifier.Classifier.classify` takes them.
        """
        features = []
        for part in as_parts(images):
            for start in range(0, len(part), BATCH):
                features.append(self._features(np.asarray(part[start : start + BATCH])))
        found = np.concatenate(features)
        return ClassifiedFeatures(found, np.zeros(len(found), np.int64))

    def _features(self, images: np.ndarray) -> np.ndarray:
        unit = images / np.float32(self.levels - 1) if images.dtype == np.uint8 else images
        if unit.shape[-1] == 1:
            unit = np.repeat(unit, 3, axis=-1)
        resized = tf.image.resize(2.0 * unit - 1.0, (SIDE, SIDE), method="bilinear", antialias=True)
        return np.asarray(self.network(resized, training=False), np.float64)


def load_inception(levels: int, file: str | Path | None = None) -> InceptionFeatures:
    """Return the Inception network with Keras's weights.

    Args:
        levels: number of intensity levels of integer images.
        file: an .h5 or .weights.h5 of `keras.applications.InceptionV3`, with or without its classification layer; None
            lets Keras load its own weights, from its cache or from the network.

    Raises:
        DataError: if the file is missing or has other weights, or Keras cannot load its weights.
    """
    if file is None:
        try:
            network = keras.applications.InceptionV3(include_top=False, pooling="avg", weights="imagenet")
        except Exception as error:
            raise DataError(
                "Expected to load Keras's weights of InceptionV3, which needs network access once. Received: "
                f"{_first_line(error)}. Pass a copy of the weights with --features-file FILE, or use a classifier of "
                "images of this shape: --classifier FILE.npz"
            ) from None
        return InceptionFeatures(network, levels)
    if not Path(file).is_file():
        raise DataError(f"--features-file: expected the weights of InceptionV3. There is no file {file}")
    reason = ""
    for include_top in (False, True):
        network = keras.applications.InceptionV3(
            include_top=include_top, weights=None, pooling=None if include_top else "avg"
        )
        try:
            network.load_weights(file)
        except (ValueError, OSError, KeyError) as error:
            reason = reason or _first_line(error)
            continue
        if include_top:
            network = keras.Model(network.input, network.layers[-2].output)
        return InceptionFeatures(network, levels)
    raise DataError(f"{file}: expected the weights of keras.applications.InceptionV3. Received: {reason}")


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")[:200]
