"""What a reconstruction adds to a picture, and what it misses."""

import numpy as np
from matplotlib.colors import to_rgb

from tfgen.plots import style


def signed_difference(picture, again) -> np.ndarray:
    """Two grey images, one against the other: white where equal, coral where `again` is lighter, blue where darker.

    Of colour images, the absolute difference of each channel.

    Args:
        picture, again: floats [H, W, C] in [0, 1], C = 1 or 3.

    Returns:
        uint8 [H, W, 3].
    """
    difference = np.asarray(again, np.float64) - np.asarray(picture, np.float64)
    if difference.shape[-1] == 3:
        return np.round(255.0 * np.clip(np.abs(difference), 0.0, 1.0)).astype(np.uint8)
    added, missing = (1.0 - np.array(to_rgb(color)) for color in (style.CORAL, style.BLUE))
    colours = 1.0 - np.clip(difference, 0.0, 1.0) * added - np.clip(-difference, 0.0, 1.0) * missing
    return np.round(255.0 * np.clip(colours, 0.0, 1.0)).astype(np.uint8)
