"""Training curves: each quantity over the epochs."""

import math
from collections.abc import Mapping, Sequence
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from tfgen.errors import DataError
from tfgen.plots import style

#: Entries of the training history that are not drawn, because they do not describe the model.
NOT_DRAWN = ("epoch", "step", "seconds", "images_per_second", "learning_rate")
#: Titles of quantities whose title is not their name with spaces.
TITLES = {
    "active_units": "active latent dimensions",
    "bits_per_dim": "bits per dimension",
    "inversion_error": "inversion error, largest",
    "mean_inversion_error": "inversion error, mean",
    "loss_ratio": "generator's loss / discriminator's",
    "class_kl": "KL of the classes to uniform [nats]",
    "high_quality": "samples near a mode",
    "kl": "KL divergence [nats]",
    "mode_kl": "KL of the modes to uniform [nats]",
    "modes": "modes covered",
    "reconstruction": "reconstruction [nats]",
}
#: Quantities with a better direction, and the direction. The losses of a GAN have none.
BETTER = {
    "bits_per_dim": "lower",
    "class_kl": "lower",
    "elbo": "higher",
    "high_quality": "higher",
    "inversion_error": "lower",
    "mean_inversion_error": "lower",
    "mode_kl": "lower",
    "modes": "higher",
    "reconstruction": "lower",
}
#: Quantities that are measured on samples of the model, not on training examples.
OF_SAMPLES = ("class_kl", "high_quality", "mode_kl", "modes")
#: Quantities that are whole numbers. Their axis shows at least one unit above and below.
COUNTS = ("active_units", "modes")
#: If all values are smaller, the tick labels have exponents.
SMALL = 1e-3
#: Legend of the baseline of a quantity.
BASELINES = {"bits_per_dim": "baseline (independent pixels)"}


def draw_curves(
    history: Sequence[Mapping[str, Any]],
    baselines: Mapping[str, float] | None = None,
    only: Sequence[str] | None = None,
) -> Figure:
    """Draw one panel for each quantity, with its training and validation curves.

    Args:
        history: one row per epoch with "epoch" and numbers by name. "val_loss" is the validation value of "loss". A row
            may lack a quantity. Missing values, None, infinity and NaN are gaps.
        baselines: quantity → value of a dashed line in the panel of the quantity.
        only: names from `quantities(history)`, in the order of the panels. None draws all.

    Raises:
        DataError: if the history has no finite value of the quantities.
    """
    available = quantities(history)
    shown = available if only is None else [name for name in only if name in available]
    if not shown:
        raise DataError("Expected at least one epoch with at least one quantity. Received: nothing to draw")
    columns = min(len(shown), 2 if len(shown) == 4 else 3)
    rows = -(-len(shown) // columns)
    drawn = style.figure(4.4 * columns, 3.1 * rows)
    for index, quantity in enumerate(shown):
        axes = drawn.add_subplot(rows, columns, index + 1)
        _panel(axes, history, quantity, (baselines or {}).get(quantity))
        if index >= len(shown) - columns:
            axes.set_xlabel("epoch")
    return drawn


def save_curves(
    history: Sequence[Mapping[str, Any]], path: str | Path, baselines: Mapping[str, float] | None = None
) -> None:
    """Write `draw_curves` as PNG. Raises the same errors, and OSError if the file cannot be written."""
    style.save(draw_curves(history, baselines), path)


def quantities(history: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the names of the quantities with a finite value, in the order of the first epoch that has one.

    "val_loss" counts as "loss".
    """
    names: dict[str, None] = {}
    for row in history:
        for key, value in row.items():
            name = key.removeprefix("val_")
            if name not in NOT_DRAWN and not isinstance(value, bool) and np.isfinite(_number(value)):
                names[name] = None
    return list(names)


def title(quantity: str) -> str:
    """Return the title of a quantity."""
    return TITLES.get(quantity, quantity.replace("_", " "))


def _series(history, key: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the epochs that have an entry, and the values, with NaN for those that are not finite."""
    present = [(row["epoch"], row[key]) for row in history if key in row]
    values = np.array([_number(value) for _, value in present], float)
    return np.array([epoch for epoch, _ in present], float), np.where(np.isfinite(values), values, np.nan)


def _number(value) -> float:
    """Return a number as float, and NaN for other types."""
    return float(value) if isinstance(value, Real) else math.nan


def _panel(axes: Axes, history, quantity: str, baseline: float | None) -> None:
    """Draw the curves of one quantity."""
    own = "samples" if quantity in OF_SAMPLES else "training"
    drawn = []
    for key, label, color in ((quantity, own, style.BLUE), (f"val_{quantity}", "validation", style.CORAL)):
        epochs, values = _series(history, key)
        if not np.isfinite(values).any():
            continue
        last = values[np.isfinite(values)][-1]
        # A line needs two points. With few epochs, a mark for each epoch is easier to read.
        marker = "o" if len(values) <= 12 else ""
        axes.plot(epochs, values, color=color, linewidth=1.4, marker=marker, markersize=3, label=f"{label} {last:.4g}")
        drawn.append(values)
    low, high = limits(drawn, baseline)
    if quantity in COUNTS:
        low, high = min(low, math.ceil(low) - 1), max(high, math.floor(high) + 1)
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    elif high < SMALL:
        # Matplotlib would write the exponent above the axis, over the title.
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.3g}"))
    axes.set_ylim(low, high)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6, min_n_ticks=1))
    if baseline is not None:
        # If the line is outside of the panel, the legend still states its value and direction.
        side = " ↑" if baseline > high else " ↓" if baseline < low else ""
        label = f"{BASELINES.get(quantity, 'baseline')} {baseline:.4g}{side}"
        axes.axhline(baseline, color=style.FAINT, linestyle=(0, (4, 2)), linewidth=1.1, label=label)
    better = f" ({BETTER[quantity]} is better)" if quantity in BETTER else ""
    style.style_axes(axes, title(quantity) + better)
    axes.grid(axis="y", color=style.LINE, linewidth=0.5, alpha=0.7)
    axes.legend(loc="best", fontsize=8, frameon=False, labelcolor=style.TEXT, handlelength=1.4)


def limits(series: Sequence[np.ndarray], baseline: float | None = None) -> tuple[float, float]:
    """Choose the limits of the y-axis.

    The first twentieth of the epochs and rare outliers may lie outside. A baseline lies inside, unless the curves would
    then fill less than a third of the panel.

    Args:
        series: values of each curve in the order of the epochs, NaN for gaps.
        baseline: value of the dashed line, or None.

    Returns:
        (low, high) with low < high.
    """
    settled = np.concatenate([values[len(values) // 20 + 1 :] if len(values) >= 5 else values for values in series])
    settled = settled[np.isfinite(settled)]
    if not settled.size:
        settled = np.concatenate(series)
        settled = settled[np.isfinite(settled)]
    first, last = np.quantile(settled, [0.02, 0.98])
    reach = 0.5 * (last - first)
    low, high = max(settled.min(), first - reach), min(settled.max(), last + reach)
    span = max(high - low, 1e-3 * abs(high), 1e-12)
    if baseline is not None and max(high, baseline) - min(low, baseline) <= 3 * span:
        low, high = min(low, baseline), max(high, baseline)
    margin = 0.08 * max(high - low, span)
    return float(low - margin), float(high + margin)
