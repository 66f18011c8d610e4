"""Generation by the autoregressive flow in PyTorch, diagonal by diagonal with cached activations, like tfgen's.

The pixels of a diagonal, column + 2 row = d, are generated in one step. They stand in one column of the skewed picture.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from benchmarks.peer.spline import BOUND, inverse_and_log_slope

if TYPE_CHECKING:
    from benchmarks.peer.autoregressive import CausalConv
    from benchmarks.peer.flow import Flow


@torch.inference_mode()
def generate(flow: "Flow", latents: torch.Tensor, step: Callable | None = None) -> torch.Tensor:
    """Return x = f(z) of latents [n, H, W].

    Args:
        flow: the model.
        latents: z.
        step: compiled `next_column`; None for the function itself.
    """
    count, height, width = latents.shape
    network, step = flow.network, step or next_column
    diagonals = width + 2 * (height - 1)
    columns = torch.arange(diagonals)[:, None] - 2 * torch.arange(height)
    inside = (columns >= 0) & (columns < width)
    rows = torch.arange(height).expand(diagonals, height)
    at = columns.clamp(0, width - 1)
    skewed = torch.where(inside, latents[:, rows, at], 0.0)
    biases = torch.where(inside[..., None], network.position_bias[rows, at], 0.0)
    shown = torch.cat([torch.zeros(1, height), inside.float()])[..., None]
    filters = network.position_bias.shape[-1]
    first = torch.zeros(count, height, cached_columns(network.first), 2)
    cache = [first, *(torch.zeros(count, height, cached_columns(block.first), filters) for block in network.blocks)]
    previous = torch.zeros(count, height)
    generated = []
    for diagonal in range(diagonals):
        previous, cache = step(
            flow, previous, cache, skewed[:, diagonal], biases[diagonal], shown[diagonal], shown[diagonal + 1]
        )
        generated.append(previous)
    result = torch.stack(generated, dim=1)
    diagonal = torch.arange(width) + 2 * torch.arange(height)[:, None]
    return result[:, diagonal, torch.arange(height)[:, None].expand(height, width)]


def next_column(flow, previous, cache, latent, bias, inside_previous, inside):
    """Return the pixels of a diagonal [n, H] and the next cache, from those of the diagonal before and its cache."""
    network = flow.network
    pixels = network.soft_round(previous[:, None]).permute(0, 2, 1) * inside_previous
    window = torch.cat([cache[0][:, :, 1:], pixels[:, :, None]], dim=2)
    hidden, next_cache = column(network.first, window) + bias, [window]
    for block, earlier in zip(network.blocks, cache[1:], strict=True):
        window = torch.cat([earlier, (functional.relu(hidden) * inside)[:, :, None]], dim=2)
        inner = functional.relu(column(block.first, window))
        value, gate = dense(block.second, inner).chunk(2, dim=-1)
        hidden = hidden + value * torch.sigmoid(gate)
        next_cache.append(window[:, :, 1:])
    parameters = dense(network.last, functional.relu(hidden))
    value, _ = inverse_and_log_slope(latent, parameters, flow.bins, BOUND)
    return value * inside[..., 0], next_cache


def dense(layer: nn.Conv2d, x: torch.Tensor) -> torch.Tensor:
    """Apply a 1×1 convolution to [n, H, C]."""
    return functional.linear(x, layer.weight[:, :, 0, 0], layer.bias)


def column(layer: "CausalConv", window: torch.Tensor) -> torch.Tensor:
    """Apply a causal convolution at one column of a skewed picture, [n, H, columns, C] → [n, H, filters]."""
    height, columns = window.shape[1:3]
    dilation, above = layer.dilation[0], len(layer.counts) - 1
    padded = functional.pad(window, (0, 0, 0, 0, dilation * above, 0)).flatten(1, 2)
    offsets = [dilation * (row * (columns + 2) + at) for row, count in enumerate(layer.counts) for at in range(count)]
    index = columns * torch.arange(height)[:, None] + torch.tensor(offsets)
    kernel = torch.cat([layer.weight[:, :, row, :count] for row, count in enumerate(layer.counts)], dim=2)
    kernel = kernel.permute(2, 1, 0).flatten(0, 1)
    return padded[:, index].flatten(2) @ kernel + layer.bias


def cached_columns(layer: "CausalConv") -> int:
    """Return the number of earlier columns of a skewed picture that one column of the output depends on."""
    left, _, above, _ = layer.sides
    return left + 2 * above
