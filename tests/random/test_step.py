"""The noise of one step."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tfgen import random


def test_the_noise_depends_on_seed_step_and_name():
    def drawn(seed=1, step=2, name="posterior"):
        return random.StepRng(seed, step).normal(name, (4, 3)).numpy()

    np.testing.assert_array_equal(drawn(), drawn())
    for other in (drawn(seed=2), drawn(step=3), drawn(name="prior"), drawn(seed=2, step=1)):
        assert not np.isin(other, drawn()).any()


def test_a_second_call_with_the_same_name_gives_new_numbers():
    rng, again = random.StepRng(1, 2), random.StepRng(1, 2)
    first, second = rng.normal("mask", (8,)).numpy(), rng.normal("mask", (8,)).numpy()
    assert not np.isin(first, second).any()
    np.testing.assert_array_equal([first, second], [again.normal("mask", (8,)), again.normal("mask", (8,))])


def test_noise_of_one_name_does_not_change_noise_of_another_name():
    alone = random.StepRng(1, 2).normal("posterior", (4,)).numpy()
    rng = random.StepRng(1, 2)
    rng.uniform("dequantize", (4,))
    np.testing.assert_array_equal(rng.normal("posterior", (4,)), alone)


def test_a_tf_function_with_a_tensor_step_gives_the_same_noise_as_eager_code():
    @tf.function
    def drawn(step):
        rng = random.StepRng(3, step)
        return rng.normal("a", (16, 2)), rng.uniform("a", (16, 2))

    for step in (0, 1, 2**40):
        rng = random.StepRng(3, step)
        normal, uniform = drawn(tf.constant(step, tf.int64))
        np.testing.assert_allclose(normal, rng.normal("a", (16, 2)), rtol=1e-6)
        np.testing.assert_array_equal(uniform, rng.uniform("a", (16, 2)))
    assert drawn.experimental_get_tracing_count() == 1


def test_the_noise_of_many_steps_is_normal_and_uniform():
    steps = [random.StepRng(0, step) for step in range(40)]
    normal = np.concatenate([rng.normal("a", (500,)) for rng in steps])
    uniform = np.concatenate([rng.uniform("b", (500,)) for rng in steps])
    assert stats.kstest(normal, "norm").pvalue > 0.01
    assert stats.kstest(uniform, "uniform").pvalue > 0.01
    assert uniform.min() >= 0
    assert uniform.max() < 1


@pytest.mark.parametrize("size", [8, 9])
def test_the_integers_of_many_steps_are_uniform_and_independent(size):
    steps = [random.StepRng(0, step) for step in range(40)]
    drawn = np.concatenate([rng.integers("mask", (50, size)) for rng in steps])
    assert drawn.dtype == np.uint16 and drawn.shape == (2000, size)
    assert stats.kstest(drawn.ravel() / 2**16, "uniform").pvalue > 0.01
    # Two neighbours come from the same word.
    assert np.abs(np.corrcoef(drawn.T) - np.eye(size)).max() < 4 / np.sqrt(2000)


def test_current_is_the_generator_of_the_innermost_block():
    with random.StepRng(0, 0) as outer:
        assert random.StepRng.current() is outer
        with random.StepRng(0, 1) as inner:
            assert random.StepRng.current() is inner
        assert random.StepRng.current() is outer
    with pytest.raises(RuntimeError, match=r"with StepRng"):
        random.StepRng.current()


# Runs in its own process, because TensorFlow fixes its logical devices at the start, and because a second strategy in
# one process can block the first.
TWO_REPLICAS = """
import json
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from tfgen import random
strategy = tf.distribute.MirroredStrategy(["/cpu:0", "/cpu:1"])

@tf.function
def step(number):
    def on_replica():
        rng = random.StepRng(5, number)
        integers = tf.cast(rng.integers("c", (3, 5)), tf.int32)
        return rng.normal("a", (3, 2)), rng.uniform("b", (3, 2)), rng.uniform("b", (3,)), integers
    return strategy.run(on_replica)

rows = [tf.concat(strategy.experimental_local_results(value), 0).numpy().tolist() for value in step(tf.constant(9))]
print("RESULT" + json.dumps(rows))
"""


@pytest.mark.slow
def test_two_replicas_together_have_the_noise_of_one_replica():
    environment = os.environ | {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    finished = subprocess.run(
        [sys.executable, "-c", TWO_REPLICAS], env=environment, capture_output=True, text=True, timeout=120
    )
    assert finished.returncode == 0, finished.stderr[-2000:]
    result = next(line for line in finished.stdout.splitlines() if line.startswith("RESULT"))
    normal, uniform, vector, integers = json.loads(result.removeprefix("RESULT"))
    one = random.StepRng(5, 9)
    np.testing.assert_allclose(normal, one.normal("a", (6, 2)), rtol=1e-6)
    np.testing.assert_array_equal(np.float32(uniform), one.uniform("b", (6, 2)))
    np.testing.assert_array_equal(np.float32(vector), one.uniform("b", (6,)))
    np.testing.assert_array_equal(integers, one.integers("c", (6, 5)))
