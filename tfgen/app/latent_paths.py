"""The normal noise behind a picture, and the picture of given noise.

Every path and every map in latent space is computed in terms of this noise, for all families of models. The page is
built before TensorFlow is imported, so that this module imports TensorFlow in its functions.
"""

import math
import weakref
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tfgen.app.compiled_decoder import CompiledDecoder
from tfgen.app.labels import class_weights

if TYPE_CHECKING:
    import tensorflow as tf

    from tfgen.models.contract import GenerativeModel

#: Names of the paths between two latents.
PATHS = ("spherical", "linear")


def interpolation(path: str) -> Callable:
    """Return the function that interpolates between two latents along one of the `PATHS`."""
    from tfgen.models import latent_paths

    return latent_paths.slerp if path == "spherical" else latent_paths.lerp


def noise_of_seed(model: "GenerativeModel", seed: int, temperature: float = 1.0) -> "tf.Tensor":
    """Return the normal noise from which the model samples the picture of a seed, flattened to [D]."""
    return noise_of_seeds(model, [seed], temperature)[0]


def noise_of_seeds(model: "GenerativeModel", seeds: Sequence[int], temperature: float = 1.0) -> "tf.Tensor":
    """Return the normal noise from which the model samples the pictures of seeds: n of them → [n, D]."""
    import tensorflow as tf

    noise = model.normal_noise(tf.constant(seeds, tf.int32), temperature)
    return tf.reshape(noise, (len(seeds), -1))


def noise_of_example(model: "GenerativeModel", example, label: int | None = None) -> "tf.Tensor":
    """Return the normal noise of the reconstruction of an example [1, H, W, C], flattened to [D].

    Args:
        model: a model of images.
        example: the example.
        label: its class; None for a model without classes.

    Raises:
        UndefinedError: if the model has no encoder.
    """
    import tensorflow as tf

    given = model.given(label)
    return tf.reshape(model.normal_from(model.encode(example, **given), **given), (-1,))


def images_of(model: "GenerativeModel", normal, label=None) -> "tf.Tensor":
    """Decode normal noise.

    Args:
        model: a model of images.
        normal: flattened noise [n, D], or [D] for one image.
        label: class of all images, or weights of the classes, float32 [n, K]. None for a model without classes.

    Returns:
        Images [n, H, W, C] in [0, 1].
    """
    import tensorflow as tf

    if model not in _decoders:
        _decoders[model] = CompiledDecoder(model)
    flat = tf.reshape(tf.cast(normal, tf.float32), (-1, math.prod(model.latent_shape)))
    return _decoders[model](flat, class_weights(model, label, len(flat)))


#: The decoder of each model.
_decoders: "weakref.WeakKeyDictionary[GenerativeModel, CompiledDecoder]" = weakref.WeakKeyDictionary()
