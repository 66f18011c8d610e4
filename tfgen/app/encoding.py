"""The latents of a user's picture: from the encoder, or by a search for a model that has none.

This module does not import Gradio.
"""

import functools
import weakref
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from tfgen.app.context import Context
from tfgen.app.labels import ANY, label_of_example
from tfgen.app.latent_paths import noise_of_example
from tfgen.evaluation.projection import Projection, can_project, search

if TYPE_CHECKING:
    import tensorflow as tf

    from tfgen.evaluation.classifier import Classifier
    from tfgen.models.contract import GenerativeModel

#: Number of steps of a search from one shown state to the next.
EVERY = 20
#: Number of pictures per model whose latents are remembered: the two ends of an interpolation, and some before.
REMEMBERED = 8

#: One remembering search per model, so that other steps or another path need no new search for the same pictures.
_searches: "weakref.WeakKeyDictionary[GenerativeModel, Callable[..., Projection]]" = weakref.WeakKeyDictionary()


def noise_and_class(
    context: Context, name: str, model: "GenerativeModel", example: np.ndarray, label: str
) -> tuple["tf.Tensor | np.ndarray", int | None]:
    """Return the normal noise of the reconstruction of a picture, flattened to [D], and the picture's class.

    Args:
        context: shared objects of the app.
        name: name of the model.
        model: the model, of images.
        example: the picture, [1, H, W, C] in [0, 1].
        label: the choice of the page, see `tfgen.app.labels.label_of_example`.

    Returns:
        The noise, and the index of the class; None for a model without classes.
    """
    if not can_project(model):
        of_class = label_of_example(model, example, label)
        return noise_of_example(model, example, of_class), of_class
    if model not in _searches:
        _searches[model] = functools.lru_cache(REMEMBERED)(_search_of(model, _classifier(context, name, model)))
    found = _searches[model](example.astype(np.float32).tobytes(), _given_class(model, example, label))
    return found.latents[0], None if found.labels is None else int(found.labels[0])


def search_states(
    context: Context, name: str, model: "GenerativeModel", example: np.ndarray, label: str
) -> Iterator[Projection]:
    """Yield the states of the search for the latent of a picture. Arguments: see `noise_and_class`."""
    of_class = _given_class(model, example, label)
    classifier = _classifier(context, name, model)
    return search(model, example, _as_labels(of_class), classifier=classifier, every=EVERY)


def _search_of(model: "GenerativeModel", classifier: "Classifier | None") -> Callable[..., Projection]:
    from tfgen.evaluation.projection import project

    # The dictionary above keeps the function, and a strong reference would keep the model in memory forever.
    reference = weakref.ref(model)

    def search_of(content: bytes, of_class: int | None) -> Projection:
        alive = reference()
        assert alive is not None
        example = np.frombuffer(content, np.float32).reshape(1, *alive.event_shape)
        return project(alive, example, _as_labels(of_class), classifier=classifier)

    return search_of


def _given_class(model: "GenerativeModel", example: np.ndarray, label: str) -> int | None:
    """Return the class that the user chose, None for any: the search then finds the class too."""
    return None if label in (ANY, None) else label_of_example(model, example, label)


def _as_labels(of_class: int | None) -> np.ndarray | None:
    return None if of_class is None else np.array([of_class], np.int32)


def _classifier(context: Context, name: str, model: "GenerativeModel") -> "Classifier | None":
    from tfgen.evaluation.find_classifier import classifier_if_any

    return classifier_if_any(context.catalogue.run(name).config.data.data, model.event_shape, model.levels)
