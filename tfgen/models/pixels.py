"""Conversions of pixels: to intensities in [0, 1], to integer levels and to bits."""

import math

import tensorflow as tf

from tfgen import random


def unit_interval(images, levels: int) -> tf.Tensor:
    """Convert images to intensities in [0, 1]. Integers 0 … levels − 1 are divided by levels − 1.

    Args:
        images: [n, H, W, C], integers, or floats that are in [0, 1] already.
        levels: number of intensity levels.

    Returns:
        float32 [n, H, W, C].
    """
    images = tf.convert_to_tensor(images)
    if images.dtype.is_floating:
        return tf.cast(images, tf.float32)
    return tf.cast(images, tf.float32) / (levels - 1.0)


def whole_levels(images, levels: int) -> tf.Tensor:
    """Convert images to integer levels 0 … levels − 1 as float32. Floats in [0, 1] are rounded to the nearest level."""
    images = tf.convert_to_tensor(images)
    if images.dtype.is_floating:
        return tf.round(tf.clip_by_value(tf.cast(images, tf.float32), 0.0, 1.0) * (levels - 1.0))
    return tf.cast(images, tf.float32)


def binarize(unit, method: str, rng: random.StepRng) -> tf.Tensor:
    """Convert intensities to pixels of 0 and 1.

    Args:
        unit: float32 [n, H, W, C] in [0, 1].
        method: "threshold": 1 if the intensity is above 0.5. "dynamic": 1 with the intensity as its probability, drawn
            anew at every call. "static": the same, but drawn from a seed computed from the image, so that an image
            always gives the same pixels.
        rng: noise of the step, for "dynamic".

    Returns:
        float32 [n, H, W, C] of 0 and 1.

    Reference: Salakhutdinov, Murray: On the quantitative analysis of deep belief networks. ICML 2008 (static); Burda et
    al.: Importance weighted autoencoders. ICLR 2016 (dynamic).
    """
    if method == "threshold":
        return tf.cast(unit > 0.5, tf.float32)
    if method == "dynamic":
        uniform = rng.uniform("binarize", (random.rows(unit), *unit.shape[1:]))
    else:
        uniform = tf.reshape(random.uniform(_hash_of_pixels(unit), math.prod(unit.shape[1:])), tf.shape(unit))
    return tf.cast(uniform < unit, tf.float32)


def _hash_of_pixels(unit) -> tf.Tensor:
    """Compute an int32 hash of each image: [n, H, W, C] → [n]. Multilinear modulo 2³² (Carter, Wegman, 1979)."""
    values = tf.cast(tf.reshape(unit, (tf.shape(unit)[0], -1)) * 65535.0, tf.int32)
    values = tf.cast(values, tf.uint32)
    count = math.prod(unit.shape[1:])
    weights, _ = random.threefry(
        (tf.constant(1, tf.uint32), tf.constant(1, tf.uint32)),
        (tf.constant([*range(count)], tf.uint32), tf.constant(0, tf.uint32)),
    )
    # A sum in halves consists of additions only. TFLite cannot sum unsigned integers, and the sum of signed integers
    # does not wrap around in ONNX.
    words = tf.cast(values * weights[None], tf.int32)
    while words.shape[1] > 1:
        half = words.shape[1] // 2
        words = tf.concat([words[:, :half] + words[:, half : 2 * half], words[:, 2 * half :]], axis=1)
    return words[:, 0]
