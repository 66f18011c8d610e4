"""The projection of pictures onto what a generator can draw: a search for their latents, in place of an encoder.

    z* = argmin_z  d(G(z), x) + λ R(z)

d is the mean, over the terms below, of the mean squared difference divided by its mean over random latents of the
prior, so that d = 1 for an average picture of the model, and 0 for an equal one:

    pixels       |G(z) − x|²
    features     |φ(G(z)) − φ(x)|²,     φ: features of a classifier of the data, if there is one

R keeps the latent where the prior has its mass. The norm r of a standard normal vector of D numbers has the density
∝ r^(D−1) exp(−r²/2), the χ distribution. R is its negative logarithm for each dimension, less its smallest value:

    R(z) = [½ r² − (D − 1) log r] / D − min,     r = |z|,     smallest at r = √(D − 1)

The search starts at the nearest of many random latents and improves several of them with Adam, at a rate that falls to
0 along a cosine. The best result is kept, because a search can end in a local minimum. The rows are independent, and a
seed gives the same result again.

References: Lipton, Tripathi: Precise recovery of latent vectors from generative adversarial networks. ICLR workshop
2017. Abdal, Qin, Wonka: Image2StyleGAN. ICCV 2019 (distance of pixels and of features). Karras et al.: Analyzing and
improving the image quality of StyleGAN. CVPR 2020, appendix D (start from the statistics of the prior, falling rate).
Kingma, Ba: Adam. ICLR 2015.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tfgen.errors import ConfigError, UndefinedError

if TYPE_CHECKING:
    import tensorflow as tf

    from tfgen.evaluation.classifier import Classifier
    from tfgen.models.contract import GenerativeModel

#: Usual number of steps of the search.
STEPS = 200
#: Random latents to which a picture is compared, and how many of the nearest are improved.
CANDIDATES, STARTS = 512, 4
#: Rate of Adam at the start, decay of its moments, and the constant in its denominator.
RATE, DECAYS, EPSILON = 0.1, (0.9, 0.999), 1e-8
#: λ.
SHELL_WEIGHT = 0.1


@dataclass(frozen=True, eq=False)
class Projection:
    """The state of a search for the latents of n pictures.

    Attributes:
        step: number of steps so far, 0 for the nearest of the random latents.
        steps: number of steps of the whole search.
        latents: the best latents so far, float32 [n, d].
        labels: class of each latent, int32 [n]; None for a model without classes.
        images: the model's pictures of the latents, float32 [n, H, W, C] in [0, 1].
        distances: d of each picture, float32 [n].
        errors: root mean squared difference of the pixels, float32 [n]; 1 is the difference of black and white.
    """

    step: int
    steps: int
    latents: np.ndarray
    labels: np.ndarray | None
    images: np.ndarray
    distances: np.ndarray
    errors: np.ndarray


def can_project(model: "GenerativeModel") -> bool:
    """Return whether the latents of a model's pictures have to be searched, because it has no encoder."""
    return model.is_image and not model.can("encode")


def project(
    model: "GenerativeModel",
    images: np.ndarray,
    labels: np.ndarray | None = None,
    *,
    classifier: "Classifier | None" = None,
    steps: int = STEPS,
    seed: int = 0,
    progress: Callable[[int], None] = lambda step: None,
) -> Projection:
    """Search the latents of pictures and return the best ones. Arguments: see `search`; `progress` gets the steps done.

    Raises:
        UndefinedError: if the model is of points, or has an encoder.
        ConfigError: if `steps` < 1, or an argument is out of range.
    """
    for found in search(model, images, labels, classifier=classifier, steps=steps, seed=seed):
        progress(found.step)
    return found


def joined(found: Sequence[Projection]) -> Projection:
    """Return the results of several searches of the same model as one, in their order."""
    arrays = {
        name: None if getattr(found[0], name) is None else np.concatenate([getattr(each, name) for each in found])
        for name in ("latents", "labels", "images", "distances", "errors")
    }
    return Projection(found[0].step, found[0].steps, **arrays)  # type: ignore[arg-type]


