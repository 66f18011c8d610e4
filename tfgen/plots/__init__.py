"""Figures of images, points, densities and training curves. They take arrays or a model, and never a run folder."""

from tfgen.plots.curves import save_curves
from tfgen.plots.density import save_density
from tfgen.plots.grid import image_grid, save_grid
from tfgen.plots.interpolation import save_interpolation
from tfgen.plots.manifold import save_manifold
from tfgen.plots.points import save_points

__all__ = [
    "image_grid",
    "save_curves",
    "save_density",
    "save_grid",
    "save_interpolation",
    "save_manifold",
    "save_points",
]
