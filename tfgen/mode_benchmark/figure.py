"""The mode benchmark as a figure: samples of every method, and the modes covered during training."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from tfgen.mode_benchmark.datasets import DATASETS
from tfgen.mode_benchmark.methods import METHODS, REFERENCE
from tfgen.mode_benchmark.results import SAMPLES_FILE, MethodResult
from tfgen.plots import style
from tfgen.plots.grid import image_grid

COLUMNS = 4
#: The color of each method.
COLORS = dict(
    zip(METHODS, (style.TEXT, style.BLUE, "#5b9a68", "#a9842c", style.CORAL, "#8f5fa8", "#4aa3a8"), strict=True)
)


def report_figure(results: Sequence[MethodResult]) -> Figure:
    """Draw the results on one dataset: samples of each method's first seed, then the modes over the training steps.

    Args:
        results: results on one dataset, with or without those of the test set.
    """
    lines = -(-len(results) // COLUMNS)
    figure = style.figure(3.1 * COLUMNS, 3.3 * lines + 3.2)
    grid = figure.add_gridspec(lines + 1, COLUMNS, height_ratios=[3.3] * lines + [3.0])
    for place, result in enumerate(results):
        _draw_samples(figure.add_subplot(grid[place // COLUMNS, place % COLUMNS]), result)
    _draw_history(figure.add_subplot(grid[lines, :]), [result for result in results if result.method != REFERENCE])
    return figure


def _draw_samples(axes: Axes, result: MethodResult) -> None:
    modes = result.values("modes")
    axes.set_title(
        f"{result.title}\n{modes[0]:,} of {DATASETS[result.dataset].modes:,} modes" if modes else result.title,
        loc="left",
        color=style.TEXT,
        size=9,
    )
    axes.set_xticks([])
    axes.set_yticks([])
    for side in axes.spines.values():
        side.set_color(style.LINE)
    file = result.folders[0] / SAMPLES_FILE
    if not file.exists():
        axes.text(0.5, 0.5, "diverged", transform=axes.transAxes, ha="center", color=style.FAINT)
        return
    with np.load(file) as arrays:
        samples = arrays["samples"]
    if samples.ndim == 4:
        axes.imshow(image_grid(samples[:64]), interpolation="nearest")
        return
    color = style.FAINT if result.method == REFERENCE else COLORS[result.method]
    axes.scatter(samples[:, 0], samples[:, 1], s=3, alpha=0.35, linewidths=0, color=color)
    _draw_centres(axes, _centres(result.dataset))


def _draw_centres(axes: Axes, centres: np.ndarray) -> None:
    extent = 1.25 * np.abs(centres).max()
    axes.set(xlim=(-extent, extent), ylim=(-extent, extent), aspect="equal")
    axes.scatter(centres[:, 0], centres[:, 1], s=90, facecolors="none", edgecolors=style.LINE, linewidths=0.8, zorder=0)


def _centres(dataset: str) -> np.ndarray:
    from tfgen.data.toys import TOYS

    modes = TOYS[dataset].modes
    assert modes is not None
    return modes.centres


def _draw_history(axes: Axes, results: Sequence[MethodResult]) -> None:
    """Draw the mean number of modes over the seeds and, as a band, its minimum and maximum."""
    all_modes = DATASETS[results[0].dataset].modes if results else 1
    for result in results:
        histories = [dict(history) for history in result.history("modes") if history]
        if not histories:
            continue
        steps = sorted(set.intersection(*(set(history) for history in histories)))
        values = np.array([[history[step] for step in steps] for history in histories], float)
        color = COLORS[result.method]
        axes.plot(steps, values.mean(axis=0), color=color, linewidth=1.6, label=result.title)
        axes.fill_between(steps, values.min(axis=0), values.max(axis=0), color=color, alpha=0.1, lw=0)
    axes.axhline(all_modes, color=style.FAINT, linestyle=(0, (4, 2)), linewidth=1.0)
    axes.set_ylim(0, 1.06 * all_modes)
    axes.set_xlabel("steps")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    style.style_axes(axes, "modes covered during training: mean over seeds, and their range")
    axes.grid(axis="y", color=style.LINE, linewidth=0.5, alpha=0.7)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8, frameon=False, labelcolor=style.TEXT)
