"""The noise of a step, generated before the step runs."""

import numpy as np
import pytest
import tensorflow as tf

from tfgen import random


def step(points):
    """A step with noise of four kinds, two of them under one name."""
    rng = random.StepRng.current()
    first, second = rng.normal("a", points.shape), rng.normal("a", (2,))
    values = points + first, second, rng.uniform("b", (4,)), rng.shared_uniform("c", (3,))
    return *values, tf.cast(tf.bitwise.invert(rng.integers("d", (3, 5))), tf.int32)


@pytest.fixture
def points():
    return tf.ones((5, 2))


@pytest.fixture
def noise():
    with random.StepRng(0, 0):
        return random.PrecomputedNoise(step, tf.TensorSpec((5, 2)))


def test_a_compiled_step_with_precomputed_noise_equals_the_plain_step(points, noise):
    compiled = tf.function(step, jit_compile=True)

    with random.StepRng(3, 7):
        expected = step(points)
    drawn = noise.precompute(random.StepRng(3, 7))
    with noise.replay(drawn), random.StepRng(8, 8):
        found = compiled(points)
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_array_equal(one, other)
    assert [tensor.shape for tensor in drawn] == [(5, 2), (2,), (4,), (3,), (3, 5)]
    # After the block, generators compute their own numbers again.
    np.testing.assert_array_equal(random.StepRng(3, 7).normal("a", (5, 2)), drawn[0])


def test_a_function_with_noise_of_two_steps_is_refused(points):
    def two_steps(points):
        return points + random.StepRng(1, 1).normal("a", (2,)) + random.StepRng(1, 2).normal("a", (2,))

    with pytest.raises(ValueError, match="'a/0' of a second seed or step"):
        random.PrecomputedNoise(two_steps, tf.TensorSpec((5, 2)))
