"""Points of the plane."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure

from tfgen.errors import DataError
from tfgen.plots import style


def checked(points) -> np.ndarray:
    """The points as float64 [n, 2]. Raises `DataError` on another shape, or where none is finite."""
    points = np.asarray(points, np.float64)
    if points.ndim != 2 or points.shape[1] != 2 or not len(points):
        raise DataError(f"Expected points of shape [n, 2]. Received: {list(points.shape)}")
    finite = np.isfinite(points).all(axis=1)
    if not finite.all():
        raise DataError(
            f"Expected finite points. Received: {np.count_nonzero(~finite)} of {len(points)} with NaN or infinity"
        )
    return points


def extent_of(points: np.ndarray) -> tuple[float, float, float, float]:
    """A square (left, right, bottom, top) with a margin around all but the farthest 1 % on every side."""
    low, high = np.quantile(points, 0.01, axis=0), np.quantile(points, 0.99, axis=0)
    centre = (low + high) / 2
    # A single point has no extent of its own.
    half = 0.65 * max(float((high - low).max()), 1e-3)
    return centre[0] - half, centre[0] + half, centre[1] - half, centre[1] + half


def frame(axes: Axes, extent: tuple[float, float, float, float], title: str = "") -> None:
    """Show that part of the plane, a unit as long upwards as to the right."""
    axes.set(xlim=extent[:2], ylim=extent[2:], aspect="equal", xlabel="x₁", ylabel="x₂")
    style.dress(axes, title)


def scatter(axes: Axes, points: np.ndarray, color: str, label: str) -> None:
    """Draw points, smaller and fainter the more there are."""
    size = float(np.clip(4000 / len(points), 2.5, 20.0))
    opacity = float(np.clip(800 / len(points), 0.35, 0.8))
    axes.scatter(points[:, 0], points[:, 1], s=size, color=color, alpha=opacity, linewidths=0, label=label)


def legend(axes: Axes) -> None:
    """Name the colours, each mark as large and as opaque whatever the number of points."""
    shown = axes.legend(loc="upper right", fontsize=8, frameon=False, labelcolor=style.TEXT, handletextpad=0.1)
    for handle in shown.legend_handles:
        if isinstance(handle, PathCollection):
            handle.set(sizes=[24], alpha=1.0)


def draw_points(points, model=None) -> Figure:
    """A scatter of points, over contours of the model's density where there is one.

    Args:
        points: [n, 2].
        model: its `log_prob` is drawn if it has one; None draws the points alone.

    Raises:
        DataError: if the points are not finite or of another shape.
    """
    from tfgen.plots.density import contours

    points = checked(points)
    extent = extent_of(points)
    drawn = style.figure(5.6, 5.6)
    axes = drawn.add_subplot()
    if model is not None and model.can("log_prob"):
        contours(axes, model, extent)
    scatter(axes, points, style.CORAL, f"{len(points):,} samples")
    frame(axes, extent)
    legend(axes)
    return drawn


def save_points(points, path: str | Path, model=None) -> None:
    """Write `draw_points` as PNG. Raises as it does, and OSError if the file cannot be written."""
    style.save(draw_points(points, model), path)
