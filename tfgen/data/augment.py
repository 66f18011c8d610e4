"""Random changes of training images, as a pure function of (seed, step, position in the batch)."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

import tensorflow as tf

#: Largest shift, as a share of the side, and largest change of brightness and contrast, as a share of the range.
SHIFT, COLOR = 0.125, 0.2
_STREAM = zlib.crc32(b"augment") & 0x7FFFFFFF
#: Uniform numbers that each example of a batch gets.
_NUMBERS = 6


def augmented(
    images: tf.Tensor,
    names: Sequence[str],
    seed: int,
    step: tf.Tensor,
    positions: tf.Tensor,
    batch_size: int,
    levels: int = 256,
) -> tf.Tensor:
    """Return images with random changes, of the same shape and type.

    The change of an example depends on the seed, the step and the example's position in the global batch. So it is the
    same on one replica and on several, and in a resumed run.

    Args:
        images: uint8 [n, H, W, C].
        names: keys of `AUGMENTATIONS`; the changes are applied in the order of that table.
        seed: seed of the run.
        step: int64 scalar.
        positions: int64 [n], positions of the examples in the global batch.
        batch_size: number of examples in the global batch.
        levels: number of levels of a pixel.
    """
    key = tf.random.fold_in(tf.stack([tf.constant(seed, tf.int64), tf.cast(step, tf.int64)]), _STREAM, alg="philox")
    numbers = tf.gather(tf.random.stateless_uniform([batch_size, _NUMBERS], key, alg="philox"), positions)
    for name, change in AUGMENTATIONS.items():
        if name in names:
            images = change(images, numbers, levels)
    return images


def _flip(images: tf.Tensor, numbers: tf.Tensor, levels: int) -> tf.Tensor:
    """Mirror half of the images from left to right."""
    return tf.where(numbers[:, 0, None, None, None] < 0.5, tf.reverse(images, [2]), images)


def _rotate(images: tf.Tensor, numbers: tf.Tensor, levels: int) -> tf.Tensor:
    """Turn each image by 0°, 90°, 180° or 270°; an image that is not square by 0° or 180°."""
    quarters = tf.cast(numbers[:, 1, None, None, None] * 4.0, tf.int32)
    half = tf.reverse(images, [1, 2])
    if images.shape[1] != images.shape[2]:
        return tf.where(quarters % 2 == 1, half, images)
    turned = tf.where(quarters % 2 == 1, tf.reverse(tf.transpose(images, [0, 2, 1, 3]), [1]), images)
    return tf.where(quarters >= 2, tf.reverse(turned, [1, 2]), turned)


def _shift(images: tf.Tensor, numbers: tf.Tensor, levels: int) -> tf.Tensor:
    """Move each image by up to an eighth of its sides; the border is filled by its reflection."""
    for axis, number in ((1, 2), (2, 3)):
        side = images.shape[axis]
        most = max(1, int(side * SHIFT))
        moves = tf.cast(tf.floor(numbers[:, number] * (2 * most + 1)), tf.int32) - most
        source = tf.range(side)[None] + moves[:, None]
        # …, 2, 1, 0, 1, 2, …, side − 2, side − 1, side − 2, …
        source = tf.abs(source)
        source = tf.where(source >= side, 2 * side - 2 - source, source)
        images = tf.gather(images, source, axis=axis, batch_dims=1)
    return images


def _color(images: tf.Tensor, numbers: tf.Tensor, levels: int) -> tf.Tensor:
    """Change brightness and contrast of each image by up to a fifth."""
    top = levels - 1.0
    values = tf.cast(images, tf.float32)
    change = (2.0 * numbers[:, 4:6, None, None] - 1.0) * COLOR
    mean = tf.reduce_mean(values, axis=[1, 2, 3], keepdims=True)
    values = mean + (values - mean) * (1.0 + change[:, 0, ..., None]) + top * change[:, 1, ..., None]
    return tf.cast(tf.round(tf.clip_by_value(values, 0.0, top)), images.dtype)


#: Name → change, in the order in which the changes are applied.
AUGMENTATIONS: dict[str, Callable[[tf.Tensor, tf.Tensor, int], tf.Tensor]] = {
    "flip": _flip,
    "rotate": _rotate,
    "shift": _shift,
    "color": _color,
}
