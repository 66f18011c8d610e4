"""The order of the training examples in an epoch."""

import numpy as np
import pytest
import tensorflow as tf

from tfgen.random.permutation import permuted


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 10, 103, 1297, 65537])
def test_each_epoch_contains_every_position_once(n):
    for number in (0, 1, 256):
        order = permuted(tf.range(n, dtype=tf.int64), n, 3, tf.constant(number, tf.int64)).numpy()
        assert sorted(order) == list(range(n))


def test_the_orders_have_the_statistics_of_random_permutations():
    n = 10_000
    orders = np.stack(
        [permuted(tf.range(n, dtype=tf.int64), n, 0, tf.constant(e, tf.int64)).numpy() for e in range(30)]
    )
    # A cipher of too few rounds fails these statistics of uniformly random permutations: the standard deviation of a
    # batch mean is 1/√128 of that of one position, two neighbours stay neighbours about twice in each permutation, and
    # the most frequent gap between neighbours occurs about 7 times.
    means = orders[:, : n // 128 * 128].reshape(30, -1, 128).mean(axis=2)
    assert means.std() / (n / np.sqrt(12 * 128)) == pytest.approx(1, abs=0.05)
    gaps = np.diff(orders, axis=1)
    assert 1 < (np.abs(gaps) == 1).sum(axis=1).mean() < 3.2
    assert np.mean([np.bincount(gap % n).max() for gap in gaps]) < 8
    assert (orders[1:] == orders[:-1]).sum(axis=1).mean() == pytest.approx(1, abs=0.8)
    assert np.abs(np.corrcoef(orders)[~np.eye(30, dtype=bool)]).max() < 5 / np.sqrt(n)


def test_different_seeds_and_epochs_have_different_orders():
    def start(seed, number):
        return tuple(permuted(tf.range(8, dtype=tf.int64), 60_000, seed, tf.constant(number, tf.int64)).numpy())

    keys = [
        (0, 0),
        (0, 1),
        (1, 0),
        (1, 1),
        (256, 0),
        (0, 256),
        (65536, 0),
        (0, 65536),
        (2**32, 0),
        (0, 2**32),
        (2**62, 0),
    ]
    assert len({start(*key) for key in keys}) == len(keys)
