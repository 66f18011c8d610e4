import json
import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tfgen import random
from tfgen.random import per_example

ALL_ONES = 0xFFFFFFFF


def words(*values):
    return tuple(tf.constant(value, tf.uint32) for value in values)


@pytest.mark.parametrize(
    ("key", "counter", "expected"),
    [
        ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
        ((ALL_ONES, ALL_ONES), (ALL_ONES, ALL_ONES), (0x1CB996FC, 0xBB002BE7)),
        ((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), (0xC4923A9C, 0x483DF7A0)),
    ],
)
def test_threefry_gives_the_answers_published_with_random123(key, counter, expected):
    found = random.threefry(words(*key), words(*counter))
    assert tuple(int(word) for word in found) == expected


def test_threefry_of_a_batch_is_that_of_its_rows():
    key, counters = words(1, 2), (tf.range(5), tf.range(5) * 7)
    counters = tuple(tf.cast(counter, tf.uint32) for counter in counters)
    batch = np.stack(random.threefry(key, counters), axis=-1)
    rows = [np.stack(random.threefry(key, (counters[0][i], counters[1][i])), axis=-1) for i in range(5)]
    np.testing.assert_array_equal(batch, rows)


def test_uniform_noise_of_pictures_is_uniform_and_never_0_or_1():
    drawn = random.uniform(tf.range(400), 501).numpy()
    assert drawn.shape == (400, 501)
    assert drawn.dtype == np.float32
    assert drawn.min() > 0
    assert drawn.max() < 1
    assert stats.kstest(drawn.ravel(), "uniform").pvalue > 0.01


def test_normal_noise_of_pictures_is_standard_normal():
    drawn = random.normal(tf.range(400), 501).numpy().astype(np.float64)
    assert stats.kstest(drawn.ravel(), "norm").pvalue > 0.01
    # Within 4 standard errors of the moments of N(0, 1).
    n = drawn.size
    assert abs(drawn.mean()) < 4 / np.sqrt(n)
    assert abs(drawn.var() - 1) < 4 * np.sqrt(2 / n)
    assert abs((drawn**3).mean()) < 4 * np.sqrt(15 / n)
    assert abs((drawn**4).mean() - 3) < 4 * np.sqrt(96 / n)


def test_the_two_halves_of_box_and_muller_and_neighbouring_seeds_are_uncorrelated():
    drawn = random.normal(tf.range(2000), 40).numpy().astype(np.float64)
    correlation = np.corrcoef(drawn.T)
    assert np.abs(correlation - np.eye(40)).max() < 5 / np.sqrt(2000)
    between_seeds = (drawn[:-1] * drawn[1:]).mean()
    assert abs(between_seeds) < 4 / np.sqrt(drawn[1:].size)


def test_the_extreme_words_give_the_stated_extremes():
    ends = per_example._open_unit(tf.constant([0, ALL_ONES], tf.uint32)).numpy()
    assert ends.tolist() == [2.0**-24, 1 - 2.0**-24]


@pytest.mark.parametrize("draw", [random.uniform, random.normal])
def test_a_row_depends_on_nothing_but_its_own_seed(draw):
    seeds = [5, -3, 2**31 - 1, 5, 0]
    batch = draw(tf.constant(seeds, tf.int32), 7).numpy()
    alone = np.concatenate([draw(tf.constant([seed], tf.int32), 7).numpy() for seed in seeds])
    # The random words are equal; the last bit of a logarithm or cosine depends on the processor's vector width.
    np.testing.assert_allclose(batch, alone, rtol=1e-6)
    np.testing.assert_allclose(batch[0], batch[3], rtol=1e-6)
    assert len(np.unique(batch[[0, 1, 2, 4]], axis=0)) == 4


def test_streams_of_one_seed_are_independent():
    first, second = (random.normal(tf.range(300), 64, stream=stream).numpy().ravel() for stream in (0, 1))
    assert abs(np.corrcoef(first, second)[0, 1]) < 4 / np.sqrt(first.size)


def test_noise_of_pictures_is_the_same_inside_a_function_with_any_batch():
    function = tf.function(lambda seeds: random.normal(seeds, 5), input_signature=[tf.TensorSpec([None], tf.int32)])
    seeds = tf.constant([1, 2, 3], tf.int32)
    np.testing.assert_allclose(function(seeds), random.normal(seeds, 5), rtol=1e-6)
    np.testing.assert_allclose(function(seeds)[1:], function(seeds[1:]), rtol=1e-6)


def test_seeds_count_up_and_wrap_at_two_to_the_31():
    assert random.seeds_from(7, 3).numpy().tolist() == [7, 8, 9]
    assert random.seeds_from(2**31 - 2, 4).numpy().tolist() == [2**31 - 2, 2**31 - 1, -(2**31), -(2**31) + 1]
    assert random.seeds_from(2**31, 1).numpy().tolist() == [-(2**31)]


