import numpy as np
import pytest
from matplotlib.colors import to_rgb

from tfgen.plots import style
from tfgen.plots.difference import signed_difference

CORAL, BLUE = (np.round(255 * np.array(to_rgb(color))) for color in (style.CORAL, style.BLUE))


def grey(*values):
    return np.array(values, np.float32).reshape(1, -1, 1)


def test_where_both_agree_it_is_white():
    picture = np.random.default_rng(0).random((4, 3, 1))
    assert (signed_difference(picture, picture) == 255).all()


def test_what_is_added_is_coral_and_what_is_missing_blue():
    found = signed_difference(grey(0, 1), grey(1, 0))
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found[0], [CORAL, BLUE])


def test_half_a_difference_is_half_way_to_the_colour():
    found = signed_difference(grey(0.25, 0.75), grey(0.75, 0.25))[0]
    np.testing.assert_allclose(found, [(255 + CORAL) / 2, (255 + BLUE) / 2], atol=1)


def test_exchanged_pictures_exchange_the_colours():
    one, other = np.random.default_rng(0).random((2, 5, 5, 1))
    there, back = signed_difference(one, other), signed_difference(other, one)
    added, missing = one < other, one > other
    towards = {True: CORAL, False: BLUE}
    for found, coral in ((there, added), (back, missing)):
        for where in zip(*np.nonzero(np.ones((5, 5))), strict=True):
            # The channel that the colour has least of has fallen most.
            assert found[where].argmin() == towards[bool(coral[where][0])].argmin()


@pytest.mark.parametrize("values", [(0.0, 1.0005), (1.0, -0.0005)])
def test_a_rounding_beyond_the_range_does_not_wrap_round(values):
    first, second = values
    np.testing.assert_array_equal(signed_difference(grey(first), grey(second))[0, 0], CORAL if second > first else BLUE)


def test_of_colour_it_is_the_size_of_each_channel_s_difference():
    one, other = np.random.default_rng(0).random((2, 4, 4, 3))
    found = signed_difference(one, other)
    np.testing.assert_array_equal(found, np.round(255 * np.abs(one - other)))
    np.testing.assert_array_equal(found, signed_difference(other, one))
