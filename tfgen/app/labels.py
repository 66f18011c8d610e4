"""The class of a picture in the handlers: the choices of the page, and the labels that a model takes for them.

This module does not import Gradio.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tfgen.app import validation
from tfgen.errors import ConfigError

if TYPE_CHECKING:
    import tensorflow as tf

    from tfgen.models.contract import GenerativeModel

#: Choices in place of a class: the class that fits, and all classes in turn.
ANY, EACH = "any class", "each class in turn"

#: Samples of the estimator of the probabilities of the classes.
POSTERIOR_SAMPLES = 4


def choices(classes: Sequence[str], others: Sequence[str] = (ANY,)) -> list[str]:
    """Return what the page offers for a model: the other choices, then the classes. [] for a model without classes."""
    return [*others, *(name for name in classes if name not in others)] if classes else []


def kept(chosen: str | None, classes: Sequence[str], others: Sequence[str] = (ANY,)) -> str:
    """Return the chosen class if the model has it, and otherwise the first of the other choices."""
    return chosen if chosen in choices(classes, others) else others[0]  # type: ignore[return-value]


def label_to_sample(model: "GenerativeModel", label: str) -> str | None:
    """Return the argument `label` of the model's `sample` for a choice of the page.

    Raises:
        ConfigError: if the model has no such class, or no classes.
    """
    if label in (ANY, None):
        return None
    label = _checked(model, label, (ANY, EACH))
    return "each" if label == EACH else label


def label_of_seed(model: "GenerativeModel", seed: int, label: str) -> int | None:
    """Return the class of the picture of a seed: the chosen one, or for `ANY` the one that the seed draws.

    Returns:
        The index of the class; None for a model without classes.

    Raises:
        ConfigError: if the model has no such class, or no classes.
    """
    from tfgen import random

    if label in (ANY, None):
        if not model.is_conditional:
            return None
        return int(np.asarray(model.labels_from_seeds(random.seeds_from(seed, 1)))[0])
    return model.classes.index(_checked(model, label, (ANY,)))


def label_of_example(model: "GenerativeModel", example: np.ndarray, label: str) -> int | None:
    """Return the class of a picture of the user: the chosen one, or for `ANY` the most probable one.

    A model without likelihood has no probabilities of classes. Its most frequent class is returned.

    Args:
        model: a model of images.
        example: [1, H, W, C] in [0, 1].
        label: the choice of the page.

    Returns, Raises: as `label_of_seed`.
    """
    if label not in (ANY, None):
        return model.classes.index(_checked(model, label, (ANY,)))
    if not model.is_conditional:
        return None
    return int(np.argmax(class_probabilities(model, example)))


def class_probabilities(model: "GenerativeModel", example: np.ndarray) -> np.ndarray:
    """Return p(y|x) of each class of a conditional model for a picture [1, H, W, C] in [0, 1], or p(y) without p(x)."""
    if not model.can("log_prob"):
        return np.asarray(model.class_frequencies)
    return np.exp(model.class_log_posterior(levels_of(model, example), samples=POSTERIOR_SAMPLES).numpy()[0])


def levels_of(model: "GenerativeModel", examples: np.ndarray) -> np.ndarray:
    """Round intensities in [0, 1] to the model's levels, uint8 of the same shape."""
    return np.rint(examples * (model.levels - 1)).astype(np.uint8)


def class_weights(model: "GenerativeModel", label: "int | tf.Tensor | np.ndarray | None", n: int):
    """Return the weights of the classes of n pictures, float32 [n, K]; None for a model without classes.

    Args:
        model: the model.
        label: a class of all pictures; or weights [n, K], which are returned as they are; None without classes.
        n: number of pictures.
    """
    if label is None:
        return None
    return model.one_hot(model.labels_of(label, n)) if isinstance(label, int) else label


def weights_between(model: "GenerativeModel", first: int | None, last: int | None, steps: int):
    """Return weights that go from one class to another in equal steps, float32 [steps, K]; None without classes."""
    if first is None or last is None:
        return None
    position = np.linspace(0.0, 1.0, steps, dtype=np.float32)[:, None]
    return (1.0 - position) * class_weights(model, first, 1) + position * class_weights(model, last, 1)


def weights_of_mix(model: "GenerativeModel", labels: Sequence[int | None], weights: Sequence[float]):
    """Return the class weights of a mix of samples, float32 [1, K]: sample i gives its class wᵢ / Σⱼ wⱼ.

    Args:
        model: the model.
        labels: class of each sample; None for a model without classes.
        weights: the wᵢ, numbers from 0, of which at least one is above 0.

    Returns:
        The weights; None for a model without classes.
    """
    if any(label is None for label in labels):
        return None
    shares = np.asarray(weights, np.float64) / np.sum(weights)
    return sum(float(share) * class_weights(model, label, 1) for share, label in zip(shares, labels, strict=True))


def _checked(model: "GenerativeModel", label: str, others: Sequence[str]) -> str:
    if not model.is_conditional:
        raise ConfigError(f"label: expected {ANY!r} for a model without classes. Received: {label!r}")
    return validation.one_of("label", label, choices(model.classes, others))
