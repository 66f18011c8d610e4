import numpy as np
import pytest

from tfgen.bijectors import alternating_mask, channel_mask, checkerboard_mask
from tfgen.errors import ConfigError


def test_checkerboard_neighbours_differ():
    mask = checkerboard_mask((4, 6, 3))
    assert mask.shape == (4, 6, 1) and mask.dtype == np.float32
    assert (mask[1:] + mask[:-1] == 1).all() and (mask[:, 1:] + mask[:, :-1] == 1).all()


@pytest.mark.parametrize(
    "mask", [lambda p: checkerboard_mask((3, 5, 1), p), lambda p: alternating_mask(5, p), lambda p: channel_mask(5, p)]
)
def test_the_two_parities_are_complements(mask):
    np.testing.assert_array_equal(mask(0) + mask(1), np.ones_like(mask(0)))
    assert 0 < mask(0).sum() < mask(0).size


def test_values():
    np.testing.assert_array_equal(alternating_mask(3), [1, 0, 1])
    np.testing.assert_array_equal(channel_mask(4), [1, 1, 0, 0])


@pytest.mark.parametrize(
    "mask", [lambda: checkerboard_mask((1, 1, 9)), lambda: alternating_mask(1), lambda: channel_mask(1)]
)
def test_masks_refuse_events_with_nothing_to_condition_on(mask):
    with pytest.raises(ConfigError, match=r"expected at least .* Received"):
        mask()
