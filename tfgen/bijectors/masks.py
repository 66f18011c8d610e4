"""Constant 0/1 masks of coupling layers: 1 passes unchanged and conditions, 0 is transformed."""

import numpy as np

from tfgen.errors import ConfigError


def alternating_mask(size: int, parity: int = 0) -> np.ndarray:
    """Every other entry of a vector: 1 where index + parity is even, float32 [size].

    Raises:
        ConfigError: if `size` < 2, where one of the two parts would be empty.
    """
    if size < 2:
        raise ConfigError(f"alternating_mask: expected at least 2 dimensions to alternate between. Received: {size}")
    return ((np.arange(size) + parity) % 2 == 0).astype(np.float32)


def checkerboard_mask(event_shape: tuple[int, int, int], parity: int = 0) -> np.ndarray:
    """The fields of one colour of a chessboard: 1 where row + column + parity is even, float32 [H, W, 1].

    Raises:
        ConfigError: if the image has a single pixel, where one of the two parts would be empty.
    """
    height, width, _ = event_shape
    if height * width < 2:
        raise ConfigError(f"checkerboard_mask: expected at least two pixels. Received: {tuple(event_shape)}")
    row, column = np.indices((height, width))
    return ((row + column + parity) % 2 == 0).astype(np.float32)[..., None]


def channel_mask(channels: int, parity: int = 0) -> np.ndarray:
    """One half of the channels: 1 for the first half (the second, if `parity` is odd), float32 [C].

    An odd number of channels has its larger half at the end. `ChannelCoupling` computes with the halves themselves;
    this is the same partition as a mask.

    Raises:
        ConfigError: if there are fewer than 2 channels.
    """
    if channels < 2:
        raise ConfigError(f"channel_mask: expected at least 2 channels to split. Received: {channels}")
    first = np.arange(channels) < channels // 2
    return (first if parity % 2 == 0 else ~first).astype(np.float32)
