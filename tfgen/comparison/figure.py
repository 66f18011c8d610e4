"""A comparison as a figure: a panel for each measurement, and the samples nearest to training images."""

import base64
import io
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter
from PIL import Image

from tfgen.comparison.records import Comparison, Spread
from tfgen.comparison.table import group_title, with_metric_prefix
from tfgen.evaluation.report import QUALITY_METRICS
from tfgen.plots import style

#: Number of panels in a line. The grid has 12 columns, so that lines of 2, 3 or 4 pictures fit too.
PANELS_PER_LINE, GRID_COLUMNS = 4, 12
LEGEND = (
    "Bars: standard deviation between seeds. Dashed lines: independent pixels (bits/dim), real images against other "
    "real images (quality), equal numbers (classes), 1 % (near)."
)
#: Panels whose values may differ by orders of magnitude between models.
LOGARITHMIC = "seconds of training", "milliseconds per sample", "Fréchet classifier distance", "FLOP of training"

#: Metrics of sample quality that are better if they are higher.
HIGHER_IS_BETTER = ("precision", "recall", "density", "coverage", "confidently_classified")


@dataclass(frozen=True)
class _Panel:
    """One measurement.

    Attributes:
        title: name of the measurement.
        values: name of a row → value.
        reference: value of the dashed line.
        better: direction in which models are better.
    """

    title: str
    values: Mapping[str, Spread]
    reference: float | None = None
    better: str = "lower"


def comparison_figure(comparison: Comparison) -> Figure:
    """Draw a comparison: measurements, class histograms, and the nearest pairs of a sample and a training image.

    A measurement that no model has is left out. Without any measurement, the figure is a sentence.
    """
    names = [row.name for row in comparison.rows]
    panels = _panels(comparison)
    histograms = {row.name: row.histogram for row in comparison.quality.rows} if comparison.quality else {}
    pairs = {row.name: row.nearest_pairs[0] for row in comparison.rows if row.nearest_pairs}
    panel_lines, pair_lines = -(-len(panels) // PANELS_PER_LINE), -(-len(pairs) // 2)
    heights = [0.8 + 0.27 * len(names)] * panel_lines + ([1.9] if histograms else []) + [1.75] * pair_lines
    if not heights:
        figure = style.figure(6.0, 1.0)
        figure.text(0.5, 0.5, "No run has measurements.", ha="center", va="center", color=style.TEXT)
        return figure
    figure = style.figure(13.0, sum(heights) + 0.35 * len(heights))
    grid = figure.add_gridspec(len(heights), GRID_COLUMNS, height_ratios=heights)
    _draw_panels(figure, grid, panels, names)
    _draw_histograms(figure, grid, panel_lines, {name: histograms[name] for name in names if name in histograms})
    _draw_pairs(figure, grid, panel_lines + bool(histograms), pairs)
    figure.supxlabel(LEGEND, x=0.01, ha="left", fontsize=8, color=style.TEXT)
    return figure


def _panels(comparison: Comparison) -> list[_Panel]:
    panels = [
        _Panel(f"{group.unit}; {group_title(group)}", group.best, group.baseline) for group in comparison.likelihoods
    ]
    if (quality := comparison.quality) is not None:
        for name, (title, _) in QUALITY_METRICS.items():
            if name in ("kid", "kl_to_uniform"):
                continue
            values = {row.name: row.metrics[name] for row in quality.rows if name in row.metrics}
            better = "higher" if name in HIGHER_IS_BETTER else "lower"
            panels.append(_Panel(title, values, getattr(quality.real_reference, name), better))
    rows = comparison.rows
    sampling = {row.name: row.cost.sampling_seconds_per_example for row in rows}
    panels += [
        _Panel("seconds of training", _known({row.name: row.training.seconds for row in rows})),
        _Panel("FLOP of training", _known({row.name: row.training.flops for row in rows})),
        _Panel("milliseconds per sample", {name: seconds.scaled(1e3) for name, seconds in _known(sampling).items()}),
        _Panel(
            "samples near a training image", {row.name: row.pixels.near for row in rows if row.pixels is not None}, 0.01
        ),
    ]
    return [panel for panel in panels if panel.values]


def _known(values: Mapping[str, Spread | None]) -> dict[str, Spread]:
    return {name: value for name, value in values.items() if value is not None}


def _draw_panels(figure: Figure, grid: GridSpec, panels: Sequence[_Panel], names: Sequence[str]) -> None:
    width = GRID_COLUMNS // PANELS_PER_LINE
    for place, panel in enumerate(panels):
        line, column = divmod(place, PANELS_PER_LINE)
        axes = figure.add_subplot(grid[line, width * column : width * (column + 1)])
        _draw_values(axes, names, panel)
        _set_scale(axes, panel)
        axes.set_yticks(range(len(names)), names if column == 0 else [""] * len(names))
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.margins(x=0.12)
        style.style_axes(axes, textwrap.fill(f"{panel.title} ({panel.better} is better)", 34))
        axes.grid(axis="x", color=style.LINE, linewidth=0.5, alpha=0.7)
        axes.tick_params(axis="y", length=0)


def _draw_values(axes: Axes, names: Sequence[str], panel: _Panel) -> None:
    for place, name in enumerate(names):
        value = panel.values.get(name)
        if value is None:
            transform = axes.get_yaxis_transform()
            axes.text(0.5, place, "–", transform=transform, color=style.FAINT, ha="center", va="center")
            continue
        axes.errorbar(value.mean, place, xerr=value.deviation, color=style.BLUE, fmt="o", markersize=5)
    if panel.reference is not None:
        axes.axvline(panel.reference, color=style.CORAL, linewidth=1.1, linestyle=(0, (4, 2)))


def _set_scale(axes: Axes, panel: _Panel) -> None:
    means = [value.mean for value in panel.values.values()]
    means += [] if panel.reference is None else [panel.reference]
    decades = float(np.ptp(np.log10(means))) if min(means) > 0 else 0.0
    axes.xaxis.set_major_locator(MaxNLocator(5))
    if panel.title not in LOGARITHMIC:
        return
    if decades > 0.7:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if decades < 1.5 else (1.0,)))
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: with_metric_prefix(value)))


