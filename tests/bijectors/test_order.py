import itertools

import pytest

from tfgen.bijectors import coarse_to_fine


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
