"""The difference of a reconstruction and its original."""

import numpy as np
from matplotlib.colors import to_rgb

from tfgen.plots import style


def signed_difference(original, reconstruction) -> np.ndarray:
    """Draw where a reconstruction is lighter or darker than the original.

    Grey images: white where both are equal, coral where the reconstruction is lighter, blue where it is darker; the
    larger the difference, the more saturated the colour. Colour images: the absolute difference of each channel.

    Args:
        original, reconstruction: floats [H, W, C] in [0, 1], C = 1 or 3.

    Returns:
        uint8 [H, W, 3].
    """
    difference = np.asarray(reconstruction, np.float64) - np.asarray(original, np.float64)
    if difference.shape[-1] == 3:
        return np.round(255.0 * np.clip(np.abs(difference), 0.0, 1.0)).astype(np.uint8)
    lighter, darker = (1.0 - np.array(to_rgb(color)) for color in (style.CORAL, style.BLUE))
    colours = 1.0 - np.clip(difference, 0.0, 1.0) * lighter - np.clip(-difference, 0.0, 1.0) * darker
    return np.round(255.0 * np.clip(colours, 0.0, 1.0)).astype(np.uint8)
