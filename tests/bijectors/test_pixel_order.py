import itertools

import numpy as np
import pytest
import tensorflow as tf

from tfgen.bijectors import Squeeze, coarse_first, coarse_to_fine, in_growing_parts


@pytest.mark.parametrize("block", [1, 2, 3, 4, 7])
def test_every_pixel_of_a_block_is_made_once(block):
    assert sorted(coarse_to_fine(block)) == list(itertools.product(range(block), repeat=2))


def test_pixels_come_in_grids_that_are_ever_finer():
    order = coarse_to_fine(4)
    assert order[:2] == [(0, 0), (2, 2)]
    assert sorted(order[:4]) == [(0, 0), (0, 2), (2, 0), (2, 2)]
    # The fields of one colour of a chessboard, then those of the other: each of them with all four neighbours known.
    assert {(row + column) % 2 for row, column in order[:8]} == {0}
    assert {(row + column) % 2 for row, column in order[8:]} == {1}


@pytest.mark.parametrize("pixels", [1, 2, 7, 16, 49])
@pytest.mark.parametrize("group_size", [1, 2, 7, 100])
def test_no_part_is_larger_than_all_before_it_or_than_is_allowed(pixels, group_size):
    ends = in_growing_parts(pixels, group_size)
    parts = np.diff([0, *ends])
    assert ends[-1] == pixels and parts[0] == 1 and parts.min() >= 1
    assert (parts[1:] <= np.minimum(group_size, ends[:-1])).all()
    # And no more parts than that takes: all but the last are as large as may be.
    np.testing.assert_array_equal(parts[1:-1], np.minimum(group_size, ends[:-1])[:-1])


def test_folded_channels_come_in_that_order():
    # Every value tells its row and column within the block, and its channel.
    rows, columns = np.indices((6, 6)) % 3
    image = np.stack([rows + 10 * columns, rows + 10 * columns + 100], axis=-1).astype(np.float32)[None]
    found = coarse_first(3, 2).inverse(Squeeze(3).inverse(tf.constant(image))).numpy()
    expected = [row + 10 * column + 100 * channel for row, column in coarse_to_fine(3) for channel in range(2)]
    np.testing.assert_array_equal(found, np.broadcast_to(expected, (1, 2, 2, 18)))
