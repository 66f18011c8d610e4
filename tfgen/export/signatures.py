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

The signatures of a conditional model have one more input, `label` int32 [n], the index of a class in the file
`labels.txt` of the export. `interpolate` has two, `label_from` and `label_to`. The label −1 stands for no class:

| signature | meaning of the label −1 |
|---|---|
| `sample`, `interpolate` | the class that the seed draws from the class frequencies, as in the method `sample` |
| `decode`, `encode`, `reconstruct` | the most frequent class |
| `log_prob`, `bits_per_dim` | the marginal probability of all classes, log Σ_y p(y) p(x|y) |

An interpolation from class to class mixes the one-hot vectors of both classes, which are the networks' inputs, in the
proportion of `position`. With equal seeds, it goes from class to class at a fixed latent.

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
| label | K − 1 for K and above; every negative number is treated as −1 |
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

    def decoded(latents, label):
        return {event: replace_nan(model.decode(latents, **model.given(label)), 0.0)}

    def sample(seed, temperature, label=None):
        temperature = clip_finite(temperature, 0.0, LARGEST_TEMPERATURE, nan=1.0)
        label = choose_label(model, label, lambda: model.labels_from_seeds(seed))
        return decoded(model.prior_latents(seed, temperature, label), label)

    def interpolate(seed_from, seed_to, position, label_from=None, label_to=None):
        # The path lies between the normal noises: latents of a learned prior are no longer normal.
        # The noise of both ends is drawn in one call, because the generator is most of a small model's graph.
        seeds, position = tf.concat([seed_from, seed_to], axis=0), clip_finite(position, 0.0, 1.0)[:, None]
        ends = tf.reshape(model.normal_noise(seeds), (-1, latents))
        path = latent_paths.slerp_at(*tf.split(ends, 2), position)
        label = None
        if model.is_conditional:
            labels = tf.concat([label_from, label_to], axis=0)
            labels = choose_label(model, labels, lambda: model.labels_from_seeds(seeds))
            first, last = tf.split(model.one_hot(labels), 2)
            label = (1.0 - position) * first + position * last
        return decoded(model.latents_from(tf.reshape(path, (-1, *model.latent_shape)), **model.given(label)), label)

    def decode(latent, label=None):
        return decoded(clip_finite(latent, -LARGEST_VALUE, LARGEST_VALUE), choose_label(model, label))

    def encode(examples, label=None):
        return {"latent": model.encode(clip_examples(examples), **model.given(choose_label(model, label)))}

    def reconstruct(examples, label=None):
        return decode(encode(examples, label)["latent"], label)

    def log_prob(images, seed, label=None):
        levels = tf.cast(tf.round(clip_examples(images) * (model.levels - 1.0)), tf.int32)
        if model.is_conditional:
            return {"nats": log_prob_of_label(model, levels, seed, label)}
        with random.PerExampleRng(seed) as rng:
            return {"nats": model.log_prob_with(levels, rng)}

    def log_density(points):
        return {"nats": model.log_density(clip_examples(points))}

    def bits_per_dim(images, seed, label=None):
        return {"bits": log_prob(images, seed, label)["nats"] / (-math.log(2.0) * math.prod(model.event_shape))}

    examples = spec(event, model.event_shape)
    label = spec("label", dtype=tf.int32) if model.is_conditional else {}
    both_labels = spec("label_from", dtype=tf.int32) | spec("label_to", dtype=tf.int32) if model.is_conditional else {}
    defined = {
        "sample": Signature(seeds() | spec("temperature") | label, sample),
        "interpolate": Signature(seeds("seed_from") | seeds("seed_to") | spec("position") | both_labels, interpolate),
        "decode": Signature(spec("latent", model.latent_shape) | label, decode),
    }
    if model.can("encode"):
        defined["encode"] = Signature(examples | label, encode)
        defined["reconstruct"] = Signature(examples | label, reconstruct)
    if model.can("log_prob") and not model.is_image:
        defined["log_prob"] = Signature(examples, log_density)
    elif model.can("log_prob"):
        defined["log_prob"] = Signature(examples | seeds() | label, log_prob)
        defined["bits_per_dim"] = Signature(examples | seeds() | label, bits_per_dim)
    return defined


def choose_label(model: "GenerativeModel", label, drawn: Callable[[], tf.Tensor] | None = None):
    """Return the class of each row, int32 [n], for the input `label` of a signature; None for a model without labels.

    Args:
        model: the model, with K classes.
        label: int32 [n]. Numbers above K − 1 become K − 1.
        drawn: returns the classes of rows whose label is negative, int32 [n]. None: the most frequent class.
    """
    if label is None:
        return None
    chosen = tf.minimum(label, len(model.classes) - 1)
    return tf.where(label < 0, most_frequent_class(model) if drawn is None else drawn(), chosen)


def most_frequent_class(model: "GenerativeModel") -> int:
    """Return the index of the class with the largest frequency, the first of several."""
    return model.class_frequencies.index(max(model.class_frequencies))


def log_prob_of_label(model: "GenerativeModel", levels: tf.Tensor, seed: tf.Tensor, label: tf.Tensor) -> tf.Tensor:
    """Return log p(x|y) of each row, and log Σ_y p(y) p(x|y) where the label is negative: float32 [n].

    The loop runs once if every row has a class, and K times otherwise, so that the graph holds the networks once.

    Args:
        model: a conditional model with a likelihood and K classes.
        levels: images, int32 [n, H, W, C].
        seed: seeds of the estimator's noise, int32 [n]. Every class has the same noise.
        label: int32 [n].
    """
    log_frequencies = model.log_class_frequencies()

    def add_class(k, total):
        with random.PerExampleRng(seed) as rng:
            nats = model.log_prob_with(levels, rng, label=tf.where(label < 0, k, choose_label(model, label)))
        joint = tf.stack([total, nats + log_frequencies[k]], axis=1)
        return k + 1, tf.where(label < 0, tf.reduce_logsumexp(joint, axis=1), nats)

    last = tf.where(tf.reduce_any(label < 0), len(model.classes), 1)
    nothing = tf.fill(tf.shape(seed), -math.inf)
    return tf.while_loop(lambda k, _: k < last, add_class, (tf.constant(0), nothing))[1]


def replace_nan(values, nan: float) -> tf.Tensor:
    """Return `values` with every NaN replaced by `nan`."""
    return tf.where(tf.math.is_nan(values), tf.constant(nan, tf.float32), values)


def clip_finite(values, low: float, high: float, nan: float = 0.0) -> tf.Tensor:
    """Return `values` clipped to [low, high], with every NaN replaced by `nan`."""
    return tf.clip_by_value(replace_nan(values, nan), low, high)
