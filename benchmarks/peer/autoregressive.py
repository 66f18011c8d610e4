"""The causal network of the autoregressive flow, on whole pictures."""

import math

import torch
from torch import nn
from torch.nn import functional

DILATIONS = 1, 2, 4


class SoftRound(nn.Module):
    """Pixels on the logit scale → softly rounded intensities and their logits: [n, C, …] → [n, 2C, …]."""

    def __init__(self, levels: int, alpha: float, scale: float):
        super().__init__()
        self.levels, self.alpha, self.scale = levels, alpha, scale

    def forward(self, x):
        level = self.levels * (torch.sigmoid(self.scale * x) - self.alpha) / (1 - 2 * self.alpha)
        rounded = (level + torch.sin(2 * math.pi * level) / (2 * math.pi)).clamp(0.0, float(self.levels))
        return torch.cat([rounded / self.levels, torch.log((rounded + 0.5) / (self.levels + 0.5 - rounded))], dim=1)


class CausalConv(nn.Conv2d):
    """A convolution of the rows above and the columns around, masked to earlier diagonals: column + 2 row.

    Args:
        inputs, filters: channels.
        above, left, right: rows and columns of the window beside the pixel.
        dilation: of the window.
        strict: whether the pixel's own diagonal is excluded.
    """

    def __init__(self, inputs, filters, above=1, left=1, right=2, dilation=1, strict=False):
        super().__init__(inputs, filters, (above + 1, left + 1 + right), dilation=dilation)
        diagonal = 2 * torch.arange(-above, 1)[:, None] + torch.arange(-left, right + 1)
        visible = (diagonal < 0) if strict else (diagonal <= 0)
        self.register_buffer("visible", visible.float())
        #: Number of visible columns of each row of the window, counted from the left.
        self.counts = [int(count) for count in visible.sum(dim=1)]
        self.strict = strict
        self.sides = dilation * left, dilation * right, dilation * above, 0

    def forward(self, x):
        return functional.conv2d(
            functional.pad(x, self.sides), self.weight * self.visible, self.bias, dilation=self.dilation
        )


class CausalBlock(nn.Module):
    """x + a(h) · σ(b(h)), where h is a causal convolution of x."""

    def __init__(self, width: int, dilation: int, dropout: float):
        super().__init__()
        self.first = CausalConv(width, width, dilation=dilation)
        self.second = nn.Conv2d(width, 2 * width, 1)
        self.drop = nn.Dropout(dropout)

    def forward(self, x):
        hidden = functional.relu(self.first(functional.relu(x)))
        value, gate = self.second(self.drop(hidden)).chunk(2, dim=1)
        return x + value * torch.sigmoid(gate)


class AutoregressiveNetwork(nn.Module):
    """Pictures of one channel → parameters of each pixel that depend on earlier diagonals: [n, 1, H, W] → [n, P, H, W].

    Args:
        shape: (H, W, 1).
        outputs: P.
        width, blocks, dropout: of the residual blocks.
        soft_round: the first layer.
    """

    def __init__(self, shape, outputs: int, width: int, blocks: int, dropout: float, soft_round: SoftRound):
        super().__init__()
        self.soft_round = soft_round
        self.position_bias = nn.Parameter(torch.zeros(*shape[:2], width))
        self.first = CausalConv(2, width, above=2, left=3, right=3, strict=True)
        self.blocks = nn.ModuleList(
            CausalBlock(width, DILATIONS[index % len(DILATIONS)], dropout) for index in range(blocks)
        )
        self.last = nn.Conv2d(width, outputs, 1)

    def forward(self, x):
        hidden = self.first(self.soft_round(x)) + self.position_bias.permute(2, 0, 1)
        for block in self.blocks:
            hidden = block(hidden)
        return self.last(functional.relu(hidden))