def search(
    model: "GenerativeModel",
    images: np.ndarray,
    labels: np.ndarray | None = None,
    *,
    classifier: "Classifier | None" = None,
    steps: int = STEPS,
    seed: int = 0,
    every: int = 10,
) -> Iterator[Projection]:
    """Yield the state of the search for the latents of pictures: at the start, every few steps, and at the end.

    Args:
        model: a model without an encoder.
        images: pictures [n, H, W, C], integers of the model's levels or floats in [0, 1].
        labels: class of each picture, integers [n]. With None, a conditional model searches among all its classes.
        classifier: a classifier of the data, whose features the distance compares too. None: pixels only.
        steps: number of steps.
        seed: seed of the random latents.
        every: number of steps from one state to the next.

    Raises:
        UndefinedError, ConfigError: see `project`.
    """
    import tensorflow as tf

    if not can_project(model):
        reason = "one with an encoder" if model.is_image else "a model of points"
        raise UndefinedError(f"A projection needs a model of images without an encoder. Received: {reason}")
    if not isinstance(steps, int) or steps < 1:
        raise ConfigError(f"steps: expected at least 1. Received: {steps}")
    pictures = _in_unit_interval(model, images)
    distance = _Distance(classifier)
    latents, weights, scales = _starts(model, pictures, labels, distance, seed)
    targets = [tf.repeat(part, STARTS, axis=0) for part in distance.observe(pictures)]
    step_of = _compiled_step(model, distance, steps)
    moments = tf.zeros_like(latents), tf.zeros_like(latents)
    yield _best(model, pictures, distance, latents, weights, scales, targets, (0, steps))
    for step in range(1, steps + 1):
        latents, *moments = step_of(latents, *moments, tf.constant(step, tf.float32), targets, scales, weights)
        if step % every == 0 or step == steps:
            yield _best(model, pictures, distance, latents, weights, scales, targets, (step, steps))


# -- the objective ----------------------------------------------------------------------------------------------------


def shell_penalty(z: "tf.Tensor") -> "tf.Tensor":
    """Compute R(z), see the module: [n, D] → [n]. It is 0 where |z|² = D − 1."""
    import tensorflow as tf

    dimensions = z.shape[1]
    squared = tf.reduce_sum(tf.square(z), axis=1)
    # log r = ½ log r². The constant keeps its derivative finite at 0.
    energy = 0.5 * (squared - (dimensions - 1) * tf.math.log(squared + 1e-12))
    rest = dimensions - 1
    smallest = 0.5 * (rest - rest * math.log(rest)) if rest else 0.0
    return (energy - smallest) / dimensions


class _Distance:
    """The terms of d: pixels, and features of a classifier."""

    def __init__(self, classifier: "Classifier | None"):
        self.classifier = classifier

    def observe(self, images) -> "list[tf.Tensor]":
        """Return what the terms compare: images [n, H, W, C] in [0, 1] → a matrix [n, …] for each term."""
        import tensorflow as tf

        parts = [images]
        if self.classifier is not None:
            parts.append(self.classifier.network(images, training=False)[0])
        return [tf.reshape(tf.cast(part, tf.float32), (-1, math.prod(part.shape[1:]))) for part in parts]

    @staticmethod
    def of(parts, targets, scales) -> "tf.Tensor":
        """Compute d of each row from two results of `observe` and the scale of each term: scales [n, terms] → [n]."""
        import tensorflow as tf

        squares = [tf.reduce_mean(tf.square(a - b), axis=1) for a, b in zip(parts, targets, strict=True)]
        return tf.reduce_mean(tf.stack(squares, axis=1) / scales, axis=1)


# -- the search -------------------------------------------------------------------------------------------------------


def _in_unit_interval(model: "GenerativeModel", images) -> "tf.Tensor":
    import tensorflow as tf

    images = np.asarray(model.checked(images))
    is_integer = np.issubdtype(images.dtype, np.integer)
    return tf.constant(images / np.float32(model.levels - 1) if is_integer else images, tf.float32)


