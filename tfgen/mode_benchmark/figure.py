"""A bed as a picture: what every model drew, and how many modes it had along the way."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from tfgen.mode_benchmark.datasets import BEDS, DATA, ENTRANTS
from tfgen.mode_benchmark.results import Row
from tfgen.mode_benchmark.trial import SAMPLES
from tfgen.plots import style
from tfgen.plots.grid import image_grid

COLUMNS = 4
#: A colour for each entrant, as far apart as quiet colours are.
COLORS = dict(
    zip(ENTRANTS, (style.TEXT, style.BLUE, "#5b9a68", "#a9842c", style.CORAL, "#8f5fa8", "#4aa3a8"), strict=False)
)


def figure(rows: list[Row]) -> Figure:
    """Draw the rows of one bed: samples of each model's first trial, then the modes over training.

    Args:
        rows: of one bed, the data's among them or not.
    """
    lines = -(-len(rows) // COLUMNS)
    drawn = style.figure(3.1 * COLUMNS, 3.3 * lines + 3.2)
    grid = drawn.add_gridspec(lines + 1, COLUMNS, height_ratios=[3.3] * lines + [3.0])
    for place, row in enumerate(rows):
        axes = drawn.add_subplot(grid[place // COLUMNS, place % COLUMNS])
        _samples(axes, row)
    _course(drawn.add_subplot(grid[lines, :]), [row for row in rows if row.entrant != DATA])
    return drawn


def _samples(axes: Axes, row: Row) -> None:
    known = BEDS[row.bed]
    counted = row.values("modes")
    axes.set_title(
        f"{row.title}\n{counted[0]:,} of {known.modes:,} modes" if counted else row.title,
        loc="left",
        color=style.TEXT,
        size=9,
    )
    axes.set_xticks([])
    axes.set_yticks([])
    for side in axes.spines.values():
        side.set_color(style.LINE)
    file = row.folders[0] / SAMPLES
    if not file.exists():
        axes.text(0.5, 0.5, "diverged", transform=axes.transAxes, ha="center", color=style.FAINT)
        return
    with np.load(file) as arrays:
        samples = arrays["samples"]
    if samples.ndim == 4:
        axes.imshow(image_grid(samples[:64]), interpolation="nearest")
        return
    color = style.FAINT if row.entrant == DATA else COLORS[row.entrant]
    axes.scatter(samples[:, 0], samples[:, 1], s=3, alpha=0.35, linewidths=0, color=color)
    centres = _centres(row.bed)
    extent = 1.25 * np.abs(centres).max()
    axes.set(xlim=(-extent, extent), ylim=(-extent, extent), aspect="equal")
    axes.scatter(centres[:, 0], centres[:, 1], s=90, facecolors="none", edgecolors=style.LINE, linewidths=0.8, zorder=0)


def _centres(bed: str) -> np.ndarray:
    from tfgen.data.toys import TOYS

    modes = TOYS[bed].modes
    assert modes is not None
    return modes.centres


def _course(axes: Axes, rows: list[Row]) -> None:
    """Mean over the seeds, and from the least to the most of them."""
    most = BEDS[rows[0].bed].modes if rows else 1
    for row in rows:
        courses = [dict(course) for course in row.history("modes") if course]
        if not courses:
            continue
        steps = sorted(set.intersection(*(set(course) for course in courses)))
        values = np.array([[course[step] for step in steps] for course in courses], float)
        axes.plot(steps, values.mean(axis=0), color=COLORS[row.entrant], linewidth=1.6, label=row.title)
        axes.fill_between(steps, values.min(axis=0), values.max(axis=0), color=COLORS[row.entrant], alpha=0.1, lw=0)
    axes.axhline(most, color=style.FAINT, linestyle=(0, (4, 2)), linewidth=1.0)
    axes.set_ylim(0, 1.06 * most)
    axes.set_xlabel("steps")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    style.dress(axes, "modes covered during training: mean over seeds, and their range")
    axes.grid(axis="y", color=style.LINE, linewidth=0.5, alpha=0.7)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8, frameon=False, labelcolor=style.TEXT)
