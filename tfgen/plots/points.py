"""Scatter plots of points in the plane."""

from pathlib import Path

from matplotlib.figure import Figure

from tfgen.plots import plane, style


def draw_points(points, model=None, label: str = "samples") -> Figure:
    """Draw a scatter plot of points, over contours of the model's density if the model has one.

    Args:
        points: [n, 2].
        model: model of points. None draws the points alone.
        label: noun for the points in the legend.

    Raises:
        DataError: if the shape of the points is different, or a coordinate or the density is not finite.
    """
    points = plane.checked(points)
    extent = plane.extent_of(points)
    drawn = style.figure(5.6, 5.6)
    axes = drawn.add_subplot()
    if model is not None and model.can("log_prob"):
        plane.contours(axes, model, extent)
    plane.scatter(axes, points, style.CORAL, f"{len(points):,} {label}")
    plane.frame(axes, extent)
    plane.legend(axes)
    return drawn


def save_points(points, path: str | Path, model=None, label: str = "samples") -> None:
    """Write `draw_points` as PNG. Raises the same errors, and OSError if the file cannot be written."""
    style.save(draw_points(points, model, label), path)