def test_draws_are_a_function_of_seed_step_and_name():
    def drawn(seed=1, step=2, name="posterior"):
        return random.StepRng(seed, step).normal(name, (4, 3)).numpy()

    np.testing.assert_array_equal(drawn(), drawn())
    for other in (drawn(seed=2), drawn(step=3), drawn(name="prior"), drawn(seed=2, step=1)):
        assert not np.isin(other, drawn()).any()


def test_a_name_drawn_twice_in_a_step_gives_new_numbers_each_time():
    rng, again = random.StepRng(1, 2), random.StepRng(1, 2)
    first, second = rng.normal("mask", (8,)).numpy(), rng.normal("mask", (8,)).numpy()
    assert not np.isin(first, second).any()
    np.testing.assert_array_equal([first, second], [again.normal("mask", (8,)), again.normal("mask", (8,))])


def test_a_new_kind_of_noise_leaves_the_others_as_they_were():
    alone = random.StepRng(1, 2).normal("posterior", (4,)).numpy()
    rng = random.StepRng(1, 2)
    rng.uniform("dequantize", (4,))
    np.testing.assert_array_equal(rng.normal("posterior", (4,)), alone)


def test_draws_in_a_function_with_a_tensor_step_are_those_outside():
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


def test_draws_are_normal_and_uniform_over_steps():
    steps = [random.StepRng(0, step) for step in range(40)]
    normal = np.concatenate([rng.normal("a", (500,)) for rng in steps])
    uniform = np.concatenate([rng.uniform("b", (500,)) for rng in steps])
    assert stats.kstest(normal, "norm").pvalue > 0.01
    assert stats.kstest(uniform, "uniform").pvalue > 0.01
    assert uniform.min() >= 0
    assert uniform.max() < 1


def test_current_draws_are_those_of_the_innermost_block():
    with random.StepRng(0, 0) as outer:
        assert random.StepRng.current() is outer
        with random.StepRng(0, 1) as inner:
            assert random.StepRng.current() is inner
        assert random.StepRng.current() is outer
    with pytest.raises(RuntimeError, match=r"with StepRng"):
        random.StepRng.current()


# In a process of its own: logical devices are fixed once TensorFlow runs, and two strategies disturb each other.
TWO_REPLICAS = """
import json
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from tfgen import random
from tfgen.random import per_example
strategy = tf.distribute.MirroredStrategy(["/cpu:0", "/cpu:1"])

@tf.function
def step(number):
    def on_replica():
        draws = random.StepRng(5, number)
        return draws.normal("a", (3, 2)), draws.uniform("b", (3, 2)), draws.uniform("b", (3,))
    return strategy.run(on_replica)

rows = [tf.concat(strategy.experimental_local_results(value), 0).numpy().tolist() for value in step(tf.constant(9))]
print("RESULT" + json.dumps(rows))
"""


def test_two_replicas_have_the_rows_of_one_replicas_draw():
    environment = os.environ | {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    finished = subprocess.run(
        [sys.executable, "-c", TWO_REPLICAS], env=environment, capture_output=True, text=True, timeout=120
    )
    assert finished.returncode == 0, finished.stderr[-2000:]
    result = next(line for line in finished.stdout.splitlines() if line.startswith("RESULT"))
    normal, uniform, vector = json.loads(result.removeprefix("RESULT"))
    one = random.StepRng(5, 9)
    np.testing.assert_allclose(normal, one.normal("a", (6, 2)), rtol=1e-6)
    np.testing.assert_array_equal(np.float32(uniform), one.uniform("b", (6, 2)))
    np.testing.assert_array_equal(np.float32(vector), one.uniform("b", (6,)))


def test_draws_of_seeds_are_those_of_their_rows_and_of_no_picture():
    shape = (3, 2, 5)
    many = random.PerExampleRng(tf.constant([4, -1, 9])).normal("posterior", shape).numpy()
    alone = random.PerExampleRng(tf.constant([9])).normal("posterior", (1, 2, 5)).numpy()
    np.testing.assert_allclose(many[2:], alone, rtol=1e-6)
    for stream in (0, 1):
        assert np.abs(many.reshape(3, 10) - random.normal(tf.constant([4, -1, 9]), 10, stream)).max() > 0.1


def test_draws_of_seeds_differ_by_name_and_by_turn():
    with random.PerExampleRng(tf.constant([4, -1])) as rng:
        first, second = rng.uniform("a", (2, 9)), rng.uniform("a", (2, 9))
        other = rng.uniform("b", (2, 9))
        assert random.StepRng.current() is rng
    for one, another in ((first, second), (first, other), (second, other)):
        assert np.abs(one - another).max() > 0.1
    np.testing.assert_array_equal(random.PerExampleRng(tf.constant([4, -1])).uniform("a", (2, 9)), first)


def test_draws_of_seeds_are_standard_normal():
    drawn = random.PerExampleRng(tf.range(400)).normal("posterior", (400, 101)).numpy()
    assert stats.kstest(drawn.ravel(), "norm").pvalue > 0.01
