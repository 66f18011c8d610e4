"""The noise of a likelihood from one seed for each example."""

import numpy as np
import tensorflow as tf
from scipy import stats

from tfgen import random


def test_a_row_depends_on_its_own_seed_and_differs_from_the_noise_of_sample():
    shape = (3, 2, 5)
    many = random.PerExampleRng(tf.constant([4, -1, 9])).normal("posterior", shape).numpy()
    alone = random.PerExampleRng(tf.constant([9])).normal("posterior", (1, 2, 5)).numpy()
    np.testing.assert_allclose(many[2:], alone, rtol=1e-6)
    for stream in (0, 1):
        assert np.abs(many.reshape(3, 10) - random.normal(tf.constant([4, -1, 9]), 10, stream)).max() > 0.1


def test_the_noise_depends_on_the_name_and_on_earlier_calls_with_that_name():
    with random.PerExampleRng(tf.constant([4, -1])) as rng:
        first, second = rng.uniform("a", (2, 9)), rng.uniform("a", (2, 9))
        other = rng.uniform("b", (2, 9))
        assert random.StepRng.current() is rng
    for one, another in ((first, second), (first, other), (second, other)):
        assert np.abs(one - another).max() > 0.1
    np.testing.assert_array_equal(random.PerExampleRng(tf.constant([4, -1])).uniform("a", (2, 9)), first)


def test_the_noise_is_standard_normal():
    drawn = random.PerExampleRng(tf.range(400)).normal("posterior", (400, 101)).numpy()
    assert stats.kstest(drawn.ravel(), "norm").pvalue > 0.01
