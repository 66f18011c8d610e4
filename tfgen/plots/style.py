"""The common style of all figures, and writing a figure as PNG.

The style is set on each figure. Matplotlib's global settings stay unchanged.
"""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from PIL import Image

from tfgen.files import atomic_write

TEXT, FAINT, LINE = "#33383f", "#8a929c", "#d5d9de"
BLUE, CORAL = "#3b6ea5", "#dd7a59"
#: Colour map of densities, from white for 0 to dark blue.
DENSITY = LinearSegmentedColormap.from_list("tfgen.density", ["#ffffff", "#cfdcea", "#86a9cd", BLUE, "#1f3f66"])
DOTS_PER_INCH = 120


def figure(width: float, height: float) -> Figure:
    """Return an empty figure of a size in inches.

    The figure is not registered with `pyplot`, so that several threads can draw at the same time.
    """
    layout = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1, wspace=0.04, hspace=0.06)
    return Figure(figsize=(width, height), dpi=DOTS_PER_INCH, layout=layout, facecolor="white")


def style_axes(axes: Axes, title: str = "") -> None:
    """Apply the common style to axes, and set their title."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(LINE)
    axes.tick_params(colors=FAINT, labelcolor=TEXT, labelsize=8, length=3, width=0.6)
    axes.xaxis.label.set(color=TEXT, size=9)
    axes.yaxis.label.set(color=TEXT, size=9)
    if title:
        axes.set_title(title, loc="left", color=TEXT, size=10)


def save(drawn: Figure, path: str | Path) -> None:
    """Write a figure as PNG. Equal figures give equal bytes. Raises OSError if the file cannot be written."""
    with atomic_write(path) as temporary:
        drawn.savefig(temporary, format="png", metadata={"Software": None})


def picture(drawn: Figure) -> Image.Image:
    """Return a figure as a picture of mode RGB."""
    canvas = FigureCanvasAgg(drawn)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])
