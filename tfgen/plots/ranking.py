"""The least and the most likely images of a data set."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from tfgen.plots import style
from tfgen.plots.grid import to_bytes

COLUMNS = 12


def draw_ranking(images: np.ndarray, levels: int, bits: np.ndarray, order: np.ndarray, count: int) -> Figure:
    """Draw the first and the last images of an order, and a histogram of the bits/dim of all images.

    The bits/dim and the number of an image stand above the image.

    Args:
        images: integer levels [n, H, W, C].
        levels: number of levels.
        bits: bits per dimension of each image, [n].
        order: numbers of the images from the least to the most likely, [n].
        count: number of least likely and of most likely images. At most n are drawn.
    """
    count = min(count, len(order))
    lines = -(-count // COLUMNS)
    drawn = style.figure(COLUMNS * 0.8, 2 * (lines * 1.1 + 0.3) + 1.6)
    heights = lines * 1.1 + 0.3, lines * 1.1 + 0.3, 1.6
    least, most, spread = drawn.subfigures(3, 1, squeeze=False, height_ratios=heights)[:, 0]
    least.suptitle("least likely: bits/dim and number in the test set", x=0.01, ha="left", color=style.TEXT, size=10)
    most.suptitle("most likely", x=0.01, ha="left", color=style.TEXT, size=10)
    for part, numbers in ((least, order[:count]), (most, order[::-1][:count])):
        _images(part, lines, images, levels, bits, numbers)
    _histogram(spread.subplots(), bits)
    return drawn


def _images(part: SubFigure, lines: int, images: np.ndarray, levels: int, bits: np.ndarray, numbers: np.ndarray):
    """Draw the images with the given numbers into a part of the figure."""
    for axes in part.subplots(lines, COLUMNS, squeeze=False).flat:
        axes.axis("off")
    for axes, number in zip(part.axes, numbers, strict=False):
        pixels = to_bytes(images[number : number + 1] / np.float32(levels - 1))[0]
        axes.imshow(pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels, cmap="gray", vmin=0, vmax=255)
        axes.set_title(f"{bits[number]:.2f}\n{number}", color=style.TEXT, size=7)


def _histogram(axes: Axes, bits: np.ndarray) -> None:
    style.style_axes(axes, "all images")
    axes.hist(bits, bins=80, color=style.BLUE)
    axes.set_xlabel("bits/dim")
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
