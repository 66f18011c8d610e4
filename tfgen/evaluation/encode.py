"""Latents and likelihoods of new pictures, and the files that hold them."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tfgen.errors import ConfigError, UndefinedError
from tfgen.evaluation.progress import progress_bar
from tfgen.evaluation.projection import STEPS, Projection, joined, search
from tfgen.files import atomic_write

if TYPE_CHECKING:
    from tfgen.evaluation.classifier import Classifier
    from tfgen.evaluation.pictures import Pictures
    from tfgen.models.contract import GenerativeModel

#: Number of pictures that are encoded at a time.
BATCH = 100


@dataclass(frozen=True, eq=False)
class Scores:
    """The likelihood of each picture.

    Attributes:
        names: name of each file.
        log_prob_nats: log p(x), or log p(x|y), float64 [n].
        bits_per_dim: −log₂ p per dimension, float64 [n].
        estimator: name of the estimator.
        samples: latent or dequantization samples for each picture.
        classes: name of the class y of each picture; None for p(x).
    """

    names: tuple[str, ...]
    log_prob_nats: np.ndarray
    bits_per_dim: np.ndarray
    estimator: str
    samples: int
    classes: tuple[str, ...] | None = None


def labels_of_pictures(model: "GenerativeModel", pictures: "Pictures", label: Any = None) -> np.ndarray | None:
    """Return the class of each picture as an index of the model's classes, int32 [n], or None if it is not known.

    Args:
        model: the model.
        pictures: the pictures. The names of their sub-folders are their classes if all are classes of the model.
        label: the class of all pictures, which the user gives; None if it is not given.

    Raises:
        ConfigError: if the model has no such class.
    """
    from tfgen.evaluation.samples import check_label

    if label is not None:
        check_label(model, label)
        return np.asarray(model.labels_of(label, len(pictures.images)))
    if model.is_conditional and pictures.classes is not None and set(pictures.classes) <= set(model.classes):
        return np.array([model.classes.index(name) for name in pictures.classes], np.int32)
    return None


def project_pictures(
    model: "GenerativeModel",
    images: np.ndarray,
    labels: np.ndarray | None = None,
    *,
    classifier: "Classifier | None" = None,
    steps: int = STEPS,
    seed: int = 0,
    progress: bool = False,
) -> "Projection":
    """Search the latents of images for a model without an encoder, `BATCH` images at a time.

    Args:
        model, images, labels, classifier, steps, seed: see `tfgen.evaluation.projection.search`.
        progress: whether to show a progress bar with the time left.
    """
    parts = [slice(start, start + BATCH) for start in range(0, len(images), BATCH)]
    found: list[Projection] = []
    with progress_bar(steps * len(parts), "step", progress) as bar:
        for part in parts:
            of_part = None if labels is None else labels[part]
            for state in search(model, images[part], of_part, classifier=classifier, steps=steps, seed=seed):
                bar.update(len(found) * steps + state.step - bar.n)
            found.append(state)
    return joined(found)


def encode_pictures(
    model: "GenerativeModel", images: np.ndarray, labels: np.ndarray | None = None, seed: int = 0
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return latents of images, float32 [n, *latent_shape], and the classes for which they were computed, int32 [n].

    A conditional model without labels takes the most probable class of each image by Bayes' rule. The classes are None
    for a model without classes.

    Args:
        model: a model that encodes images.
        images: integer images [n, H, W, C].
        labels: class of each image; None if it is not known.
        seed: seed of the likelihood's noise for Bayes' rule.

    Raises:
        UndefinedError: if the model cannot encode images.
    """
    if not model.can("encode"):
        raise UndefinedError(f"Expected a model that encodes images. Received: a {type(model).__name__}")
    if labels is None and model.is_conditional:
        from tfgen.evaluation.classification import class_log_posteriors

        found = class_log_posteriors(model, images, seed=seed, batch_size=min(BATCH, len(images)))
        labels = found.argmax(axis=1).astype(np.int32)
    latents = []
    for start in range(0, len(images), BATCH):
        part = slice(start, start + BATCH)
        latents.append(model.encode(images[part], **model.given(None if labels is None else labels[part])).numpy())
    return np.concatenate(latents), labels


def save_latents(
    model: "GenerativeModel",
    path: Path,
    names: tuple[str, ...],
    latents: np.ndarray,
    labels: np.ndarray | None,
    errors: np.ndarray | None = None,
) -> None:
    """Write latents as an .npz: "latents", "files" and, for a conditional model, "labels" and "label_names".

    The root mean squared differences of the pictures that a search has found are the array "errors".
    """
    arrays: dict[str, np.ndarray] = {"latents": latents, "files": np.array(names)}
    if errors is not None:
        arrays["errors"] = errors
    if labels is not None:
        arrays |= {"labels": labels, "label_names": np.array(model.classes)}
    with atomic_write(path) as temporary:
        np.savez(temporary, **arrays)  # type: ignore[arg-type]


def score_pictures(
    model: "GenerativeModel",
    pictures: "Pictures",
    labels: np.ndarray | None = None,
    *,
    samples: int = 1,
    seed: int = 0,
) -> Scores:
    """Return the likelihood of pictures: p(x|y) with labels, else p(x), which is marginal for a conditional model.

    Args:
        model: a model of images with a likelihood.
        pictures: the pictures.
        labels: class of each picture, or None.
        samples: latent or dequantization samples for each picture.
        seed: seed of the noise.

    Raises:
        UndefinedError: if the model has no likelihood.
    """
    from tfgen.evaluation.likelihood import evaluate_likelihood

    images = pictures.images
    result = evaluate_likelihood(
        model, images, samples=samples, seed=seed, batch_size=min(BATCH, len(images)), labels=labels
    )
    return Scores(
        names=pictures.names,
        log_prob_nats=result.nats,
        bits_per_dim=result.bits_per_dim,
        estimator=result.estimator,
        samples=samples,
        classes=None if labels is None else tuple(model.classes[label] for label in labels),
    )


def save_scores(path: Path, scores: Scores) -> None:
    """Write likelihoods as a .csv with one line for each picture, or as an .npz of the same columns.

    The columns are file, bits_per_dim, log_prob_nats, label (if it was used), estimator and samples. The array of the
    names is called "files" in an .npz.
    """
    columns: dict[str, Any] = {
        "file": scores.names,
        "bits_per_dim": scores.bits_per_dim,
        "log_prob_nats": scores.log_prob_nats,
    }
    if scores.classes is not None:
        columns["label"] = scores.classes
    if path.suffix.lower() == ".npz":
        # NumPy's own argument is called file.
        arrays = {"files" if name == "file" else name: np.asarray(values) for name, values in columns.items()}
        with atomic_write(path) as temporary:
            np.savez(
                temporary,
                **arrays,  # type: ignore[arg-type]
                estimator=np.array(scores.estimator),
                samples=np.array(scores.samples),
            )
        return
    if path.suffix.lower() != ".csv":
        raise ConfigError(f"Expected a file name ending in .csv or .npz. Received: {path}")
    with atomic_write(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*columns, "estimator", "samples"])
        for row in zip(*columns.values(), strict=True):
            cells = [f"{value:.6f}" if isinstance(value, float) else value for value in row]
            writer.writerow([*cells, scores.estimator, scores.samples])
