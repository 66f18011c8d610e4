"""A comparison as a picture: a panel a figure, a row a model, and the samples that are nearest to training images."""

import base64
import io
import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter
from PIL import Image

from tfgen.comparison.rows import Comparison, Spread
from tfgen.comparison.table import large, title
from tfgen.evaluation.evaluate import QUALITY
from tfgen.plots import style

COLUMNS = 4
LEGEND = (
    "Bars: standard deviation between seeds. Dashed: what independent pixels reach (bits/dim), real pictures against "
    "real ones (quality), an even share (classes), 1 % (near)."
)
#: Those whose scale is a logarithm where models differ in them by orders of magnitude.
LOGARITHMIC = "seconds of training", "milliseconds a sample", "Fréchet classifier distance", "FLOP of training"


def figure(comparison: Comparison) -> Figure:
    """Draw a comparison. What no model has is left out; where nothing is known, it says so."""
    names = [row.name for row in comparison.rows]
    panels = _panels(comparison)
    histograms = comparison.quality.histograms if comparison.quality else {}
    pairs = {row.name: row.pairs[0] for row in comparison.rows if row.pairs}
    lines = -(-len(panels) // COLUMNS)
    high = 0.8 + 0.27 * len(names)
    heights = [high] * lines + ([1.9] if histograms else []) + [1.75] * (-(-len(pairs) // 2))
    if not heights:
        drawn = style.figure(6.0, 1.0)
        drawn.text(0.5, 0.5, "Nothing is known of a finished run.", ha="center", va="center", color=style.TEXT)
        return drawn
    drawn = style.figure(13.0, sum(heights) + 0.35 * len(heights))
    grid = drawn.add_gridspec(len(heights), 12, height_ratios=heights)
    for place, (name, (figures, floor)) in enumerate(panels.items()):
        line, column = divmod(place, COLUMNS)
        axes = drawn.add_subplot(grid[line, 3 * column : 3 * column + 3])
        _dots(axes, names, figures, floor, name, labelled=column == 0)
    if histograms:
        for place, name in enumerate(name for name in names if name in histograms):
            width = max(1, 12 // len(histograms))
            if (place + 1) * width > 12:
                break
            axes = drawn.add_subplot(grid[lines, place * width : (place + 1) * width])
            _histogram(axes, histograms[name], name)
    for place, (name, picture) in enumerate(pairs.items()):
        line, side = divmod(place, 2)
        axes = drawn.add_subplot(grid[lines + bool(histograms) + line, 6 * side : 6 * side + 6])
        axes.imshow(_pixels(picture), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        axes.axis("off")
        axes.set_title(f"{name}: nearest samples, training images below", loc="left", color=style.TEXT, size=9)
    drawn.supxlabel(LEGEND, x=0.01, ha="left", fontsize=8, color=style.TEXT)
    return drawn


def _panels(comparison: Comparison) -> dict[str, tuple[Mapping[str, Spread], float | None]]:
    """Title → (row's name → figure, floor or yardstick)."""
    found: dict[str, tuple[Mapping[str, Spread], float | None]] = {}
    for group in comparison.likelihoods:
        found[f"{group.unit}; {title(group)}"] = (group.figures, group.baseline)
    if (quality := comparison.quality) is not None:
        for name, (called, _) in QUALITY.items():
            if name in ("kid", "kl_to_uniform"):
                continue
            figures = {row: figures[name] for row, figures in quality.figures.items() if name in figures}
            found[called] = (figures, quality.floor.get(name))
    for called, part, name, factor in (
        ("seconds of training", "training", "seconds", 1.0),
        ("FLOP of training", "training", "flops", 1.0),
        ("milliseconds a sample", "cost", "sampling_seconds_per_example", 1e3),
    ):
        figures = {
            row.name: Spread(factor * value.mean, value.deviation and factor * value.deviation, value.runs)
            for row in comparison.rows
            if (value := getattr(row, part).get(name)) is not None
        }
        found[called] = (figures, None)
    near = {row.name: row.memorization["pixels"]["near"] for row in comparison.rows if "pixels" in row.memorization}
    found["samples near a training image"] = (near, 0.01 if near else None)
    return {name: panel for name, panel in found.items() if panel[0]}


def _dots(axes: Axes, names: Sequence[str], figures, floor: float | None, called: str, labelled: bool) -> None:
    for place, name in enumerate(names):
        figure = figures.get(name)
        if figure is None:
            where = axes.get_yaxis_transform()
            axes.text(0.5, place, "–", transform=where, color=style.FAINT, ha="center", va="center")
            continue
        axes.errorbar(figure.mean, place, xerr=figure.deviation, color=style.BLUE, fmt="o", markersize=5)
    if floor is not None:
        axes.axvline(floor, color=style.CORAL, linewidth=1.1, linestyle=(0, (4, 2)))
    values = [figure.mean for figure in figures.values()] + ([] if floor is None else [floor])
    decades = float(np.ptp(np.log10(values))) if min(values) > 0 else 0.0
    axes.xaxis.set_major_locator(MaxNLocator(5))
    if called in LOGARITHMIC and decades > 0.7:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if decades < 1.5 else (1.0,)))
        axes.xaxis.set_minor_formatter(NullFormatter())
    if called in LOGARITHMIC:
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: large(value)))
    axes.set_yticks(range(len(names)), names if labelled else [""] * len(names))
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.margins(x=0.12)
    style.dress(axes, textwrap.fill(called, 34))
    axes.grid(axis="x", color=style.LINE, linewidth=0.5, alpha=0.7)
    axes.tick_params(axis="y", length=0)


def _histogram(axes: Axes, histogram: Sequence[int], name: str) -> None:
    counts = np.asarray(histogram)
    axes.bar(range(len(counts)), counts, color=style.BLUE, width=0.8)
    axes.axhline(counts.mean(), color=style.CORAL, linewidth=1.1, linestyle=(0, (4, 2)))
    style.dress(axes, f"{name}: samples of each class")
    if len(counts) <= 20:
        axes.set_xticks(range(len(counts)))


def _pixels(picture: str) -> np.ndarray:
    """The bytes of a PNG in base64, [H, W] or [H, W, 3]."""
    with Image.open(io.BytesIO(base64.b64decode(picture))) as opened:
        return np.asarray(opened)