def _starts(model: "GenerativeModel", pictures, labels, distance: _Distance, seed: int):
    """Return the nearest `STARTS` of the random latents of each picture, their class vectors, and the terms' scales.

    Returns:
        Latents [n · STARTS, d]; class vectors [n · STARTS, K], None without classes; scales [n · STARTS, terms].
    """
    import tensorflow as tf

    from tfgen import random

    candidates = model.stratified_latents(random.seeds_from(seed, CANDIDATES))  # type: ignore[attr-defined]
    own = None if labels is None else np.asarray(model.labels_of(labels, len(pictures)))
    observed = distance.observe(pictures)
    latents, weights, scales = [], [], []
    for label in [None] if own is None else np.unique(own):
        # All classes in turn, or the class of the pictures.
        of_candidates = _class_vectors(model, "each" if label is None else int(label))
        drawn = distance.observe(model.decode(candidates, **model.given(of_candidates)))
        rows = np.arange(len(pictures)) if label is None else np.flatnonzero(own == label)
        squares = [_mean_squares(tf.gather(a, rows), b) for a, b in zip(observed, drawn, strict=True)]
        scale = np.stack([np.maximum(each.mean(axis=1), 1e-12) for each in squares], axis=1)
        total = np.mean([each / scale[:, i, None] for i, each in enumerate(squares)], axis=0)
        nearest = np.argsort(total, axis=1, kind="stable")[:, :STARTS]
        latents.append((rows, tf.gather(candidates, nearest).numpy()))
        scales.append(np.repeat(scale, STARTS, axis=0).reshape(len(rows), STARTS, -1))
        weights.append(None if of_candidates is None else tf.gather(of_candidates, nearest).numpy())
    order = np.argsort(np.concatenate([rows for rows, _ in latents]), kind="stable")

    def flat(parts):
        joined = np.concatenate(parts)[order]
        return tf.constant(joined.reshape(-1, joined.shape[-1]), tf.float32)

    return flat([part for _, part in latents]), None if weights[0] is None else flat(weights), flat(scales)


def _class_vectors(model: "GenerativeModel", label):
    return model.one_hot(model.labels_of(label, CANDIDATES)) if model.is_conditional else None


def _mean_squares(a, b) -> np.ndarray:
    """Compute the mean squared difference of every row of a and every row of b: [n, d], [m, d] → float64 [n, m]."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None] - 2.0 * a @ b.T
    return np.maximum(squares, 0.0) / a.shape[1]


def _compiled_step(model: "GenerativeModel", distance: _Distance, steps: int) -> Callable:
    """Return one step of Adam: (z, first moment, second moment, number of the step, …) → the first three anew."""
    import tensorflow as tf

    @tf.function(autograph=False, reduce_retracing=True)
    def step_of(z, first, second, step, targets, scales, weights):
        with tf.GradientTape() as tape:
            tape.watch(z)
            parts = distance.observe(model.decode(z, **model.given(weights)))
            # Only these numbers of a latent are moved; a MAD-GAN keeps its choice of a generator.
            penalty = shell_penalty(z[:, : model.config.latent_dim])
            loss = tf.reduce_sum(distance.of(parts, targets, scales) + SHELL_WEIGHT * penalty)
        gradient = tape.gradient(loss, z)
        first = DECAYS[0] * first + (1.0 - DECAYS[0]) * gradient
        second = DECAYS[1] * second + (1.0 - DECAYS[1]) * tf.square(gradient)
        rate = RATE * 0.5 * (1.0 + tf.cos(math.pi * (step - 1.0) / steps))
        root = tf.sqrt(second / (1.0 - DECAYS[1] ** step)) + EPSILON
        return z - rate * first / (1.0 - DECAYS[0] ** step) / root, first, second

    return step_of


def _best(
    model, pictures, distance: _Distance, latents, weights, scales, targets, place: tuple[int, int]
) -> Projection:
    """Return the state with the best of the starts of each picture."""
    import tensorflow as tf

    images = model.decode(latents, **model.given(weights))
    values = distance.of(distance.observe(images), targets, scales).numpy()
    best = np.arange(len(pictures)) * STARTS + values.reshape(-1, STARTS).argmin(axis=1)
    chosen = tf.gather(images, best).numpy()
    errors = np.sqrt(np.mean((chosen - pictures.numpy()) ** 2, axis=(1, 2, 3)))
    classes = None if weights is None else weights.numpy()[best].argmax(axis=1).astype(np.int32)
    return Projection(*place, latents.numpy()[best], classes, chosen, values[best], errors)
