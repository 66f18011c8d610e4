"""Test inputs of every signature, and the Keras model's own outputs for them."""

import math
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from tfgen import random
from tfgen.models import latent_paths

if TYPE_CHECKING:
    from tfgen.models.contract import GenerativeModel

#: The signatures whose output is decoded from latents.
DECODING = ("sample", "interpolate", "decode", "reconstruct")
#: The smallest and the largest seed.
INT32 = (-(2**31), 2**31 - 1)


def test_inputs(model: "GenerativeModel", examples: np.ndarray) -> dict[str, dict[str, np.ndarray]]:
    """Return inputs of every signature, `len(examples)` rows each, with the smallest and the largest seed among them.

    Args:
        model: a trained model.
        examples: images as floats in [0, 1], or points.

    Returns:
        Signature → input name → array. Signatures that the model does not define are included.
    """
    rows = len(examples)
    seeds = np.asarray([*range(7, 5 + rows), *INT32], np.int32)
    event = {"images" if model.is_image else "points": examples.astype(np.float32)}
    event_and_seed = event | {"seed": seeds} if model.is_image else event
    return {
        "sample": {"seed": seeds, "temperature": np.resize([1.0, 1.0, 0.7, 0.0], rows).astype(np.float32)},
        "interpolate": {
            "seed_from": seeds,
            "seed_to": np.roll(seeds, 1),
            "position": np.linspace(0.0, 1.0, rows, dtype=np.float32),
        },
        "decode": {"latent": model.prior_latents(random.seeds_from(1000, rows)).numpy()},
        "encode": event,
        "reconstruct": event,
        "log_prob": event_and_seed,
        "bits_per_dim": event_and_seed,
    }


def latents_of(model: "GenerativeModel", name: str, inputs: dict[str, np.ndarray]) -> np.ndarray:
    """Return the latents that the Keras model decodes for a signature of `DECODING`: [n, *latent_shape]."""
    tensors = {key: tf.constant(value) for key, value in inputs.items()}
    match name:
        case "sample":
            return model.prior_latents(tensors["seed"], tensors["temperature"]).numpy()
        case "interpolate":
            first, last = (
                tf.reshape(model.normal_noise(tensors[end]), (len(inputs[end]), -1)) for end in ("seed_from", "seed_to")
            )
            path = latent_paths.slerp_at(first, last, tensors["position"][:, None])
            return model.latents_from(tf.reshape(path, (-1, *model.latent_shape))).numpy()
        case "decode":
            return inputs["latent"]
        case "reconstruct":
            return model.encode(tensors["images" if model.is_image else "points"]).numpy()
    raise KeyError(name)


def keras_output(model: "GenerativeModel", name: str, inputs: dict[str, np.ndarray]) -> np.ndarray:
    """Return the output of a signature, computed by the Keras model's own methods."""
    if name in DECODING:
        return model.decode(latents_of(model, name, inputs)).numpy()
    examples = tf.constant(inputs["images" if model.is_image else "points"])
    match name:
        case "encode":
            return model.encode(examples).numpy()
        case "log_prob" if not model.is_image:
            return model.log_prob(examples).numpy()
        case "log_prob" | "bits_per_dim":
            levels = np.rint(inputs["images"] * (model.levels - 1)).astype(np.uint8)
            with random.PerExampleRng(tf.constant(inputs["seed"])) as rng:
                nats = model.log_prob_with(levels, rng).numpy()
            return nats if name == "log_prob" else -nats / (math.log(2.0) * math.prod(model.event_shape))
    raise KeyError(name)
