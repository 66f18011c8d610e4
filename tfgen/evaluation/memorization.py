"""Does a model repeat its training images?

A sample that is a copy lies much nearer to a training image than that image's own nearest neighbour does. So each
sample x with its nearest training image t has the ratio

    ρ(x) = |x − t| / min_{t' ≠ t} |t' − t|

and so has each test image, which cannot be a copy. A model that has not memorized has about 1 % of its samples below
the 1st percentile of the test images' ratios. Blurred pictures, such as the means of a VAE, are near to everything and
stand out too: the pairs have to be looked at.
"""

import base64
import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from tfgen.evaluation.quality import spread_rows
from tfgen.metrics.neighbours import nearest

if TYPE_CHECKING:
    from tfgen.data.sets import Dataset
    from tfgen.evaluation.classifier import Classifier
    from tfgen.models.contract import GenerativeModel

#: Pairs of sample and training image that are kept to be looked at.
PAIRS = 8


def closeness(queries: np.ndarray, among: np.ndarray, prepare: Callable[[np.ndarray], np.ndarray] = np.asarray):
    """Nearest training example, distance to it, and the ratio ρ of each query.

    Args:
        queries: [n, …].
        among: training examples [m, …], m ≥ 2.
        prepare: makes vectors of both, [k, …] → [k, d].

    Returns:
        Positions int64 [n], distances float64 [n], ratios float64 [n].
    """
    positions, distances = nearest(prepare(queries), among, prepare=prepare)
    _, spacing = nearest(prepare(among[positions]), among, excluded=positions, prepare=prepare)
    # Training examples that exist twice have no distance between them.
    return positions, distances, distances / np.maximum(spacing, 1e-3 * max(float(np.median(spacing)), 1e-12))


def evaluate_memorization(
    model: "GenerativeModel",
    dataset: "Dataset",
    classifier: "Classifier | None" = None,
    *,
    count: int = 1000,
    seed: int = 0,
) -> dict[str, Any]:
    """Compare how near samples and test images are to training images.

    Args:
        model: of images.
        dataset: its data; the training split is what the model was trained on.
        classifier: to measure in its features too.
        count: samples, and as many test images, at most all.
        seed: of the first sample.

    Returns:
        "samples", "seed", "training_examples"; "pixels" and, with a classifier, "features" (Euclidean distances between
        pictures in [0, 1], and between features), each with "distance" and "ratio" (medians over the samples),
        "test_distance" and "test_ratio", and "near", the fraction of samples below the 1st percentile of the test
        images' ratios; "pairs", the samples of the smallest ratios in pixels (seed, position of the training image,
        distance, ratio); and "picture", a PNG in base64 with these samples above their training images.
    """
    count = min(count, len(dataset.test))
    samples = model.sample(count, seed=seed).numpy()
    test, train = dataset.test.examples[spread_rows(len(dataset.test), count)], dataset.train.examples
    brightest = np.float32(model.levels - 1)

    def flat(pictures: np.ndarray) -> np.ndarray:
        unit = pictures / brightest if pictures.dtype == np.uint8 else pictures
        return unit.reshape(len(unit), -1)

    found: dict[str, Any] = {"samples": count, "seed": seed, "training_examples": len(train)}
    near = closeness(samples, train, flat)
    found["pixels"] = _beside(near, closeness(test, train, flat))
    if classifier is not None:
        features = [classifier.describe(pictures)[0] for pictures in (samples, test, train)]
        found["features"] = _beside(*(closeness(queries, features[2]) for queries in features[:2]))
    positions, distances, ratios = near
    closest = np.argsort(ratios, kind="stable")[:PAIRS]
    found["pairs"] = [
        {
            "seed": seed + int(i),
            "training_image": int(positions[i]),
            "distance": float(distances[i]),
            "ratio": float(ratios[i]),
        }
        for i in closest
    ]
    found["picture"] = _picture(samples[closest], train[positions[closest]] / brightest)
    return found


def _beside(samples, test) -> dict[str, float]:
    """Medians of both, and how many samples are nearer than all but 1 % of the test images."""
    return {
        "distance": float(np.median(samples[1])),
        "test_distance": float(np.median(test[1])),
        "ratio": float(np.median(samples[2])),
        "test_ratio": float(np.median(test[2])),
        "near": float(np.mean(samples[2] < np.quantile(test[2], 0.01))),
    }


def _picture(samples: np.ndarray, training_images: np.ndarray) -> str:
    from PIL import Image

    from tfgen.plots.grid import image_grid

    grid = image_grid(np.concatenate([samples, training_images.astype(np.float32)]), columns=len(samples))
    buffer = io.BytesIO()
    Image.fromarray(grid[..., 0] if grid.shape[-1] == 1 else grid).save(buffer, format="PNG")
    return base64.b64encode(buffer.getvalue()).decode()
