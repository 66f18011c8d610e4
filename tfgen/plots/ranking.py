"""Images in the order of their likelihood."""

import numpy as np
from matplotlib.figure import Figure

from tfgen.plots import style
from tfgen.plots.grid import to_bytes

COLUMNS = 12


def draw_ranking(images: np.ndarray, levels: int, bits: np.ndarray, order: np.ndarray, count: int) -> Figure:
    """The first and the last images of an order, each above its bits/dim and its number, and where all of them lie.

    Args:
        images: whole levels [n, H, W, C].
        levels: of intensity.
        bits: bits per dimension of each, [n].
        order: numbers of the images from the least to the most likely, [n].
        count: images of either kind, at most n.
    """
    count = min(count, len(order))
    lines = -(-count // COLUMNS)
    drawn = style.figure(COLUMNS * 0.8, 2 * (lines * 1.1 + 0.3) + 1.6)
    heights = lines * 1.1 + 0.3, lines * 1.1 + 0.3, 1.6
    least, most, spread = drawn.subfigures(3, 1, squeeze=False, height_ratios=heights)[:, 0]
    for part, numbers, title in (
        (least, order[:count], "least likely: bits/dim and number in the test set"),
        (most, order[::-1][:count], "most likely"),
    ):
        part.suptitle(title, x=0.01, ha="left", color=style.TEXT, size=10)
        for axes in part.subplots(lines, COLUMNS, squeeze=False).flat:
            axes.axis("off")
        for axes, number in zip(part.axes, numbers, strict=False):
            pixels = to_bytes(images[number : number + 1] / np.float32(levels - 1))[0]
            axes.imshow(pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels, cmap="gray", vmin=0, vmax=255)
            axes.set_title(f"{bits[number]:.2f}\n{number}", color=style.TEXT, size=7)
    axes = spread.subplots()
    style.dress(axes, "all of them")
    axes.hist(bits, bins=80, color=style.BLUE)
    axes.set_xlabel("bits/dim")
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    return drawn
