"""The likelihood of one image among those of a test set."""

import numpy as np
import pytest

from tfgen.errors import DataError
from tfgen.plots import style
from tfgen.plots.typicality import draw_typicality, share_below

EVEN = np.linspace(2.0, 4.0, 101)


def test_the_share_below_a_percentile_is_its_percentage():
    skewed = np.sort(np.random.default_rng(0).gamma(2.0, size=101))
    for percent in (0, 1, 37, 99, 100):
        np.testing.assert_allclose(share_below(skewed, skewed[percent]), percent / 100)


def test_the_share_is_interpolated_between_percentiles():
    assert share_below(EVEN, 3.0) == 0.5
    np.testing.assert_allclose(share_below(EVEN, 2.25), 0.125)


def test_the_share_agrees_with_the_values_of_the_percentiles():
    values = np.random.default_rng(1).standard_normal(5000)
    percentiles = np.percentile(values, np.arange(101))
    for value in (-3.0, -0.4, 0.0, 1.7):
        np.testing.assert_allclose(share_below(percentiles, value), (values < value).mean(), atol=0.006)


def test_the_share_outside_of_the_percentiles_is_0_or_1():
    assert share_below(EVEN, 1.999) == 0.0
    assert share_below(EVEN, 4.001) == 1.0
    assert share_below(EVEN, float("inf")) == 1.0


def test_the_share_below_a_repeated_value_is_at_most_its_frequency():
    ties = np.concatenate([np.full(51, 2.0), np.linspace(2.0, 3.0, 51)[1:]])
    assert 0.0 <= share_below(ties, 2.0) <= 0.5


@pytest.mark.parametrize(
    "bad", [EVEN[:100], EVEN[::-1], [*EVEN[:100], np.nan], [*EVEN[:100], np.inf], "abc", None, [{}] * 101]
)
def test_values_that_are_not_101_rising_percentiles_are_refused(bad):
    for use in (share_below, draw_typicality):
        with pytest.raises(DataError, match="Expected 101 rising percentiles"):
            use(bad, 3.0)


@pytest.mark.parametrize("value", [0.5, 2.0, 3.1, 4.0, 5.0, 1000.0])
def test_the_line_is_at_the_value_of_the_image(value):
    drawn = draw_typicality(EVEN, value)
    axes = drawn.axes[0]
    (line,) = [line for line in axes.lines if line.get_color() == style.CORAL]
    assert set(line.get_xdata()) == {value}
    low, high = axes.get_xlim()
    assert low < value < high
    assert low < 2.0 and high > 4.0
    assert f"this picture: {value:.3f}" in [text.get_text() for text in axes.texts]
    assert style.picture(drawn).size == (768, 312)


@pytest.mark.parametrize(
    "percentiles",
    [np.sort(np.random.default_rng(0).gamma(2.0, size=101)), np.concatenate([np.full(61, 2.0), EVEN[61:]])],
)
def test_the_bars_add_up_to_1(percentiles):
    bars = draw_typicality(percentiles, 1.0).axes[0].patches
    np.testing.assert_allclose(sum(bar.get_height() for bar in bars), 1.0)


def test_equal_percentiles_are_drawn():
    assert style.picture(draw_typicality(np.full(101, 2.0), 2.0)).size == (768, 312)
