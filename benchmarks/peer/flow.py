"""The autoregressive spline flow with variational dequantization (presets `autoregressive` and `autoregressive-small`).

A new network is initialized like tfgen's: the last convolutions are zero.
"""

import math
from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional

from benchmarks.peer.autoregressive import AutoregressiveNetwork, SoftRound
from benchmarks.peer.network import Objective, Peer
from benchmarks.peer.spline import BOUND, spline_and_log_slope

#: Bins of the splines of the noise of dequantization, which map [−1, 1] to itself.
NOISE_BINS = 8
LEVELS = 256


class Dequantizer(nn.Module):
    """Two spline couplings of the noise, each of one half of a block's pixels: ε, x → u and log q(u|x).

    Args:
        block: side of the blocks of pixels that become channels.
        width: filters of the networks.
    """

    def __init__(self, block: int, width: int):
        super().__init__()
        channels = block**2
        self.block, self.sizes = block, (channels // 2, channels - channels // 2)
        self.register_buffer("order", torch.tensor(coarse_to_fine(block)))
        self.conditioners = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(2 * channels - size, width, 3, padding=1),
                nn.ReLU(),
                nn.Conv2d(width, width, 1),
                nn.ReLU(),
                nn.Conv2d(width, size * (3 * NOISE_BINS - 1), 1),
            )
            for size in self.sizes
        )

    def forward(self, whole, uniform):
        pixels = self._squeezed(whole * (2.0 / (LEVELS - 1)) - 1.0)
        parts = list(self._squeezed(2.0 * uniform - 1.0).split(self.sizes, dim=1))
        log_density = 0.0
        for index, network in enumerate(self.conditioners):
            parameters = network(torch.cat([parts[1 - index], pixels], dim=1))
            parameters = parameters.permute(0, 2, 3, 1).unflatten(3, (self.sizes[index], -1))
            z, log_slope = spline_and_log_slope(parts[index].permute(0, 2, 3, 1), parameters, NOISE_BINS, 1.0)
            parts[index] = z.permute(0, 3, 1, 2)
            log_density = log_density - log_slope.sum(dim=(1, 2, 3))
        noise = torch.cat(parts, dim=1)[:, self.order.argsort()]
        return 0.5 * (functional.pixel_shuffle(noise, self.block) + 1.0), log_density

    def _squeezed(self, pictures):
        return functional.pixel_unshuffle(pictures, self.block)[:, self.order]


class Flow(Peer):
    """log p(x) of pictures with one channel.

    Args:
        config: `tfgen.config.flow.FlowConfig` with `autoregressive`.
        shape: (H, W, 1).
    """

    def __init__(self, config, shape: tuple[int, int, int]):
        super().__init__()
        self.shape, self.alpha, self.bins = shape, config.alpha, config.bins
        #: `generation.next_column`, compiled; None for the function itself.
        self.next_column: Callable | None = None
        self.scale = math.log((1 - config.alpha) / config.alpha) / BOUND
        self.dequantizer = Dequantizer(config.squeeze[0], config.width)
        soft_round = SoftRound(LEVELS, config.alpha, self.scale)
        self.network = AutoregressiveNetwork(
            shape, 3 * config.bins - 1, config.width, config.blocks, config.dropout, soft_round
        )
        blocks = [block.second for block in self.network.blocks]
        for layer in [self.network.last, *blocks, *(network[-1] for network in self.dequantizer.conditioners)]:
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, pictures: torch.Tensor, uniform: torch.Tensor) -> torch.Tensor:
        """Return the negative bound in nats of each pixel, [n], of uint8 pictures and uniform noise, [n, 1, H, W]."""
        whole = pictures.float()
        fraction, log_noise = self.dequantizer(whole, uniform)
        y = self.alpha + (1 - 2 * self.alpha) * (whole + fraction) / LEVELS
        x = (torch.log(y) - torch.log1p(-y)) / self.scale
        log_det = -torch.log(y) - torch.log1p(-y) + math.log(1 - 2 * self.alpha) - math.log(self.scale)
        parameters = self.network(x).permute(0, 2, 3, 1)
        z, log_slope = spline_and_log_slope(x[:, 0], parameters, self.bins, BOUND)
        log_normal = -0.5 * z**2 - 0.5 * math.log(2 * math.pi)
        size = math.prod(self.shape)
        log_prob = (log_normal + log_slope + log_det[:, 0]).sum(dim=(1, 2)) - log_noise - size * math.log(LEVELS)
        return -log_prob / size

    def objectives(self):
        return [Objective(lambda pictures: self(pictures, torch.rand(pictures.shape)).mean(), self)]

    def sample(self, count):
        from benchmarks.peer.generation import generate

        height, width, _ = self.shape
        x = generate(self, torch.randn(count, height, width), self.next_column)
        y = (torch.sigmoid(self.scale * x) - self.alpha) / (1 - 2 * self.alpha)
        return ((y * LEVELS - 0.5) / (LEVELS - 1)).clamp(0.0, 1.0)[:, None]

    def compile_sampling(self):
        from benchmarks.peer.generation import next_column

        self.next_column = torch.compile(next_column)

    def keras_order(self):
        network = self.network
        order = [layer for conditioner in self.dequantizer.conditioners for layer in conditioner[::2]]
        order += [network.position_bias, network.first]
        for block in network.blocks:
            order += [block.second, block.first]
        order.append(network.last)
        return order


def coarse_to_fine(block: int) -> list[int]:
    """Return the pixels of a block, row · block + column, each as far as possible from all pixels before it."""

    def distance(one, other):
        return sum(min((a - b) % block, (b - a) % block) ** 2 for a, b in zip(one, other, strict=True))

    remaining = [(row, column) for row in range(block) for column in range(block)]
    order: list[tuple[int, int]] = []
    while remaining:
        distances = {pixel: [distance(pixel, earlier) for earlier in reversed(order)] for pixel in remaining}
        order.append(max(remaining, key=lambda pixel: (min(distances[pixel], default=0), distances[pixel])))
        remaining.remove(order[-1])
    return [row * block + column for row, column in order]
