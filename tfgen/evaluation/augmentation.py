"""Random changes of training images."""

import math

import tensorflow as tf


def random_affine(images, rng):
    """Rotate, scale and shift each image by random amounts.

    The rotation is at most 12°, the shift at most 8 % of a side, and the scale lies between 0.9 and 1.1. Pixels from
    outside the image have the value of the nearest border pixel.

    Args:
        images: float32 [n, H, W, C].
        rng: the random numbers of the step, a `StepRng`.

    Returns:
        float32 [n, H, W, C].
    """
    rows, height, width = images.shape[0], images.shape[1], images.shape[2]
    turn, zoom, right, down = tf.unstack(2.0 * rng.uniform("moved", (rows, 4)) - 1.0, axis=1)
    angle, scale = turn * math.radians(12.0), 1.0 + 0.1 * zoom
    cosine, sine = tf.cos(angle) / scale, tf.sin(angle) / scale
    x, y = (width - 1) / 2.0, (height - 1) / 2.0
    # The matrix maps a pixel of the result to its source: rotation and scaling about the centre, then the shift.
    matrix = tf.stack(
        [
            cosine,
            -sine,
            x - cosine * x + sine * y + 0.08 * width * right,
            sine,
            cosine,
            y - sine * x - cosine * y + 0.08 * height * down,
            tf.zeros(rows),
            tf.zeros(rows),
        ],
        axis=1,
    )
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=matrix,
        output_shape=[height, width],
        interpolation="BILINEAR",
        fill_mode="NEAREST",
        fill_value=0.0,
    )


def random_flip_and_shift(images, rng, flip: bool = True):
    """Shift each image by random whole pixels, and mirror half of the images.

    The shift is at most a 16th of a side. Pixels from outside the image are those of the image mirrored at its border.

    Args:
        images: float32 [n, H, W, C].
        rng: the random numbers of the step, a `StepRng`.
        flip: whether to mirror images from left to right.

    Returns:
        float32 [n, H, W, C].
    """
    rows, height, width = images.shape[0], images.shape[1], images.shape[2]
    right, down, side = tf.unstack(rng.uniform("moved", (rows, 3)), axis=1)
    shifts = []
    for drawn, length in ((right, width), (down, height)):
        largest = max(round(length / 16), 1)
        shifts.append(tf.floor(drawn * (2 * largest + 1)) - largest)
    mirrored = side < (0.5 if flip else 0.0)
    zeros, ones = tf.zeros(rows), tf.ones(rows)
    sign = tf.where(mirrored, -1.0, 1.0)
    first = shifts[0] + tf.where(mirrored, width - 1.0, 0.0)
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=tf.stack([sign, zeros, first, zeros, ones, shifts[1], zeros, zeros], axis=1),
        output_shape=[height, width],
        interpolation="NEAREST",
        fill_mode="REFLECT",
        fill_value=0.0,
    )


def random_shift(images, rng):
    """`random_flip_and_shift` without mirroring, for images such as letters, whose mirror images differ."""
    return random_flip_and_shift(images, rng, flip=False)
