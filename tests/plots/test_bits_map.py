"""The map of the bits of an image's pixels."""

import numpy as np
import pytest

from tfgen.errors import DataError
from tfgen.plots import style
from tfgen.plots.bits_map import draw_bits


def drawn_colours(bits) -> np.ndarray:
    """The colour that the map has for each value, [H, W, 4]."""
    shown = draw_bits(bits).axes[0].images[0]
    return shown.cmap(shown.norm(shown.get_array()))


def test_no_bits_are_white_and_the_most_bits_are_dark():
    colours = drawn_colours(np.array([[0.0, 2.0], [-0.5, 4.0]]))
    np.testing.assert_array_equal(colours[0, 0], style.DENSITY(0.0))
    np.testing.assert_array_equal(colours[1, 0], style.DENSITY(0.0))
    np.testing.assert_array_equal(colours[0, 1], style.DENSITY(0.5))
    np.testing.assert_array_equal(colours[1, 1], style.DENSITY(1.0))


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (28, 28), (64, 12), (4, 200)])
def test_every_shape_is_drawn_with_a_colour_bar(shape):
    figure = draw_bits(np.random.default_rng(0).random(shape))
    picture = np.asarray(style.picture(figure))
    assert picture.shape[0] == 360 and len(figure.axes) == 2
    assert figure.axes[1].get_ylabel() == "bits (more: more surprising)"


def test_equal_pixels_are_drawn():
    assert (drawn_colours(np.zeros((2, 2))) == style.DENSITY(0.0)).all()


@pytest.mark.parametrize("bits", [np.ones(3), np.full((2, 2), np.nan), np.empty((0, 3))])
def test_other_values_are_refused(bits):
    with pytest.raises(DataError, match="Expected finite bits"):
        draw_bits(bits)
