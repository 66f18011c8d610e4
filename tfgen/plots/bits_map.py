"""The bits of an image's pixels as a map: which pixels surprise a model."""

import numpy as np
from matplotlib.figure import Figure

from tfgen.errors import DataError
from tfgen.plots import style


def draw_bits(bits) -> Figure:
    """Draw the bits of each pixel as a heat map with a colour bar that begins at 0.

    Args:
        bits: floats [H, W]. Values below 0, which a bound may have, get the colour of 0.

    Raises:
        DataError: if the values are no matrix of finite numbers.
    """
    bits = np.asarray(bits, np.float64)
    if bits.ndim != 2 or not bits.size or not np.isfinite(bits).all():
        raise DataError(f"Expected finite bits of the pixels of an image, [H, W]. Received: shape {list(bits.shape)}")
    height, width = bits.shape
    # The map and its colour bar are 3 inches high, whatever the size of the image.
    drawn = style.figure(min(3.0 * width / height, 6.0) + 1.0, 3.0)
    axes = drawn.add_subplot()
    # A map of equal pixels has a colour bar too.
    highest = max(float(bits.max()), 1e-3)
    shown = axes.imshow(bits, cmap=style.DENSITY, vmin=0.0, vmax=highest, interpolation="nearest")
    axes.set(xticks=[], yticks=[])
    style.style_axes(axes, "Bits of each pixel")
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    bar = drawn.colorbar(shown, ax=axes, label="bits (more: more surprising)")
    bar.outline.set_visible(False)
    style.style_axes(bar.ax)
    return drawn