def _draw_histograms(figure: Figure, grid: GridSpec, line: int, histograms: Mapping[str, Sequence[int]]) -> None:
    """Draw the number of samples of each class, for at most 12 rows."""
    width = max(1, GRID_COLUMNS // max(1, len(histograms)))
    for place, (name, histogram) in enumerate(list(histograms.items())[: GRID_COLUMNS // width]):
        axes = figure.add_subplot(grid[line, place * width : (place + 1) * width])
        counts = np.asarray(histogram)
        axes.bar(range(len(counts)), counts, color=style.BLUE, width=0.8)
        axes.axhline(counts.mean(), color=style.CORAL, linewidth=1.1, linestyle=(0, (4, 2)))
        style.style_axes(axes, f"{name}: samples of each class")
        if len(counts) <= 20:
            axes.set_xticks(range(len(counts)))


def _draw_pairs(figure: Figure, grid: GridSpec, first_line: int, pairs: Mapping[str, str]) -> None:
    """Draw the pictures of the nearest pairs, two in a line."""
    for place, (name, picture) in enumerate(pairs.items()):
        line, side = divmod(place, 2)
        axes = figure.add_subplot(grid[first_line + line, 6 * side : 6 * side + 6])
        axes.imshow(_pixels(picture), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        axes.axis("off")
        axes.set_title(f"{name}: nearest samples, training images below", loc="left", color=style.TEXT, size=9)


def _pixels(picture: str) -> np.ndarray:
    """Return the pixels of a PNG in base64, uint8 [H, W] or [H, W, 3]."""
    with Image.open(io.BytesIO(base64.b64decode(picture))) as opened:
        return np.asarray(opened)
