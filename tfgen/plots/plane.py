"""Axes that show points or a density in the plane."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection

from tfgen.errors import DataError
from tfgen.plots import style

#: Cells per side at which a density is evaluated.
CELLS = 160


def checked(points) -> np.ndarray:
    """Return points as float64 [n, 2].

    Raises:
        DataError: if the shape is different, or a coordinate is not finite.
    """
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
    """Return a square (left, right, bottom, top) that contains all points except 1 % on every side, with a margin."""
    low, high = np.quantile(points, 0.01, axis=0), np.quantile(points, 0.99, axis=0)
    centre = (low + high) / 2
    # A single point has the extent 0, and axes need a positive one.
    half = 0.65 * max(float((high - low).max()), 1e-3)
    return centre[0] - half, centre[0] + half, centre[1] - half, centre[1] + half


def frame(axes: Axes, extent: tuple[float, float, float, float], title: str = "") -> None:
    """Set the limits of axes to (left, right, bottom, top), with units of equal length in both directions."""
    axes.set(xlim=extent[:2], ylim=extent[2:], aspect="equal", xlabel="x₁", ylabel="x₂")
    style.style_axes(axes, title)


def scatter(axes: Axes, points: np.ndarray, color: str, label: str) -> None:
    """Draw points [n, 2]. With more points, each is smaller and more transparent."""
    size = float(np.clip(4000 / len(points), 2.5, 20.0))
    opacity = float(np.clip(800 / len(points), 0.35, 0.8))
    axes.scatter(points[:, 0], points[:, 1], s=size, color=color, alpha=opacity, linewidths=0, label=label)


def legend(axes: Axes) -> None:
    """Draw a legend whose marks have one size and are opaque, however small and transparent the points are."""
    shown = axes.legend(loc="upper right", fontsize=8, frameon=False, labelcolor=style.TEXT, handletextpad=0.1)
    for handle in shown.legend_handles:
        if isinstance(handle, PathCollection):
            handle.set(sizes=[24], alpha=1.0)


def contours(axes: Axes, model, extent: tuple[float, float, float, float]) -> None:
    """Draw filled contours of the density exp(log p) at 12 equally spaced levels up to its maximum.

    Args:
        axes: axes to draw on.
        model: model of points with `log_prob`.
        extent: part of the plane, (left, right, bottom, top).

    Raises:
        DataError: if the density is not finite, or 0 everywhere.
    """
    left, right, bottom, top = extent
    across, up = np.meshgrid(np.linspace(left, right, CELLS), np.linspace(bottom, top, CELLS))
    grid = np.stack([across.ravel(), up.ravel()], axis=1).astype(np.float32)
    density = np.exp(np.asarray(model.log_prob(grid), np.float64)).reshape(CELLS, CELLS)
    if not np.isfinite(density).all() or not density.max() > 0:
        raise DataError("Expected a finite density over the plane. Received: NaN, infinity or 0 everywhere")
    # A density below a fiftieth of the maximum stays white.
    levels = density.max() * np.concatenate([[0.02], np.linspace(0.0, 1.0, 13)[1:]])
    axes.contourf(across, up, density, levels=levels, cmap=style.DENSITY)
