"""Two pictures as the normal noise behind them, from which every path and map of latent space starts."""

import math
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING

import tensorflow as tf

from tfgen import random
from tfgen.models import latent_paths as latent

if TYPE_CHECKING:
    from tfgen.models.contract import GenerativeModel

PATHS: dict[str, Callable] = {"spherical": latent.slerp, "linear": latent.lerp}


def noise_of_seed(model: "GenerativeModel", seed: int, temperature: float = 1.0) -> tf.Tensor:
    """The normal noise behind the picture of a seed, flat: [D]."""
    return tf.reshape(model.normal_noise(random.seeds_from(seed, 1), temperature), (-1,))


def noise_of_example(model: "GenerativeModel", example) -> tf.Tensor:
    """That behind the reconstruction of an example [1, H, W, C]: [D]. Raises `UndefinedError` without an encoder."""
    return tf.reshape(model.normal_from(model.encode(example)), (-1,))


def images_of(model: "GenerativeModel", normal) -> tf.Tensor:
    """Images of flat normal noise: [n, D], or [D] for one → [n, H, W, C] in [0, 1]."""
    if model not in _decoders:
        _decoders[model] = _compiled(model)
    return _decoders[model](tf.reshape(tf.cast(normal, tf.float32), (-1, math.prod(model.latent_shape))))


#: A graph for each model, of any number of rows: without one, a slider would wait for Python, operator by operator.
_decoders: "weakref.WeakKeyDictionary[GenerativeModel, Callable]" = weakref.WeakKeyDictionary()


def _compiled(model: "GenerativeModel") -> Callable:
    # Only a weak reference, or the graph would keep alive the model that keeps it.
    held = weakref.ref(model)

    @tf.function(autograph=False, input_signature=[tf.TensorSpec([None, math.prod(model.latent_shape)], tf.float32)])
    def decode(normal):
        alive = held()
        assert alive is not None
        return alive.decode(alive.latents_from(tf.reshape(normal, (-1, *alive.latent_shape))))

    return decode
