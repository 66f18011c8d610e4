"""The colours of the page can be read: contrast as WCAG 2.2 AA demands."""

import pytest

from tfgen.app.theme import HINTS, theme


def luminance(colour: str) -> float:
    channels = [int(colour.lstrip("#")[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return sum(weight * each for weight, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", HINTS)
@pytest.mark.parametrize(
    ("suffix", "grounds"), [("", ("neutral_50", "white")), ("_dark", ("neutral_800", "neutral_950"))]
)
def test_hints_have_a_contrast_of_4_5(name, suffix, grounds):
    of = theme()
    value = getattr(of, name + suffix).removeprefix("*")
    for ground in grounds:
        colour = "#ffffff" if ground == "white" else getattr(of, ground)
        assert contrast(getattr(of, value), colour) >= 4.5


def test_the_contrast_of_black_on_white_is_21():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
