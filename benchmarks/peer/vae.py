"""The VAE of the presets `tutorial`, fully connected and convolutional."""

import math

import torch
from torch import nn
from torch.nn import functional

from benchmarks.peer import conv
from benchmarks.peer.network import Objective, Peer

#: Largest log standard deviation of the posterior.
MAX_LOG_STD = 2.0


class VAE(Peer):
    """p(x|z) Bernoulli, q(z|x) normal, prior N(0, I).

    Args:
        config: `tfgen.config.VAEConfig`.
        shape: (H, W, C).
    """

    def __init__(self, config, shape: tuple[int, int, int]):
        super().__init__()
        self.latent_dim = config.latent_dim
        height, width, channels = shape
        if config.arch == "conv":
            self.encoder = conv.encoder(shape, 2 * config.latent_dim, config.filters)
            self.decoder = conv.decoder(config.latent_dim, shape, config.filters)
        else:
            size = math.prod(shape)
            self.encoder = nn.Sequential(nn.Flatten(), *mlp(size, config.hidden, 2 * config.latent_dim))
            layers = mlp(config.latent_dim, config.hidden[::-1], size)
            self.decoder = nn.Sequential(*layers, nn.Unflatten(1, (channels, height, width)))

    def forward(self, pictures: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        """Return −ELBO in nats [n] of uint8 pictures [n, C, H, W], with the noise of the posterior [n, latent_dim]."""
        bits = (pictures > 127).float()
        mean, log_std = self.encoder(bits).chunk(2, dim=1)
        log_std = log_std - functional.relu(log_std - MAX_LOG_STD).detach()
        std = log_std.exp()
        logits = self.decoder(mean + std * noise)
        reconstruction = functional.binary_cross_entropy_with_logits(logits, bits, reduction="none").sum(dim=(1, 2, 3))
        return reconstruction + (0.5 * (std**2 + mean**2 - 1.0) - log_std).sum(dim=1)

    def objectives(self):
        def loss(pictures):
            return self(pictures, torch.randn(len(pictures), self.latent_dim)).mean()

        return [Objective(loss, self)]

    def sample(self, count):
        return torch.sigmoid(self.decoder(torch.randn(count, self.latent_dim)))


def mlp(inputs: int, hidden, outputs: int) -> list[nn.Module]:
    """Return the layers of a multilayer perceptron with ReLUs."""
    layers: list[nn.Module] = []
    for units in hidden:
        layers += [nn.Linear(inputs, units), nn.ReLU()]
        inputs = units
    return [*layers, nn.Linear(inputs, outputs)]
