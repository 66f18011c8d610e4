"""The signatures of an exported model: one definition for every format.

| signature | inputs | output |
|---|---|---|
| `sample` (also `serving_default`) | seed int32 [n], temperature float32 [n] | images |
| `interpolate` | seed_from, seed_to int32 [n], position float32 [n] | images |
| `decode` | latent float32 [n, *latent_shape] | images |
| `encode` | images | latent |
| `reconstruct` | images | images |
| `log_prob` | images, seed int32 [n] | nats float32 [n] |
| `bits_per_dim` | images, seed int32 [n] | bits float32 [n] |

Images are float32 [n, H, W, C] in [0, 1]. A model of points has `points` [n, D] instead of images, and its `log_prob`
is exact and takes no seed. A model has no signature for a method that it does not define. Row i of an output depends
only on row i of the inputs, for every batch size.

A signature rejects an input of the wrong shape or type. An input value out of range is replaced in the graph, so that
no request returns an image with a value that is not finite:

| input | replacement |
|---|---|
| temperature, position | clipped to [0, 10] and [0, 1]; NaN becomes 1 and 0 |
| images | clipped to [0, 1]; NaN becomes 0; likelihoods round to the nearest of the model's levels |
| points, latent | clipped to ±10⁶; NaN becomes 0 |
| seed | none: every int32 is valid |
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import tensorflow as tf

from tfgen import random
from tfgen.models import latent_paths

if TYPE_CHECKING:
    from tfgen.models.contract import GenerativeModel

#: No model was trained on latents of more than ten standard deviations; larger ones can overflow float32.
LARGEST_TEMPERATURE = 10.0
LARGEST_VALUE = 1e6


@dataclass(frozen=True)
class Signature:
    """A named function of an exported model.

    Attributes:
        inputs: input name → shape and type.
        function: takes the inputs in this order; returns output name → tensor.
    """

    inputs: dict[str, tf.TensorSpec]
    function: Callable[..., dict[str, tf.Tensor]]

    def traced(self):
        """Return the function as a `tf.function` that accepts these inputs only."""
        return tf.function(self.function, input_signature=list(self.inputs.values()), autograph=False)


def signatures(model: "GenerativeModel", batch: int | None = None) -> dict[str, Signature]:
    """Return the signatures that a model defines.

    Args:
        model: a trained model.
        batch: number of rows of every input; None for any number.

    Returns:
        Name → signature, `sample` first.
    """
    event = "images" if model.is_image else "points"
    latents = math.prod(model.latent_shape)

    def spec(name, shape=(), dtype=tf.float32):
        return {name: tf.TensorSpec((batch, *shape), dtype, name)}

    def seeds(name="seed"):
        return spec(name, dtype=tf.int32)

    def clip_examples(examples):
        if model.is_image:
            return clip_finite(examples, 0.0, 1.0)
        return clip_finite(examples, -LARGEST_VALUE, LARGEST_VALUE)

    def decoded(latents):
        return {event: replace_nan(model.decode(latents), 0.0)}

    def sample(seed, temperature):
        temperature = clip_finite(temperature, 0.0, LARGEST_TEMPERATURE, nan=1.0)
        return decoded(model.prior_latents(seed, temperature))

    def interpolate(seed_from, seed_to, position):
        # The path lies between the normal noises: latents of a learned prior are no longer normal.
        # The noise of both ends is drawn in one call, because the generator is most of a small model's graph.
        ends = tf.reshape(model.normal_noise(tf.concat([seed_from, seed_to], axis=0)), (-1, latents))
        first, last = tf.split(ends, 2)
        path = latent_paths.slerp_at(first, last, clip_finite(position, 0.0, 1.0)[:, None])
        return decoded(model.latents_from(tf.reshape(path, (-1, *model.latent_shape))))

    def decode(latent):
        return decoded(clip_finite(latent, -LARGEST_VALUE, LARGEST_VALUE))

    def encode(examples):
        return {"latent": model.encode(clip_examples(examples))}

    def reconstruct(examples):
        return decoded(clip_finite(model.encode(clip_examples(examples)), -LARGEST_VALUE, LARGEST_VALUE))

    def log_prob(images, seed):
        levels = tf.cast(tf.round(clip_examples(images) * (model.levels - 1.0)), tf.int32)
        with random.PerExampleRng(seed) as rng:
            return {"nats": model.log_prob_with(levels, rng)}

    def log_density(points):
        return {"nats": model.log_density(clip_examples(points))}

    def bits_per_dim(images, seed):
        return {"bits": log_prob(images, seed)["nats"] / (-math.log(2.0) * math.prod(model.event_shape))}

    examples = spec(event, model.event_shape)
    defined = {
        "sample": Signature(seeds() | spec("temperature"), sample),
        "interpolate": Signature(seeds("seed_from") | seeds("seed_to") | spec("position"), interpolate),
        "decode": Signature(spec("latent", model.latent_shape), decode),
    }
    if model.can("encode"):
        defined["encode"] = Signature(examples, encode)
        defined["reconstruct"] = Signature(examples, reconstruct)
    if model.can("log_prob") and not model.is_image:
        defined["log_prob"] = Signature(examples, log_density)
    elif model.can("log_prob"):
        defined["log_prob"] = Signature(examples | seeds(), log_prob)
        defined["bits_per_dim"] = Signature(examples | seeds(), bits_per_dim)
    return defined


def replace_nan(values, nan: float) -> tf.Tensor:
    """Return `values` with every NaN replaced by `nan`."""
    return tf.where(tf.math.is_nan(values), tf.constant(nan, tf.float32), values)


def clip_finite(values, low: float, high: float, nan: float = 0.0) -> tf.Tensor:
    """Return `values` clipped to [low, high], with every NaN replaced by `nan`."""
    return tf.clip_by_value(replace_nan(values, nan), low, high)
