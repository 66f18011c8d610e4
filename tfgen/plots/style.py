"""The one look of every figure: quiet colours, thin lines, no box. Set on each figure and never globally."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from PIL import Image

from tfgen.files import replacing

TEXT, FAINT, LINE = "#33383f", "#8a929c", "#d5d9de"
BLUE, CORAL = "#3b6ea5", "#dd7a59"
#: From the paper's white to blue: density, where nothing is 0.
DENSITY = LinearSegmentedColormap.from_list("tfgen.density", ["#ffffff", "#cfdcea", "#86a9cd", BLUE, "#1f3f66"])
DOTS_PER_INCH = 120


def figure(width: float, height: float) -> Figure:
    """An empty figure of that size in inches. No global state knows of it, so that threads may draw."""
    layout = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1, wspace=0.04, hspace=0.06)
    return Figure(figsize=(width, height), dpi=DOTS_PER_INCH, layout=layout, facecolor="white")


def dress(axes: Axes, title: str = "") -> None:
    """Give axes the common look."""
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
    """Write a figure as PNG. The same figure gives the same bytes."""
    with replacing(path) as fresh:
        drawn.savefig(fresh, format="png", metadata={"Software": None})


def picture(drawn: Figure) -> Image.Image:
    """A figure as a picture, mode RGB."""
    canvas = FigureCanvasAgg(drawn)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])
