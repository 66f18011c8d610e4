"""Sample quality over the settings of sampling, one column of panels for each parameter."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from tfgen.plots import style

#: Figure of quality → the title of its row of panels, which says which direction is better.
ROWS = {
    "frechet": "Fréchet distance, lower is better",
    "precision": "precision, higher is better",
    "recall": "recall, higher is better",
    "coverage": "coverage, higher is better",
}
#: Whether the noise of the samples was removed → colour and legend of the curve.
CURVES = {
    None: (style.BLUE, None),
    False: (style.CORAL, "raw samples"),
    True: (style.BLUE, "noise removed"),
}


def draw_sweep(points: Sequence[Mapping[str, Any]]) -> Figure:
    """Draw the quality of samples over each parameter.

    Args:
        points: mappings with "parameter", "value", "denoised" and the keys of `ROWS`.
    """
    parameters = list(dict.fromkeys(point["parameter"] for point in points))
    drawn = style.figure(3.6 * len(parameters) + 0.6, 2.3 * len(ROWS))
    panels = drawn.subplots(len(ROWS), len(parameters), squeeze=False)
    for row, (name, title) in enumerate(ROWS.items()):
        for column, parameter in enumerate(parameters):
            axes = panels[row, column]
            for denoised, (color, label) in CURVES.items():
                own = [each for each in points if each["parameter"] == parameter and each["denoised"] is denoised]
                if own:
                    x, y = [each["value"] for each in own], [each[name] for each in own]
                    axes.plot(x, y, marker="o", markersize=4, color=color, label=label, clip_on=False)
            style.style_axes(axes, title)
            # Precision, recall and coverage are shares. The markers of the limits are drawn in full.
            axes.set_ylim(0.0, None if name == "frechet" else 1.0)
            axes.set_xlabel(parameter)
            if axes.get_legend_handles_labels()[1] and row == column == 0:
                axes.legend(frameon=False, fontsize=8)
    return drawn
