"""The normal noise behind a picture, and the picture of given noise.

Every path and every map in latent space is computed in terms of this noise, for all families of models.
"""

import math
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING

import tensorflow as tf

from tfgen import random
from tfgen.models import latent_paths as latent

if TYPE_CHECKING:
    from tfgen.models.contract import GenerativeModel

#: Interpolation functions by the name that the page shows.
PATHS: dict[str, Callable] = {"spherical": latent.slerp, "linear": latent.lerp}


def noise_of_seed(model: "GenerativeModel", seed: int, temperature: float = 1.0) -> tf.Tensor:
    """Return the normal noise from which the model samples the picture of a seed, flattened to [D]."""
    return tf.reshape(model.normal_noise(random.seeds_from(seed, 1), temperature), (-1,))


def noise_of_example(model: "GenerativeModel", example) -> tf.Tensor:
    """Return the normal noise of the reconstruction of an example [1, H, W, C], flattened to [D].

    Raises:
        UndefinedError: if the model has no encoder.
    """
    return tf.reshape(model.normal_from(model.encode(example)), (-1,))


def images_of(model: "GenerativeModel", normal) -> tf.Tensor:
    """Decode normal noise.

    Args:
        model: a model of images.
        normal: flattened noise [n, D], or [D] for one image.

    Returns:
        Images [n, H, W, C] in [0, 1].
    """
    if model not in _decoders:
        _decoders[model] = _compiled_decoder(model)
    return _decoders[model](tf.reshape(tf.cast(normal, tf.float32), (-1, math.prod(model.latent_shape))))


#: One compiled decoder per model, for any number of rows. Without compilation, a moved slider would wait for Python to
#: run the operations one by one.
_decoders: "weakref.WeakKeyDictionary[GenerativeModel, Callable]" = weakref.WeakKeyDictionary()


def _compiled_decoder(model: "GenerativeModel") -> Callable:
    # The dictionary above keeps the function. A strong reference to the model would keep the model in memory forever.
    reference = weakref.ref(model)

    @tf.function(autograph=False, input_signature=[tf.TensorSpec([None, math.prod(model.latent_shape)], tf.float32)])
    def decode(normal):
        alive = reference()
        assert alive is not None
        return alive.decode(alive.latents_from(tf.reshape(normal, (-1, *alive.latent_shape))))

    return decode
