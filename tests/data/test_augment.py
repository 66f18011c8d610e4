"""Random changes of training images."""

import numpy as np
import pytest
import tensorflow as tf

from tfgen.config import TrainConfig
from tfgen.data.augment import AUGMENTATIONS, augmented
from tfgen.data.batches import Batches

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (64, 9, 9, 3), np.uint8)


def changed(images, names, step=0, levels=256):
    n = len(images)
    return augmented(
        tf.constant(images), names, 3, tf.constant(step, tf.int64), tf.range(n, dtype=tf.int64), n, levels
    ).numpy()


def test_each_image_is_mirrored_or_unchanged():
    result = changed(IMAGES, ["flip"])
    same = (result == IMAGES).all(axis=(1, 2, 3))
    mirrored = (result == IMAGES[:, :, ::-1]).all(axis=(1, 2, 3))
    assert (same ^ mirrored).all()
    assert 16 < same.sum() < 48


def test_each_image_is_turned_by_a_multiple_of_90_degrees():
    result = changed(IMAGES, ["rotate"])
    turns = np.stack([(result == np.rot90(IMAGES, k, (1, 2))).all(axis=(1, 2, 3)) for k in range(4)])
    assert (turns.sum(axis=0) == 1).all()
    assert (turns.sum(axis=1) > 4).all()
    wide = IMAGES[:, :5]
    result = changed(wide, ["rotate"])
    turns = np.stack([(result == np.rot90(wide, k, (1, 2))).all(axis=(1, 2, 3)) for k in (0, 2)])
    assert (turns.sum(axis=0) == 1).all()


def test_a_shift_moves_the_middle_and_reflects_the_border():
    result = changed(IMAGES, ["shift"])
    padded = np.pad(IMAGES, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")
    windows = [padded[:, i : i + 9, j : j + 9] for i in range(3) for j in range(3)]
    found = np.stack([(result == window).all(axis=(1, 2, 3)) for window in windows])
    assert (found.sum(axis=0) == 1).all()
    assert (found.sum(axis=1) > 0).all()


def test_colours_stay_inside_the_levels():
    result = changed(IMAGES % 17, ["color"], levels=17)
    assert result.max() <= 16
    assert (result != IMAGES % 17).any(axis=(1, 2, 3)).mean() > 0.9
    grey = np.full((8, 4, 4, 1), 100, np.uint8)
    assert all(len(np.unique(image)) == 1 for image in changed(grey, ["color"]))


def test_the_changes_of_a_step_are_the_same_on_every_number_of_replicas():
    batches = Batches(IMAGES, 16, seed=5, labels=np.arange(64), augment=("flip", "shift", "color"))
    whole, labels = batches.at(7)
    shares = [batches.at(tf.constant(7, tf.int64), replica, 2) for replica in range(2)]
    np.testing.assert_array_equal(tf.concat([share[0] for share in shares], 0), whole)
    np.testing.assert_array_equal(tf.concat([share[1] for share in shares], 0), labels)
    np.testing.assert_array_equal(tf.function(batches.at)(tf.constant(7, tf.int64))[0], whole)
    plain = Batches(IMAGES, 16, seed=5, labels=np.arange(64))
    np.testing.assert_array_equal(plain.at(7)[1], labels)
    assert not np.array_equal(plain.at(7)[0], whole)
    assert not np.array_equal(batches.at(7 + 4 * batches.steps_per_epoch)[0], whole)


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_the_configuration_knows_every_change(name):
    assert TrainConfig(augment=[name]).augment == (name,)
