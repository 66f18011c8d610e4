"""Speed of a reference flow in PyTorch, for comparison: python benchmarks/tutorial_flow.py [--steps 10] [--repeats 5]

Prints one JSON object: number of weights, operations of a training step for each image (counted by PyTorch), images/s
and GFLOP/s, as `python -m benchmarks training` does. Run both alternately on an otherwise idle machine. The benchmark
needs PyTorch, in its own environment: `pip install torch numpy`.

The flow is the multi-scale flow of tutorial 11 of the University of Amsterdam's deep learning course, implemented
from its description. Variational dequantization has four couplings of width 16. Two checkerboard couplings of width
32 follow at 28×28, two channel couplings of width 48 after a squeeze, and, with half of the channels factored out,
four channel couplings of width 64 after a second squeeze. The network of a coupling has three gated residual blocks,
each followed by layer normalization over the channels, with ConcatELU activations. Log-scales are bounded by a tanh
with learned bounds. The optimizer is Adam with gradients clipped at norm 1.
"""

import argparse
import json
import math
import os
import statistics
import time

import numpy as np

try:
    import torch
except ImportError as error:
    raise SystemExit(f"error: expected PyTorch (pip install torch numpy). Received: {error}") from None
from torch import nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode


class ConcatELU(nn.Module):
    def forward(self, x):
        return torch.cat([functional.elu(x), functional.elu(-x)], dim=1)


class ChannelNorm(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(1, channels, 1, 1))
        self.bias = nn.Parameter(torch.zeros(1, channels, 1, 1))

    def forward(self, x):
        mean = x.mean(dim=1, keepdim=True)
        variance = x.var(dim=1, unbiased=False, keepdim=True)
        return (x - mean) / torch.sqrt(variance + 1e-5) * self.gain + self.bias


class GatedBlock(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.inside = nn.Sequential(
            ConcatELU(),
            nn.Conv2d(2 * width, width, 3, padding=1),
            ConcatELU(),
            nn.Conv2d(2 * width, 2 * width, 1),
        )

    def forward(self, x):
        value, gate = self.inside(x).chunk(2, dim=1)
        return x + value * torch.sigmoid(gate)


def network(channels, width, outputs, blocks=3):
    layers = [nn.Conv2d(channels, width, 3, padding=1)]
    for _ in range(blocks):
        layers += [GatedBlock(width), ChannelNorm(width)]
    last = nn.Conv2d(2 * width, outputs, 3, padding=1)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return nn.Sequential(*layers, ConcatELU(), last)


class Coupling(nn.Module):
    """z = (x + t) exp(s) where the mask is 0; s and t depend on x where the mask is 1, and on a condition."""

    def __init__(self, mask, channels, width, conditions=0):
        super().__init__()
        self.network = network(channels + conditions, width, 2 * channels)
        self.bound = nn.Parameter(torch.zeros(channels))
        self.register_buffer("mask", mask)

    def forward(self, x, log_det, condition=None):
        conditioning = x * self.mask
        conditioning = conditioning if condition is None else torch.cat([conditioning, condition], dim=1)
        scale, shift = self.network(conditioning).chunk(2, dim=1)
        bound = self.bound.exp().view(1, -1, 1, 1)
        scale = torch.tanh(scale / bound) * bound * (1 - self.mask)
        return (x + shift * (1 - self.mask)) * torch.exp(scale), log_det + scale.sum(dim=(1, 2, 3))


def checkerboard(side, invert):
    row, column = np.indices((side, side))
    return torch.tensor((row + column + invert) % 2, dtype=torch.float32).view(1, 1, side, side)


def half(channels, invert):
    mask = torch.cat([torch.ones(channels // 2), torch.zeros(channels - channels // 2)]).view(1, -1, 1, 1)
    return 1 - mask if invert else mask


def squeeze(x):
    return functional.pixel_unshuffle(x, 2)


class MultiScaleFlow(nn.Module):
    def __init__(self):
        super().__init__()
        self.noise = nn.ModuleList(Coupling(checkerboard(28, i % 2), 1, 16, conditions=1) for i in range(4))
        self.first = nn.ModuleList(Coupling(checkerboard(28, i % 2), 1, 32) for i in range(2))
        self.second = nn.ModuleList(Coupling(half(4, i % 2), 4, 48) for i in range(2))
        self.third = nn.ModuleList(Coupling(half(8, i % 2), 8, 64) for i in range(4))

    def forward(self, images):
        """Return the bound on −log p(image) in nats: pixel levels [n, 1, 28, 28] → [n]."""
        noise = torch.rand_like(images)
        noise, log_det = self._logit(noise, torch.zeros(len(images)))
        for coupling in self.noise:
            noise, log_det = coupling(noise, log_det, images / 255.0 * 2.0 - 1.0)
        log_det = log_det - functional.softplus(noise).add(functional.softplus(-noise)).sum(dim=(1, 2, 3))
        y = (images + torch.sigmoid(noise)) / 256.0
        x, log_det = self._logit(y, log_det - math.log(256.0) * 784)
        for coupling in self.first:
            x, log_det = coupling(x, log_det)
        x = squeeze(x)
        for coupling in self.second:
            x, log_det = coupling(x, log_det)
        x, rest = x.chunk(2, dim=1)
        x = squeeze(x)
        for coupling in self.third:
            x, log_det = coupling(x, log_det)
        prior = sum((-0.5 * z**2 - 0.5 * math.log(2 * math.pi)).sum(dim=(1, 2, 3)) for z in (x, rest))
        return -(prior + log_det)

    @staticmethod
    def _logit(y, log_det, alpha=1e-5):
        y = y * (1 - alpha) + 0.5 * alpha
        change = -torch.log(y) - torch.log(1 - y)
        return torch.log(y) - torch.log(1 - y), log_det + change.sum(dim=(1, 2, 3)) + math.log(1 - alpha) * 784


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=128, help="Images per step [default: 128, as in the tutorial].")
    parser.add_argument("--steps", type=int, default=10, help="Steps of each measurement [default: 10].")
    parser.add_argument("--repeats", type=int, default=5, help="Measurements [default: 5].")
    options = parser.parse_args()
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    torch.manual_seed(0)
    flow = MultiScaleFlow()
    optimizer = torch.optim.Adam(flow.parameters(), 1e-3)
    images = torch.randint(0, 256, (options.batch, 1, 28, 28)).float()

    def step():
        optimizer.zero_grad()
        flow(images).mean().backward()
        nn.utils.clip_grad_norm_(flow.parameters(), 1.0)
        optimizer.step()

    with FlopCounterMode(display=False) as counter:
        step()
    seconds = []
    for _ in range(options.repeats + 1):
        started = time.perf_counter()
        for _ in range(options.steps):
            step()
        seconds.append(time.perf_counter() - started)
    rate = options.steps * options.batch / statistics.median(seconds[1:])
    flops = counter.get_total_flops() / options.batch
    found = {
        "model": "multi-scale flow of the tutorial, PyTorch " + torch.__version__,
        "cores": torch.get_num_threads(),
        "weights": sum(parameter.numel() for parameter in flow.parameters()),
        "operations an image": round(flops),
        "images/s": round(rate, 1),
        "GFLOP/s": round(rate * flops / 1e9, 1),
    }
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
