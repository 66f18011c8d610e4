"""Whether a model repeats its training images.

Samples are compared with test images by their distance to the nearest training image; see `tfgen.metrics.memorization`.
Blurred images, such as the means of a VAE, lie near to everything and also stand out. The entry therefore contains a
picture of the nearest pairs, so that a person can decide whether they are copies.
"""

import base64
import io
from typing import TYPE_CHECKING, Any

import numpy as np

from tfgen.evaluation.split import evenly_spaced
from tfgen.metrics.memorization import NearestExamples, compare_nearness, nearest_examples
from tfgen.runs.entries import MemorizationEntry, NearestDistances, NearPair
from tfgen.runs.evaluations import add_entry

if TYPE_CHECKING:
    from tfgen.data.sets import Dataset
    from tfgen.evaluation.classifier import Classifier
    from tfgen.models.contract import GenerativeModel
    from tfgen.runs.run import Run

#: Number of samples, and of test images.
COUNT = 1000
#: Number of pairs of a sample and a training image in the entry and its picture.
PAIRS = 8


def evaluate_memorization(
    model: "GenerativeModel",
    dataset: "Dataset",
    classifier: "Classifier | None" = None,
    *,
    count: int = COUNT,
    seed: int = 0,
) -> MemorizationEntry:
    """Compare how near samples and test images lie to the training images.

    Args:
        model: a model of images.
        dataset: its data; the training split must be the one that the model was trained on.
        classifier: a classifier whose features are used in addition to the pixels.
        count: number of samples and of test images, at most the number of test images.
        seed: seed of the first sample.

    Returns:
        An entry without epoch.
    """
    count = min(count, len(dataset.test))
    samples = model.sample(count, seed=seed).numpy()
    test, train = dataset.test.examples[evenly_spaced(len(dataset.test), count)], dataset.train.examples
    brightest = np.float32(model.levels - 1)

    def to_vectors(images: np.ndarray) -> np.ndarray:
        unit = images / brightest if images.dtype == np.uint8 else images
        return unit.reshape(len(unit), -1)

    in_pixels = nearest_examples(samples, train, to_vectors)
    of_test = nearest_examples(test, train, to_vectors)
    in_features: dict[str, Any] = {}
    if classifier is not None:
        features = [classifier.classify(images).features for images in (samples, test, train)]
        nearness = compare_nearness(*(nearest_examples(queries, features[2]) for queries in features[:2]))
        in_features["features"] = NearestDistances(**nearness)
    smallest = np.argsort(in_pixels.ratios, kind="stable")[:PAIRS]
    return MemorizationEntry(
        samples=count,
        seed=seed,
        training_examples=len(train),
        pixels=NearestDistances(**compare_nearness(in_pixels, of_test)),
        **in_features,
        pairs=[_pair(int(i), seed, in_pixels) for i in smallest],
        picture=_picture(samples[smallest], train[in_pixels.positions[smallest]] / brightest),
        classifier=None if classifier is None else classifier.identity,
    )


def _pair(i: int, seed: int, nearest: NearestExamples) -> NearPair:
    return NearPair(
        seed=seed + i,
        training_image=int(nearest.positions[i]),
        distance=float(nearest.distances[i]),
        ratio=float(nearest.ratios[i]),
    )


def _picture(samples: np.ndarray, training_images: np.ndarray) -> str:
    """Return a PNG in base64: the samples in the first row, the training images in the second."""
    from PIL import Image

    from tfgen.plots.grid import image_grid

    grid = image_grid(np.concatenate([samples, training_images.astype(np.float32)]), columns=len(samples))
    buffer = io.BytesIO()
    Image.fromarray(grid[..., 0] if grid.shape[-1] == 1 else grid).save(buffer, format="PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def measure_memorization(
    run: "Run",
    *,
    model: "GenerativeModel | None" = None,
    classifier: "Classifier | None" = None,
    count: int = COUNT,
    seed: int = 0,
) -> MemorizationEntry:
    """Measure how near samples lie to training images and record the result in the run's `evaluation.json`.

    Args:
        run: the run.
        model: the run's model, if it is already loaded.
        classifier, count, seed: see `evaluate_memorization`.
    """
    model = model or run.load_model()
    measured = evaluate_memorization(model, run.dataset, classifier, count=count, seed=seed)
    entry = measured.model_copy(update={"epoch": run.epoch})
    add_entry(run, entry)
    return entry
