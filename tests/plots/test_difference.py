"""The difference of a reconstruction and its original."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from tfgen.plots import style
from tfgen.plots.difference import signed_difference

CORAL, BLUE = (np.round(255 * np.array(to_rgb(color))) for color in (style.CORAL, style.BLUE))


def grey(*values):
    return np.array(values, np.float32).reshape(1, -1, 1)


def test_equal_pixels_are_white():
    picture = np.random.default_rng(0).random((4, 3, 1))
    assert (signed_difference(picture, picture) == 255).all()


def test_lighter_pixels_are_coral_and_darker_pixels_blue():
    found = signed_difference(grey(0, 1), grey(1, 0))
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found[0], [CORAL, BLUE])


def test_half_the_difference_has_half_the_saturation():
    found = signed_difference(grey(0.25, 0.75), grey(0.75, 0.25))[0]
    np.testing.assert_allclose(found, [(255 + CORAL) / 2, (255 + BLUE) / 2], atol=1)


def test_exchanging_the_images_exchanges_the_colours():
    one, other = np.random.default_rng(0).random((2, 5, 5, 1))
    there, back = signed_difference(one, other), signed_difference(other, one)
    added, missing = one < other, one > other
    towards = {True: CORAL, False: BLUE}
    for found, coral in ((there, added), (back, missing)):
        for where in zip(*np.nonzero(np.ones((5, 5))), strict=True):
            # The channel that is lowest in the colour must be the lowest here.
            assert found[where].argmin() == towards[bool(coral[where][0])].argmin()


@pytest.mark.parametrize("values", [(0.0, 1.0005), (1.0, -0.0005)])
def test_values_slightly_outside_of_the_range_are_clipped(values):
    first, second = values
    np.testing.assert_array_equal(signed_difference(grey(first), grey(second))[0, 0], CORAL if second > first else BLUE)


def test_colour_images_give_the_absolute_difference_of_each_channel():
    one, other = np.random.default_rng(0).random((2, 4, 4, 3))
    found = signed_difference(one, other)
    np.testing.assert_array_equal(found, np.round(255 * np.abs(one - other)))
    np.testing.assert_array_equal(found, signed_difference(other, one))
