"""Differentiable augmentation equals its formulas, lets gradients pass, and does nothing at probability 0."""

import numpy as np
import pytest
import tensorflow as tf

from tfgen import random
from tfgen.models.gan.augmentation import augment, color, cut_out, translate

KINDS = ("color", "translation", "cutout")
IMAGES = np.random.default_rng(0).uniform(-1, 1, (6, 16, 24, 3)).astype(np.float32)


def augmented(images, kinds=KINDS, probability=1.0, step=0):
    with random.StepRng(1, step) as rng:
        return augment(tf.constant(images), kinds, probability, rng).numpy()


def test_probability_0_and_no_kinds_leave_images_unchanged():
    np.testing.assert_array_equal(augmented(IMAGES, probability=0.0), IMAGES)
    np.testing.assert_array_equal(augmented(IMAGES, kinds=()), IMAGES)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_applied_with_the_given_probability(kind):
    images = np.repeat(IMAGES[:1], 1000, axis=0)
    changed = np.abs(augmented(images, (kind,), 0.3) - images).max(axis=(1, 2, 3)) > 0
    # A translation by 0 pixels in both directions, one of 5 · 7, changes nothing.
    expected = 0.3 * (1 - 1 / 35) if kind == "translation" else 0.3
    assert changed.mean() == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize(("uniform", "rows", "columns"), [(0.5, 0, 0), (0.0, -2, -3), (0.99, 2, 3), (0.7, 1, 1)])
def test_a_translation_moves_by_whole_pixels_and_fills_with_zeros(uniform, rows, columns):
    found = translate(tf.constant(IMAGES), tf.fill((6, 2), uniform)).numpy()
    expected = np.roll(np.pad(IMAGES, ((0, 0), (8, 8), (8, 8), (0, 0))), (rows, columns), axis=(1, 2))
    np.testing.assert_array_equal(found, expected[:, 8:-8, 8:-8])


def test_each_image_has_its_own_translation():
    found = translate(tf.constant(IMAGES), tf.constant([[0.0, 0.5]] + [[0.5, 0.5]] * 5)).numpy()
    np.testing.assert_array_equal(found[0, :-2], IMAGES[0, 2:])
    np.testing.assert_array_equal(found[1:], IMAGES[1:])


def test_the_middle_numbers_leave_the_colours_unchanged():
    np.testing.assert_allclose(color(tf.constant(IMAGES), tf.fill((6, 3), 0.5)), IMAGES, atol=1e-6)


@pytest.mark.parametrize(
    ("uniform", "function"),
    [
        ((0.9, 0.5, 0.5), lambda x: x + 0.4),
        ((0.5, 0.0, 0.5), lambda x: np.broadcast_to(x.mean(-1, keepdims=True), x.shape)),
        ((0.5, 0.5, 0.0), lambda x: 0.5 * (x + x.mean(axis=(1, 2, 3), keepdims=True))),
    ],
)
def test_brightness_saturation_and_contrast_equal_their_formulas(uniform, function):
    found = color(tf.constant(IMAGES), tf.tile(tf.constant([uniform]), (6, 1)))
    np.testing.assert_allclose(found, function(IMAGES), atol=1e-5)


def test_color_keeps_the_mean_image():
    images = np.repeat(IMAGES[:1], 4000, axis=0)
    # The standard deviation of a pixel is about 0.7.
    np.testing.assert_allclose(augmented(images, ("color",)).mean(axis=0), IMAGES[0], atol=0.06)


def test_color_of_grey_images_has_no_saturation():
    grey = IMAGES[..., :1]
    first, second = (color(tf.constant(grey), tf.constant([[0.5, u, 0.5]] * 6)).numpy() for u in (0.0, 0.9))
    np.testing.assert_array_equal(first, second)


def test_a_cutout_covers_half_of_each_side_and_may_reach_over_the_edge():
    found = cut_out(tf.constant(IMAGES), tf.constant([[0.5, 0.5]] * 5 + [[0.0, 0.0]])).numpy()
    hole = np.all(found == 0, axis=-1)
    assert [int(h.sum()) for h in hole] == [8 * 12] * 5 + [4 * 6]
    np.testing.assert_array_equal(np.flatnonzero(hole[0].any(axis=1)), np.arange(4, 12))
    np.testing.assert_array_equal(found[~hole], IMAGES[~hole])


@pytest.mark.parametrize("kind", KINDS)
def test_the_gradient_of_an_image_passes_through_each_kind(kind):
    images = tf.constant(IMAGES)
    with random.StepRng(1, 0) as rng, tf.GradientTape() as tape:
        tape.watch(images)
        total = tf.reduce_sum(augment(images, (kind,), 1.0, rng))
    gradient = tape.gradient(total, images).numpy()
    assert np.isfinite(gradient).all()
    assert (np.abs(gradient).max(axis=(1, 2, 3)) > 0).all()


def test_a_compiled_augmentation_equals_the_plain_one():
    with random.StepRng(1, 0) as rng:
        noise = rng.uniform("x", (6, 2))
    for function in (translate, cut_out):
        compiled = tf.function(function, jit_compile=True, autograph=False)
        np.testing.assert_allclose(compiled(tf.constant(IMAGES), noise), function(tf.constant(IMAGES), noise))


def test_the_augmentation_is_a_function_of_the_step():
    np.testing.assert_array_equal(augmented(IMAGES, step=3), augmented(IMAGES, step=3))
    assert np.abs(augmented(IMAGES, step=3) - augmented(IMAGES, step=4)).max() > 0.1
