"""Packs consist of consecutive examples."""

import numpy as np
import pytest
import tensorflow as tf

from tfgen.errors import ConfigError
from tfgen.models.gan.packs import per_example, select_packs, to_packs


def test_a_pack_holds_consecutive_examples_on_its_channels():
    images = np.random.default_rng(0).random((6, 4, 5, 3)).astype(np.float32)
    packs = to_packs(tf.constant(images), 2).numpy()
    assert packs.shape == (3, 4, 5, 6)
    np.testing.assert_array_equal(packs[1, ..., :3], images[2])
    np.testing.assert_array_equal(packs[1, ..., 3:], images[3])
    points = tf.constant(np.arange(12.0).reshape(6, 2))
    np.testing.assert_array_equal(to_packs(points, 3), np.arange(12.0).reshape(2, 6))
    assert to_packs(points, 1) is points


def test_a_batch_that_is_not_a_multiple_of_the_pack_size_raises_an_error():
    with pytest.raises(ConfigError, match=r"packing: expected a batch of a multiple of 4 examples\. Received: 6"):
        to_packs(tf.zeros((6, 2)), 4)


def test_select_packs_takes_every_nth_pack_in_each_half_of_a_batch_as_in_the_whole():
    examples = tf.reshape(tf.range(24), (24, 1))
    whole = select_packs(examples, size=2, start=1, step=3).numpy()[:, 0]
    np.testing.assert_array_equal(whole, [2, 3, 8, 9, 14, 15, 20, 21])
    halves = [select_packs(half, size=2, start=1, step=3).numpy()[:, 0] for half in (examples[:12], examples[12:])]
    np.testing.assert_array_equal(np.concatenate(halves), whole)


def test_per_example_repeats_the_value_of_each_pack():
    found = per_example({"loss": tf.constant([1.0, 2.0])}, 3)
    np.testing.assert_array_equal(found["loss"], [1, 1, 1, 2, 2, 2])
