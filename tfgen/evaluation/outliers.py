"""Ranks images by their likelihood."""

from typing import TYPE_CHECKING

import numpy as np

from tfgen.errors import UndefinedError

if TYPE_CHECKING:
    from tfgen.models.contract import GenerativeModel


def rank_by_likelihood(
    model: "GenerativeModel", images: np.ndarray, *, samples: int = 1, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Return the bits per dimension of images, and the images' order from the least to the most likely.

    Args:
        model: a model of images with a likelihood.
        images: integer images [n, H, W, C].
        samples: number of latent or dequantization samples for the likelihood of each image.
        seed: seed of the noise of the likelihood.

    Returns:
        Bits per dimension [n], and positions of the images, the least likely image first [n].

    Raises:
        UndefinedError: see `check_rankable`.
    """
    from tfgen.evaluation.likelihood import evaluate_likelihood

    check_rankable(model)
    bits = evaluate_likelihood(model, images, samples=samples, seed=seed).bits_per_dim
    return bits, np.argsort(-bits, kind="stable")


def check_rankable(model: "GenerativeModel") -> None:
    """Raise `UndefinedError` if the model has no likelihood, or is a model of points."""
    model.estimator(1)  # raises the error of a model without likelihood
    if not model.is_image:
        raise UndefinedError(f"A ranking needs images. Received: points of shape {list(model.event_shape)}")
