"""The likelihood of one image in comparison with the images of a test set."""

import numpy as np
from matplotlib.figure import Figure

from tfgen.errors import DataError
from tfgen.plots import style

BINS = 40


def checked(percentiles) -> np.ndarray:
    """Return the percentiles 0, 1, …, 100 of a distribution as float64 [101].

    Raises:
        DataError: if the values are not 101 finite numbers in rising order.
    """
    try:
        percentiles = np.asarray(percentiles, np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"Expected 101 rising percentiles. Received: {error}") from None
    if percentiles.shape != (101,) or not np.isfinite(percentiles).all() or (np.diff(percentiles) < 0).any():
        raise DataError(
            f"Expected 101 rising percentiles. Received: shape {list(percentiles.shape)}, {percentiles.ravel()[:3]} …"
        )
    return percentiles


def share_below(percentiles, value: float) -> float:
    """Return the share of a distribution below a value, 0 to 1, by linear interpolation between its percentiles.

    Args:
        percentiles: percentiles 0, 1, …, 100 of the distribution, [101].
        value: the value.

    Raises:
        DataError: see `checked`.
    """
    percentiles = checked(percentiles)
    return float(np.interp(value, percentiles, np.linspace(0.0, 1.0, len(percentiles)), left=0.0, right=1.0))


def draw_typicality(percentiles, value: float, label: str = "this picture", unit: str = "bits/dim") -> Figure:
    """Draw the distribution of a quantity over a test set, and a line at the value of one image.

    Args:
        percentiles: percentiles 0, 1, …, 100 of the test set, [101].
        value: value of the image.
        label: text at the line.
        unit: unit of all values.

    Raises:
        DataError: see `checked`.
    """
    percentiles = checked(percentiles)
    low, high = percentiles[[0, -1]]
    # Bins need a positive width, even if all percentiles are equal.
    edges = np.linspace(low, max(high, low + 1e-6), BINS + 1)
    # The first bin starts at 0, so that values equal to the smallest are counted in it.
    inside = np.diff([0.0, *(share_below(percentiles, edge) for edge in edges[1:])])
    drawn = style.figure(6.4, 2.6)
    axes = drawn.add_subplot()
    axes.bar(edges[:-1], inside, np.diff(edges), align="edge", color=style.BLUE, alpha=0.45, linewidth=0)
    axes.axvline(value, color=style.CORAL, linewidth=2)
    top = float(inside.max())
    right = value > (low + high) / 2
    axes.annotate(
        f"{label}: {value:.3f}",
        (value, 1.12 * top),
        xytext=(-8 if right else 8, 0),
        textcoords="offset points",
        ha="right" if right else "left",
        va="center",
        color=style.TEXT,
        size=9,
    )
    if value > high + 2 * (high - low):
        axes.set_xscale("log")
    axes.set(xlabel=f"{unit} (smaller: more likely)", yticks=[], ylim=(0.0, 1.2 * top))
    style.style_axes(axes, f"Test set, and {label}")
    axes.spines["left"].set_visible(False)
    return drawn
