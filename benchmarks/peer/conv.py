"""The convolutional encoder and decoder of the VAE `tutorial --arch conv`.

A convolution of stride 2 pads an even side at its end in TensorFlow, and with PyTorch's usual `padding=1` effectively
at its beginning. These networks are therefore the mirror images of tfgen's: with mirrored kernels they compute the
mirrored result of a mirrored picture. This spares PyTorch a copy of each picture for the padding.
"""

import math

import torch
from torch import nn


def sides(height: int, width: int) -> list[tuple[int, int]]:
    """Return the heights and widths of the feature maps, from the picture's own to the last."""
    found = [(height, width)]
    while min(found[-1]) > 4:
        found.append((math.ceil(found[-1][0] / 2), math.ceil(found[-1][1] / 2)))
    return found


class Flatten(nn.Module):
    """[n, C, H, W] → [n, H·W·C], in the order of TensorFlow; no copy for channels_last."""

    def forward(self, maps):
        return maps.permute(0, 2, 3, 1).flatten(1)


class Unflatten(nn.Module):
    """[n, H·W·C] → [n, C, H, W] in channels_last, the inverse of `Flatten`."""

    def __init__(self, height: int, width: int):
        super().__init__()
        self.shape = height, width

    def forward(self, vectors):
        return vectors.unflatten(1, (*self.shape, -1)).permute(0, 3, 1, 2)


class Crop(nn.Module):
    """Cut surplus rows and columns off the beginning."""

    def __init__(self, rows: int, columns: int):
        super().__init__()
        self.rows, self.columns = rows, columns

    def forward(self, maps):
        return maps[:, :, self.rows :, self.columns :]


def encoder(shape: tuple[int, int, int], outputs: int, filters: int) -> nn.Sequential:
    """Return a network from pictures [n, C, H, W] to vectors [n, outputs]."""
    height, width, channels = shape
    maps = sides(height, width)
    layers: list[nn.Module] = []
    for stage in range(len(maps) - 1):
        wide = filters * min(2**stage, 2)
        layers += [nn.Conv2d(channels, wide, 3, stride=2, padding=1), nn.GELU()]
        if stage < len(maps) - 2:
            layers += [nn.Conv2d(wide, wide, 3, padding=1), nn.GELU()]
        channels = wide
    last = nn.Linear(math.prod(maps[-1]) * channels, outputs)
    last.picture = ("inputs", (*maps[-1], channels))
    return nn.Sequential(*layers, Flatten(), last)


def decoder(latent_dim: int, shape: tuple[int, int, int], filters: int) -> nn.Sequential:
    """Return a network from latents [n, latent_dim] to logits [n, C, H, W]."""
    height, width, channels = shape
    maps = sides(height, width)
    stages = len(maps) - 1
    wide = filters * min(2 ** (stages - 1), 2)
    first = nn.Linear(latent_dim, math.prod(maps[-1]) * wide)
    first.picture = ("outputs", (*maps[-1], wide))
    layers: list[nn.Module] = [first, nn.GELU(), Unflatten(*maps[-1])]
    for stage in reversed(range(stages)):
        if stage < stages - 1:
            layers += [nn.Conv2d(wide, filters * min(2**stage, 2), 3, padding=1), nn.GELU()]
            wide = filters * min(2**stage, 2)
        next_wide = filters * min(2 ** (stage - 1), 2) if stage else channels
        layers.append(nn.ConvTranspose2d(wide, next_wide, 3, stride=2, padding=1, output_padding=1))
        surplus = [2 * small - large for small, large in zip(maps[stage + 1], maps[stage], strict=True)]
        layers += [Crop(*surplus)] if any(surplus) else []
        layers += [nn.GELU()] if stage else []
        wide = next_wide
    return nn.Sequential(*layers)


def mirrored(pictures: torch.Tensor) -> torch.Tensor:
    """Return pictures [n, C, H, W] mirrored in both directions."""
    return pictures.flip(2, 3)
