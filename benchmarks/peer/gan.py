"""The GAN of the preset `tutorial`, fully connected."""

import math

import torch
from torch import nn
from torch.nn import functional

from benchmarks.peer.network import Objective, Peer


class GAN(Peer):
    """A generator and a discriminator with the nonsaturating loss.

    Args:
        config: `tfgen.config.GANConfig`.
        shape: (H, W, C).
    """

    def __init__(self, config, shape: tuple[int, int, int]):
        super().__init__()
        self.latent_dim = config.latent_dim
        height, width, channels = shape
        layers = mlp(config.latent_dim, config.generator_hidden, math.prod(shape), config.generator_dropout)
        self.generator = nn.Sequential(*layers, nn.Unflatten(1, (channels, height, width)), nn.Tanh())
        layers = mlp(math.prod(shape), config.discriminator_hidden, 1, config.discriminator_dropout)
        self.discriminator = nn.Sequential(nn.Flatten(), *layers)

    def discriminator_loss(self, pictures: torch.Tensor, latent: torch.Tensor) -> torch.Tensor:
        """Return the discriminator's mean loss for uint8 pictures and as many fakes, which are classified together."""
        fake = self.generator(latent).detach()
        logits = self.discriminator(torch.cat([pictures.float() / 127.5 - 1.0, fake]))
        real, fake = logits.chunk(2)
        return 0.5 * (functional.softplus(-real) + functional.softplus(fake)).mean()

    def generator_loss(self, latent: torch.Tensor) -> torch.Tensor:
        """Return the generator's mean loss."""
        return functional.softplus(-self.discriminator(self.generator(latent))).mean()

    def objectives(self):
        def of_discriminator(pictures):
            return self.discriminator_loss(pictures, torch.randn(len(pictures), self.latent_dim))

        def of_generator(pictures):
            return self.generator_loss(torch.randn(len(pictures), self.latent_dim))

        return [
            Objective(of_discriminator, self.discriminator, (self.generator,)),
            Objective(of_generator, self.generator, (self.discriminator,)),
        ]

    def sample(self, count):
        return 0.5 * (self.generator(torch.randn(count, self.latent_dim)) + 1.0)


def mlp(inputs: int, hidden, outputs: int, dropout: float) -> list[nn.Module]:
    """Return the layers of a multilayer perceptron with leaky ReLUs and dropout."""
    layers: list[nn.Module] = []
    for units in hidden:
        layers += [nn.Linear(inputs, units), nn.LeakyReLU(0.2), *([nn.Dropout(dropout)] if dropout else [])]
        inputs = units
    return [*layers, nn.Linear(inputs, outputs)]
