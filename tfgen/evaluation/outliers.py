"""Ranks images by their likelihood."""

import os
from typing import TYPE_CHECKING

import numpy as np

from tfgen.errors import UndefinedError

if TYPE_CHECKING:
    from tfgen.data.sets import ImageSet, PointSet
    from tfgen.models.contract import GenerativeModel


def rank_by_likelihood(
    model: "GenerativeModel",
    images: np.ndarray,
    *,
    samples: int = 1,
    seed: int = 0,
    labels: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the bits per dimension of images, and the images' order from the least to the most likely.

    Args:
        model: a model of images with a likelihood.
        images: integer images [n, H, W, C].
        samples: number of latent or dequantization samples for the likelihood of each image.
        seed: seed of the noise of the likelihood.
        labels: class of each image, integers [n], for the likelihood p(x|y) of a conditional model.

    Returns:
        Bits per dimension [n], and positions of the images, the least likely image first [n].

    Raises:
        UndefinedError: see `check_rankable`.
    """
    from tfgen.evaluation.likelihood import evaluate_likelihood

    check_rankable(model)
    bits = evaluate_likelihood(model, images, samples=samples, seed=seed, labels=labels).bits_per_dim
    return bits, np.argsort(-bits, kind="stable")


def file_names(images: "ImageSet | PointSet") -> tuple[str, ...] | None:
    """Return the names of the files that images come from, or None if they come from none."""
    files = getattr(images, "files", None)
    return None if files is None else tuple(os.fsdecode(bytes(name)) for name in files)


def check_rankable(model: "GenerativeModel") -> None:
    """Raise `UndefinedError` if the model has no likelihood, or is a model of points."""
    model.estimator(1)  # raises the error of a model without likelihood
    if not model.is_image:
        raise UndefinedError(f"A ranking needs images. Received: points of shape {list(model.event_shape)}")
