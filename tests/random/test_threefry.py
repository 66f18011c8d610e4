"""Random numbers of single examples."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tfgen import random
from tfgen.random.threefry import _open_unit

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
def test_threefry_gives_the_known_answers_published_with_random123(key, counter, expected):
    found = random.threefry(words(*key), words(*counter))
    assert tuple(int(word) for word in found) == expected


def test_threefry_of_a_batch_equals_threefry_of_each_row():
    key, counters = words(1, 2), (tf.range(5), tf.range(5) * 7)
    counters = tuple(tf.cast(counter, tf.uint32) for counter in counters)
    batch = np.stack(random.threefry(key, counters), axis=-1)
    rows = [np.stack(random.threefry(key, (counters[0][i], counters[1][i])), axis=-1) for i in range(5)]
    np.testing.assert_array_equal(batch, rows)


def test_uniform_is_uniform_and_never_0_or_1():
    drawn = random.uniform(tf.range(400), 501).numpy()
    assert drawn.shape == (400, 501)
    assert drawn.dtype == np.float32
    assert drawn.min() > 0
    assert drawn.max() < 1
    assert stats.kstest(drawn.ravel(), "uniform").pvalue > 0.01


def test_normal_is_standard_normal():
    drawn = random.normal(tf.range(400), 501).numpy().astype(np.float64)
    assert stats.kstest(drawn.ravel(), "norm").pvalue > 0.01
    # Within 4 standard errors of the moments of N(0, 1).
    n = drawn.size
    assert abs(drawn.mean()) < 4 / np.sqrt(n)
    assert abs(drawn.var() - 1) < 4 * np.sqrt(2 / n)
    assert abs((drawn**3).mean()) < 4 * np.sqrt(15 / n)
    assert abs((drawn**4).mean() - 3) < 4 * np.sqrt(96 / n)


def test_columns_and_neighbouring_seeds_are_uncorrelated():
    drawn = random.normal(tf.range(2000), 40).numpy().astype(np.float64)
    correlation = np.corrcoef(drawn.T)
    assert np.abs(correlation - np.eye(40)).max() < 5 / np.sqrt(2000)
    between_seeds = (drawn[:-1] * drawn[1:]).mean()
    assert abs(between_seeds) < 4 / np.sqrt(drawn[1:].size)


def test_the_smallest_and_largest_word_give_the_ends_of_the_open_interval():
    ends = _open_unit(tf.constant([0, ALL_ONES], tf.uint32)).numpy()
    assert ends.tolist() == [2.0**-24, 1 - 2.0**-24]


@pytest.mark.parametrize("draw", [random.uniform, random.normal])
def test_a_row_depends_on_its_own_seed_only(draw):
    seeds = [5, -3, 2**31 - 1, 5, 0]
    batch = draw(tf.constant(seeds, tf.int32), 7).numpy()
    alone = np.concatenate([draw(tf.constant([seed], tf.int32), 7).numpy() for seed in seeds])
    # The random words are equal. The last bit of a logarithm or cosine depends on the processor's vector width.
    np.testing.assert_allclose(batch, alone, rtol=1e-6)
    np.testing.assert_allclose(batch[0], batch[3], rtol=1e-6)
    assert len(np.unique(batch[[0, 1, 2, 4]], axis=0)) == 4


def test_streams_of_one_seed_are_independent():
    first, second = (random.normal(tf.range(300), 64, stream=stream).numpy().ravel() for stream in (0, 1))
    assert abs(np.corrcoef(first, second)[0, 1]) < 4 / np.sqrt(first.size)


def test_a_tf_function_with_any_batch_size_gives_the_same_numbers():
    function = tf.function(lambda seeds: random.normal(seeds, 5), input_signature=[tf.TensorSpec([None], tf.int32)])
    seeds = tf.constant([1, 2, 3], tf.int32)
    np.testing.assert_allclose(function(seeds), random.normal(seeds, 5), rtol=1e-6)
    np.testing.assert_allclose(function(seeds)[1:], function(seeds[1:]), rtol=1e-6)


def test_seeds_count_up_and_wrap_at_two_to_the_31():
    assert random.seeds_from(7, 3).numpy().tolist() == [7, 8, 9]
    assert random.seeds_from(2**31 - 2, 4).numpy().tolist() == [2**31 - 2, 2**31 - 1, -(2**31), -(2**31) + 1]
    assert random.seeds_from(2**31, 1).numpy().tolist() == [-(2**31)]
