"""Two pictures as the normal noise behind them, from which every path and map of latent space starts."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import tensorflow as tf

from tfgen import latent, noise

if TYPE_CHECKING:
    from tfgen.models.contract import GenerativeModel

PATHS: dict[str, Callable] = {"spherical": latent.slerp, "linear": latent.lerp}


def noise_of_seed(model: "GenerativeModel", seed: int, temperature: float = 1.0) -> tf.Tensor:
    """The normal noise behind the picture of a seed, flat: [D]."""
    return tf.reshape(model.normal_noise(noise.seeds_from(seed, 1), temperature), (-1,))


def noise_of_example(model: "GenerativeModel", example) -> tf.Tensor:
    """That behind the reconstruction of an example [1, H, W, C]: [D]. Raises `UndefinedError` without an encoder."""
    return tf.reshape(model.normal_from(model.encode(example)), (-1,))


def images_of(model: "GenerativeModel", normal) -> tf.Tensor:
    """Images of flat normal noise: [n, D] → [n, H, W, C] in [0, 1]."""
    normal = tf.reshape(normal, (-1, *model.latent_shape))
    return model.decode(model.latents_from(normal))
