"""Differentiable augmentation of the discriminator's input.

Real and generated images pass through the same random transformations before the discriminator, in the steps of both
networks. The gradient of the generator passes through the transformations.

    color         brightness x + u − ½;  saturation m + 2u (x − m), m the mean over the channels;
                  contrast m + (u + ½)(x − m), m the mean over the image, with another u ~ U(0, 1) each
    translation   by up to an eighth of each side, in whole pixels; pixels from outside of the image are 0
    cutout        a rectangle of half the sides becomes 0

Each kind of transformation is applied to an image with probability p, independently of the other kinds. With p < 1 the
distribution of the images is a function of the distribution of their transformations, so that the generator does not
have to generate transformed images.

References: Zhao, Liu, Lin, Zhu, Han: Differentiable augmentation for data-efficient GAN training. NeurIPS 2020
(transformations). Karras et al.: Training generative adversarial networks with limited data. NeurIPS 2020 (the
probability).
"""

from collections.abc import Callable, Sequence

import tensorflow as tf

from tfgen import random

#: Largest translation, as a fraction of the side.
TRANSLATION = 0.125
#: Sides of the rectangle of a cutout, as a fraction of the image's sides.
CUTOUT = 0.5


def augment(images, kinds: Sequence[str], probability, rng: random.StepRng) -> tf.Tensor:
    """Transform each image by its own random transformations: [n, H, W, C] in [−1, 1] → the same shape.

    Args:
        images: the images, float32.
        kinds: names of the transformations, in the order in which they are applied.
        probability: scalar p. With p = 0 the images do not change.
        rng: noise of the step.
    """
    for kind in kinds:
        function, count = _KINDS[kind]
        noise = rng.uniform(f"augment {kind}", (random.rows(images), 1 + count))
        # A product with 0 or 1 is exact, and faster on a CPU than a selection with a broadcast condition.
        applied = tf.reshape(tf.cast(noise[:, 0] < probability, images.dtype), (-1, 1, 1, 1))
        images = applied * function(images, noise[:, 1:]) + (1.0 - applied) * images
    return images


def color(images, uniform) -> tf.Tensor:
    """Change brightness, saturation and contrast by the numbers `uniform` [n, 3] in [0, 1)."""
    brightness, saturation, contrast = (tf.reshape(u, (-1, 1, 1, 1)) for u in tf.unstack(uniform, axis=1))
    images += brightness - 0.5
    if images.shape[-1] > 1:
        grey = tf.reduce_mean(images, axis=3, keepdims=True)
        images = grey + 2.0 * saturation * (images - grey)
    mean = tf.reduce_mean(images, axis=(1, 2, 3), keepdims=True)
    return mean + (contrast + 0.5) * (images - mean)


def translate(images, uniform) -> tf.Tensor:
    """Move the images down and to the right by the numbers `uniform` [n, 2] in [0, 1).

    0 is the largest translation up or to the left, ½ none, and 1 the largest translation down or to the right.
    """
    for axis in (1, 2):
        side = images.shape[axis]
        largest = max(1, round(TRANSLATION * side))
        # All translations −largest … largest are equally probable.
        moved = tf.cast(tf.floor(uniform[:, axis - 1 : axis] * (2 * largest + 1)), tf.int32) - largest
        source = tf.range(side)[None] - moved
        inside = tf.cast((source >= 0) & (source < side), images.dtype)
        images = tf.gather(images, tf.clip_by_value(source, 0, side - 1), axis=axis, batch_dims=1)
        images *= tf.reshape(inside, (-1, side, 1, 1) if axis == 1 else (-1, 1, side, 1))
    return images


def cut_out(images, uniform) -> tf.Tensor:
    """Set a rectangle of each image to 0. Its centre, anywhere in the image, is given by `uniform` [n, 2] in [0, 1)."""
    height, width = images.shape[1:3]

    def covered(side, position):
        distance = tf.abs(tf.range(side, dtype=tf.float32)[None] + 0.5 - position[:, None] * side)
        return distance < 0.5 * CUTOUT * side

    hole = covered(height, uniform[:, 0])[:, :, None] & covered(width, uniform[:, 1])[:, None, :]
    return images * tf.cast(~hole, images.dtype)[..., None]


_KINDS: dict[str, tuple[Callable, int]] = {"color": (color, 3), "translation": (translate, 2), "cutout": (cut_out, 2)}
