"""Generation by the autoregressive flow in PyTorch, diagonal by diagonal with cached activations, like tfgen's.

The pixels of a diagonal, column + 2 row = d, are generated in one step. They stand in one column of the skewed picture,
which has R = ⌈W / 2⌉ rows.
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
    diagonal = torch.arange(width + 2 * (height - 1))[:, None]
    rows = min(height, -(-width // 2))
    first_row = (-((width - 1 - diagonal) // 2)).clamp(0, height - rows)
    row = first_row + torch.arange(rows)
    column = diagonal - 2 * row
    inside = (column >= 0) & (column < width)
    at = column.clamp(0, width - 1)
    skewed = torch.where(inside, latents[:, row, at], 0.0)
    biases = torch.where(inside[..., None], network.position_bias[row, at], 0.0)
    shown = torch.cat([torch.zeros(1, rows), inside.float()])[..., None]
    layers = [network.first, *(block.first for block in network.blocks)]
    places = [window_places(layer, first_row, rows) for layer in layers]
    cache = [[torch.zeros(count, rows, layer.in_channels)] * backs(layer)[0] for layer in layers]
    previous = torch.zeros(count, rows)
    generated = []
    for number in range(len(diagonal)):
        of_column = skewed[:, number], biases[number], [each[number] for each in places]
        previous, cache = step(flow, previous, cache, *of_column, shown[number], shown[number + 1])
        generated.append(previous)
    result = torch.stack(generated, dim=1)
    row, column = torch.arange(height)[:, None], torch.arange(width)
    diagonal = column + 2 * row
    return result[:, diagonal, row - first_row[diagonal, 0]]


def next_column(flow, previous, cache, latent, bias, places, inside_previous, inside):
    """Return the pixels of a diagonal [n, R] and the next cache, from those of the diagonal before and its cache."""
    network = flow.network
    pixels = network.soft_round(previous[:, None]).permute(0, 2, 1) * inside_previous
    next_cache = [[*cache[0][1:], pixels]]
    hidden = windows(network.first, next_cache[0], places[0]) + bias
    for block, earlier, place in zip(network.blocks, cache[1:], places[1:], strict=True):
        current = functional.relu(hidden) * inside
        inner = functional.relu(windows(block.first, [*earlier, current], place))
        value, gate = dense(block.second, inner).chunk(2, dim=-1)
        hidden = hidden + value * torch.sigmoid(gate)
        next_cache.append([*earlier[1:], current])
    parameters = dense(network.last, functional.relu(hidden))
    value, _ = inverse_and_log_slope(latent, parameters, flow.bins, BOUND)
    return value * inside[..., 0], next_cache


def dense(layer: nn.Conv2d, x: torch.Tensor) -> torch.Tensor:
    """Apply a 1×1 convolution to [n, H, C]."""
    return functional.linear(x, layer.weight[:, :, 0, 0], layer.bias)


def windows(layer: "CausalConv", columns: list[torch.Tensor], places: torch.Tensor) -> torch.Tensor:
    """Apply a causal convolution at one column of a skewed picture.

    Args:
        layer: the convolution.
        columns: inputs of the earlier diagonals and, unless the layer is strict, of the column itself, [n, R, C] each.
        places: the row of `window_places`.

    Returns:
        [n, R, filters].
    """
    # A strict convolution has no column of its own at the end.
    source = [columns[-back] if layer.strict else columns[-1 - back] for back in backs(layer)]
    source = torch.cat([torch.zeros_like(source[0][:, :1]), *source], dim=1)
    kernel = torch.cat([layer.weight[:, :, row, :count] for row, count in enumerate(layer.counts)], dim=2)
    kernel = kernel.permute(2, 1, 0).flatten(0, 1)
    rows = columns[0].shape[1]
    return source[:, places].unflatten(1, (rows, -1)).flatten(2) @ kernel + layer.bias


def offsets(layer: "CausalConv") -> list[tuple[int, int]]:
    """Return (rows above, diagonals back) of each visible pixel of the window, row by row."""
    dilation, above = layer.dilation[0], len(layer.counts) - 1
    left = layer.sides[0] // dilation
    return [
        (dilation * (above - row), dilation * (2 * (above - row) + left - at))
        for row, count in enumerate(layer.counts)
        for at in range(count)
    ]


def backs(layer: "CausalConv") -> list[int]:
    """Return the diagonals back, in decreasing order, of the columns that one column of the output depends on."""
    return sorted({back for _, back in offsets(layer)}, reverse=True)


def window_places(layer: "CausalConv", first_row: torch.Tensor, rows: int) -> torch.Tensor:
    """Return the places of the pixels of each window in a row of zeros and the columns of `backs`, [T, R · offsets]."""
    diagonal, places = torch.arange(len(first_row)), []
    for above, back in offsets(layer):
        row = first_row + torch.arange(rows) - above - first_row[(diagonal - back).clamp(0)]
        exists = (row >= 0) & (row < rows)
        places.append(torch.where(exists, 1 + backs(layer).index(back) * rows + row, 0))
    return torch.stack(places, dim=-1).flatten(1)
