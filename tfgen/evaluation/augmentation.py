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
