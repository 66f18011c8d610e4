"""Test inputs of every signature, and the Keras model's own outputs for them."""

import math
from collections.abc import Callable
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

    The labels of a conditional model are every class in turn and "no class", which is −1.

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
    labels = np.resize(np.arange(-1, len(model.classes)), rows).astype(np.int32)
    label = {"label": labels} if model.is_conditional else {}
    both_labels = {"label_from": labels, "label_to": np.roll(labels, 2)} if model.is_conditional else {}
    return {
        "sample": {"seed": seeds, "temperature": np.resize([1.0, 1.0, 0.7, 0.0], rows).astype(np.float32)} | label,
        "interpolate": {
            "seed_from": seeds,
            "seed_to": np.roll(seeds, 1),
            "position": np.linspace(0.0, 1.0, rows, dtype=np.float32),
        }
        | both_labels,
        "decode": {"latent": prior_latents(model, rows, labels)} | label,
        "encode": event | label,
        "reconstruct": event | label,
        "log_prob": event_and_seed | label,
        "bits_per_dim": event_and_seed | label,
    }


def prior_latents(model: "GenerativeModel", rows: int, labels: np.ndarray) -> np.ndarray:
    """Return latents of the prior for labels int32 [n], which a model without classes ignores: [n, *latent_shape]."""
    seeds = random.seeds_from(1000, rows)
    label = label_of(model, "decode", {"label": labels}) if model.is_conditional else None
    return model.prior_latents(seeds, **model.given(label)).numpy()


def label_of(model: "GenerativeModel", name: str, inputs: dict[str, np.ndarray]):
    """Return what the model's methods take as `label` for the inputs of a signature.

    Returns:
        None for a model without labels. Class weights float32 [n, K] for `interpolate`. Otherwise a list with the class
        of each row, where −1 is replaced as `tfgen.export.signatures` describes.
    """
    if not model.is_conditional:
        return None
    if name == "interpolate":
        first, last = (
            tf.one_hot(_classes(model, inputs[f"label_{end}"], inputs[f"seed_{end}"]), len(model.classes))
            for end in ("from", "to")
        )
        position = inputs["position"][:, None]
        return (1.0 - position) * first + position * last
    return _classes(model, inputs["label"], inputs["seed"] if name == "sample" else None)


def _classes(model: "GenerativeModel", labels: np.ndarray, seeds: np.ndarray | None) -> list[int]:
    """Return labels with −1 replaced by the class of the seed, or without seeds by the most frequent class."""
    if seeds is None:
        drawn = np.full(len(labels), np.argmax(model.class_frequencies))
    else:
        drawn = np.asarray(model.labels_from_seeds(tf.constant(seeds)))
    return np.where(labels < 0, drawn, labels).tolist()


def decoder(model: "GenerativeModel", name: str, inputs: dict[str, np.ndarray]) -> Callable:
    """Return the model's `decode` for the labels of a signature's inputs: a function of the latents only."""
    given = model.given(label_of(model, name, inputs))
    return lambda latents: model.decode(latents, **given)


def encoder(model: "GenerativeModel", name: str, inputs: dict[str, np.ndarray]) -> Callable:
    """Return the model's `encode` for the labels of a signature's inputs: a function of the examples only."""
    given = model.given(label_of(model, name, inputs))
    return lambda examples: model.encode(examples, **given)


def latents_of(model: "GenerativeModel", name: str, inputs: dict[str, np.ndarray]) -> np.ndarray:
    """Return the latents that the Keras model decodes for a signature of `DECODING`: [n, *latent_shape]."""
    tensors = {key: tf.constant(value) for key, value in inputs.items()}
    match name:
        case "sample":
            label = label_of(model, name, inputs)
            return model.prior_latents(tensors["seed"], tensors["temperature"], label).numpy()
        case "interpolate":
            first, last = (
                tf.reshape(model.normal_noise(tensors[end]), (len(inputs[end]), -1)) for end in ("seed_from", "seed_to")
            )
            path = latent_paths.slerp_at(first, last, tensors["position"][:, None])
            given = model.given(label_of(model, name, inputs))
            return model.latents_from(tf.reshape(path, (-1, *model.latent_shape)), **given).numpy()
        case "decode":
            return inputs["latent"]
        case "reconstruct":
            return encoder(model, name, inputs)(tensors["images" if model.is_image else "points"]).numpy()
    raise KeyError(name)


def keras_output(model: "GenerativeModel", name: str, inputs: dict[str, np.ndarray]) -> np.ndarray:
    """Return the output of a signature, computed by the Keras model's own methods."""
    if name in DECODING:
        return decoder(model, name, inputs)(latents_of(model, name, inputs)).numpy()
    examples = tf.constant(inputs["images" if model.is_image else "points"])
    match name:
        case "encode":
            return encoder(model, name, inputs)(examples).numpy()
        case "log_prob" if not model.is_image:
            return model.log_prob(examples).numpy()
        case "log_prob" | "bits_per_dim":
            nats = _log_prob(model, inputs)
            return nats if name == "log_prob" else -nats / (math.log(2.0) * math.prod(model.event_shape))
    raise KeyError(name)


def _log_prob(model: "GenerativeModel", inputs: dict[str, np.ndarray]) -> np.ndarray:
    """Return log p(x) of a model without labels; log p(x|y), and the marginal log p(x) for −1, of a conditional one."""
    levels = np.rint(inputs["images"] * (model.levels - 1)).astype(np.uint8)

    def nats(label) -> np.ndarray:
        with random.PerExampleRng(tf.constant(inputs["seed"])) as rng:
            return model.log_prob_with(levels, rng, **model.given(label)).numpy()

    if not model.is_conditional:
        return nats(None)
    of_classes = np.stack([nats(k) for k in range(len(model.classes))], axis=1)
    marginal = tf.reduce_logsumexp(of_classes + model.log_class_frequencies()[None], axis=1).numpy()
    labels = inputs["label"]
    return np.where(labels < 0, marginal, np.take_along_axis(of_classes, np.maximum(labels, 0)[:, None], 1)[:, 0])
