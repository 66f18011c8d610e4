"""A density over the plane, beside samples of it."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from tfgen.errors import DataError
from tfgen.plots import points as plane
from tfgen.plots import style

#: Cells a side at which a density is evaluated.
CELLS = 160


def contours(axes: Axes, model, extent: tuple[float, float, float, float]) -> None:
    """Draw filled contours of exp(log p) over that part of the plane, evenly spaced up to the largest value.

    Raises:
        DataError: if the density is nowhere a finite number.
    """
    left, right, bottom, top = extent
    across, up = np.meshgrid(np.linspace(left, right, CELLS), np.linspace(bottom, top, CELLS))
    grid = np.stack([across.ravel(), up.ravel()], axis=1).astype(np.float32)
    density = np.exp(np.asarray(model.log_prob(grid), np.float64)).reshape(CELLS, CELLS)
    if not np.isfinite(density).all() or not density.max() > 0:
        raise DataError("Expected a finite density over the plane. Received: NaN, infinity or 0 everywhere")
    # Below a fiftieth of the largest density the paper stays white.
    levels = density.max() * np.concatenate([[0.02], np.linspace(0.0, 1.0, 13)[1:]])
    axes.contourf(across, up, density, levels=levels, cmap=style.DENSITY)


def save_density(model, points, path: str | Path, seed: int = 0) -> None:
    """Write a picture of two panels: contours of the model's density, and its samples over the data.

    Args:
        model: of points, with `log_prob` and `sample`. Without a `log_prob` there is only the second panel.
        points: data [n, 2]; the first 2,000 are drawn, and as many samples as of them.
        path: of the PNG.
        seed: of the first sample.

    Raises:
        DataError: if data, samples or density are not finite.
        OSError: if the file cannot be written.
    """
    data = plane.checked(points)[:2000]
    samples = plane.checked(model.sample(len(data), seed=seed))
    extent = plane.extent_of(data)
    panels = 2 if model.can("log_prob") else 1
    drawn = style.figure(4.6 * panels, 4.6)
    panel = drawn.subplots(1, panels, squeeze=False)[0]
    if panels == 2:
        contours(panel[0], model, extent)
        plane.frame(panel[0], extent, "density of the model")
    plane.scatter(panel[-1], data, style.BLUE, "data")
    plane.scatter(panel[-1], samples, style.CORAL, "samples")
    plane.frame(panel[-1], extent, "samples over data")
    plane.legend(panel[-1])
    style.save(drawn, path)
