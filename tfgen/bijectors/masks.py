"""Constant masks of coupling layers. Entries of 1 pass unchanged and condition, entries of 0 are transformed."""

import numpy as np

from tfgen.errors import ConfigError


def alternating_mask(size: int, parity: int = 0) -> np.ndarray:
    """Mask with every other entry of a vector, 1 where index + parity is even: float32 [size].

    Raises:
        ConfigError: if `size` < 2, because one of the two parts would be empty.
    """
    if size < 2:
        raise ConfigError(f"alternating_mask: expected at least 2 dimensions to alternate between. Received: {size}")
    return ((np.arange(size) + parity) % 2 == 0).astype(np.float32)


def checkerboard_mask(event_shape: tuple[int, int, int], parity: int = 0) -> np.ndarray:
    """Mask with the squares of one colour of a checkerboard, 1 where row + column + parity is even: float32 [H, W, 1].

    Raises:
        ConfigError: if the image has a single pixel, because one of the two parts would be empty.
    """
    height, width, _ = event_shape
    if height * width < 2:
        raise ConfigError(f"checkerboard_mask: expected at least two pixels. Received: {tuple(event_shape)}")
    row, column = np.indices((height, width))
    return ((row + column + parity) % 2 == 0).astype(np.float32)[..., None]


def channel_mask(channels: int, parity: int = 0) -> np.ndarray:
    """Mask with one half of the channels, 1 in the first half (the second half, if `parity` is odd): float32 [C].

    Of an odd number of channels, the second half is the larger one. `ChannelCoupling` uses the same partition without a
    mask.

    Raises:
        ConfigError: if there are fewer than 2 channels.
    """
    if channels < 2:
        raise ConfigError(f"channel_mask: expected at least 2 channels to split. Received: {channels}")
    first = np.arange(channels) < channels // 2
    return (first if parity % 2 == 0 else ~first).astype(np.float32)
