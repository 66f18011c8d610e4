"""Weights of a Keras model in the network of PyTorch that corresponds to it."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from benchmarks.peer.network import Peer


@torch.no_grad()
def copy_weights(peer: Peer, arrays: Sequence[np.ndarray], mirrored: bool = False) -> None:
    """Copy the trainable weights of a Keras model to its peer.

    Args:
        peer: the network.
        arrays: the weights in the order of Keras.
        mirrored: whether the peer works on pictures that are mirrored in both directions (`benchmarks.peer.conv`).

    Raises:
        ValueError: if a shape does not fit.
    """
    remaining = list(arrays)
    for part in peer.keras_order():
        if isinstance(part, nn.Parameter):
            _set(part, remaining.pop(0))
            continue
        _set(part.weight, _kernel(part, remaining.pop(0), mirrored))
        if part.bias is not None:
            bias = remaining.pop(0)
            _set(part.bias, _mirrored_rows(bias[None], part, mirrored)[0] if _writes_picture(part) else bias)
    if remaining:
        raise ValueError(f"Expected no further weights. Received: {[array.shape for array in remaining]}")


def _kernel(layer: nn.Module, kernel: np.ndarray, mirrored: bool) -> np.ndarray:
    """Return a kernel of Keras, [in, out] or [h, w, in, out], in PyTorch's order of axes."""
    if kernel.ndim == 2:
        return _mirrored_rows(kernel, layer, mirrored).T
    kernel = kernel[::-1, ::-1] if mirrored else kernel
    # Keras has [h, w, out, in] for a transposed convolution, PyTorch [in, out, h, w].
    return kernel.transpose(3, 2, 0, 1)


def _mirrored_rows(kernel: np.ndarray, layer: nn.Module, mirrored: bool) -> np.ndarray:
    """Mirror the pixels of the pictures that a dense layer reads or writes, if it has the attribute `picture`."""
    picture = getattr(layer, "picture", None)
    if not mirrored or picture is None:
        return kernel
    side, (height, width, channels) = picture
    if side == "inputs":
        return kernel.reshape(height, width, channels, -1)[::-1, ::-1].reshape(kernel.shape)
    return kernel.reshape(-1, height, width, channels)[:, ::-1, ::-1].reshape(kernel.shape)


def _writes_picture(layer: nn.Module) -> bool:
    return getattr(layer, "picture", ("",))[0] == "outputs"


def _set(parameter: nn.Parameter, value: np.ndarray) -> None:
    if tuple(parameter.shape) != value.shape:
        raise ValueError(f"Expected a weight of the shape {tuple(parameter.shape)}. Received: {value.shape}")
    parameter.copy_(torch.from_numpy(np.ascontiguousarray(value)))
