import itertools

import numpy as np
import pytest
import tensorflow as tf

from tfgen.bijectors import (
    Squeeze,
    coarse_to_fine,
    coarse_to_fine_order,
    coarse_to_fine_permutation,
    group_limits,
)


@pytest.mark.parametrize("block", [1, 2, 3, 4, 7])
def test_every_pixel_of_a_block_occurs_once(block):
    assert sorted(coarse_to_fine(block)) == list(itertools.product(range(block), repeat=2))


def test_the_order_fills_finer_and_finer_grids():
    order = coarse_to_fine(4)
    assert order[:2] == [(0, 0), (2, 2)]
    assert sorted(order[:4]) == [(0, 0), (0, 2), (2, 0), (2, 2)]
    # The squares of one colour of a checkerboard, then the other colour, whose four neighbours are all known.
    assert {(row + column) % 2 for row, column in order[:8]} == {0}
    assert {(row + column) % 2 for row, column in order[8:]} == {1}


@pytest.mark.parametrize("pixels", [1, 2, 7, 16, 49])
@pytest.mark.parametrize("group_size", [1, 2, 7, 100])
def test_no_group_is_larger_than_all_groups_before_it_or_the_maximum(pixels, group_size):
    ends = group_limits(pixels, group_size)
    groups = np.diff([0, *ends])
    assert ends[-1] == pixels and groups[0] == 1 and groups.min() >= 1
    assert (groups[1:] <= np.minimum(group_size, ends[:-1])).all()
    # The number of groups is minimal: all but the last are as large as allowed.
    np.testing.assert_array_equal(groups[1:-1], np.minimum(group_size, ends[:-1])[:-1])


def test_the_permutation_brings_squeezed_channels_into_that_order():
    # Each value encodes its row and column within the block, and its channel.
    rows, columns = np.indices((6, 6)) % 3
    image = np.stack([rows + 10 * columns, rows + 10 * columns + 100], axis=-1).astype(np.float32)[None]
    found = coarse_to_fine_permutation(3, 2).inverse(Squeeze(3).inverse(tf.constant(image))).numpy()
    expected = [row + 10 * column + 100 * channel for row, column in coarse_to_fine(3) for channel in range(2)]
    np.testing.assert_array_equal(found, np.broadcast_to(expected, (1, 2, 2, 18)))


def test_within_a_group_the_channels_follow_each_other():
    order = coarse_to_fine_order(2, 3, [1, 2, 4])
    # Pixels 0 and 3 of the block are groups of their own, pixels 1 and 2 make one.
    assert order == [0, 1, 2, 9, 10, 11, 3, 6, 4, 7, 5, 8]
    assert sorted(coarse_to_fine_order(4, 3, group_limits(16, 4))) == list(range(48))
