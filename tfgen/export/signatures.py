"""The questions that an exported model answers, one definition for every format.

| signature | inputs | output |
|---|---|---|
| `sample` (also `serving_default`) | seed int32 [n], temperature float32 [n] | images |
| `interpolate` | seed_from, seed_to int32 [n], position float32 [n] | images |
| `decode` | latent float32 [n, *latent_shape] | images |
| `encode` | images | latent |
| `reconstruct` | images | images |
| `log_prob` | images, seed int32 [n] | nats float32 [n] |
| `bits_per_dim` | images, seed int32 [n] | bits float32 [n] |

Images are float32 [n, H, W, C] in [0, 1]. A model of points has "points" [n, D] in their place, and an exact `log_prob`
without a seed. What the model cannot answer has no signature. Each row of an output is a function of the same row of
the inputs, whatever the batch.

Shapes and types that do not fit are refused by the signature itself. Values that make no sense get a sensible one, in
the graph, so that no request can make an image that is not finite:

| input | is taken as |
|---|---|
| temperature, position | clipped to [0, 10] and to [0, 1]; NaN is 1 and 0 |
| images | clipped to [0, 1]; NaN is 0; likelihoods round to the nearest of the model's levels |
| points, latent | clipped to ±10⁶; NaN is 0 |
| seed | any int32 |
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import tensorflow as tf

from tfgen import random
from tfgen.models import latent_paths as latent

if TYPE_CHECKING:
    from tfgen.models.contract import GenerativeModel

#: Latents of ten standard deviations are beyond what any model was trained on; above it float32 may overflow.
LARGEST_TEMPERATURE = 10.0
LARGEST_VALUE = 1e6


@dataclass(frozen=True)
class Signature:
    """One question: what goes in, by name, and the function that answers it with a dictionary of tensors."""

    inputs: dict[str, tf.TensorSpec]
    function: Callable[..., dict[str, tf.Tensor]]

    def traced(self):
        """The function as a `tf.function` of these inputs and no others."""
        return tf.function(self.function, input_signature=list(self.inputs.values()), autograph=False)


def signatures(model: "GenerativeModel", batch: int | None = None) -> dict[str, Signature]:
    """What a model can answer.

    Args:
        model: trained.
        batch: rows of every input; None for any number.

    Returns:
        Name → signature, `sample` first.
    """

    def spec(name, shape=(), dtype=tf.float32):
        return {name: tf.TensorSpec((batch, *shape), dtype, name)}

    def seeds(name="seed"):
        return spec(name, dtype=tf.int32)

    def decoded(latents):
        return {event: finite(model.decode(latents), 0.0)}

    def sample(seed, temperature):
        temperature = between(temperature, 0.0, LARGEST_TEMPERATURE, otherwise=1.0)
        return decoded(model.prior_latents(seed, temperature))

    def interpolate(seed_from, seed_to, position):
        # Between the normal noises and not the latents, which a learned prior has bent.
        # One draw for both: the generator is the longest part of a small model's graph.
        ends = tf.reshape(model.normal_noise(tf.concat([seed_from, seed_to], axis=0)), (-1, latents))
        first, last = tf.split(ends, 2)
        path = latent.slerp_at(first, last, between(position, 0.0, 1.0)[:, None])
        return decoded(model.latents_from(tf.reshape(path, (-1, *model.latent_shape))))

    def decode(latent):
        return decoded(between(latent, -LARGEST_VALUE, LARGEST_VALUE))

    def encode(examples):
        return {"latent": model.encode(seen(examples))}

    def reconstruct(examples):
        return decoded(between(model.encode(seen(examples)), -LARGEST_VALUE, LARGEST_VALUE))

    def log_prob(images, seed):
        whole = tf.cast(tf.round(seen(images) * (model.levels - 1.0)), tf.int32)
        with random.PerExampleRng(seed) as rng:
            return {"nats": model.log_prob_with(whole, rng)}

    def density(points):
        return {"nats": model.log_density(seen(points))}

    def bits_per_dim(images, seed):
        return {"bits": log_prob(images, seed)["nats"] / (-math.log(2.0) * math.prod(model.event_shape))}

    def seen(examples):
        return between(examples, 0.0, 1.0) if model.is_image else between(examples, -LARGEST_VALUE, LARGEST_VALUE)

    event = "images" if model.is_image else "points"
    latents = math.prod(model.latent_shape)
    examples = spec(event, model.event_shape)
    found = {
        "sample": Signature(seeds() | spec("temperature"), sample),
        "interpolate": Signature(seeds("seed_from") | seeds("seed_to") | spec("position"), interpolate),
        "decode": Signature(spec("latent", model.latent_shape), decode),
    }
    if model.can("encode"):
        found["encode"] = Signature(examples, encode)
        found["reconstruct"] = Signature(examples, reconstruct)
    if model.can("log_prob") and not model.is_image:
        found["log_prob"] = Signature(examples, density)
    elif model.can("log_prob"):
        found["log_prob"] = Signature(examples | seeds(), log_prob)
        found["bits_per_dim"] = Signature(examples | seeds(), bits_per_dim)
    return found


def finite(values, otherwise: float) -> tf.Tensor:
    """`values` with `otherwise` in the place of NaN."""
    return tf.where(tf.math.is_nan(values), tf.constant(otherwise, tf.float32), values)


def between(values, low: float, high: float, otherwise: float = 0.0) -> tf.Tensor:
    """`values` clipped to [low, high], NaN replaced by `otherwise`."""
    return tf.clip_by_value(finite(values, otherwise), low, high)
