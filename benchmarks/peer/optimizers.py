"""The optimizers of the networks in PyTorch: fused Adam, and Muon with Adam for what it leaves out."""

import itertools
import math

import torch
from torch import nn

#: Coefficients of the Newton–Schulz iteration, momentum, and root mean square of a step, as in tfgen's Muon.
NEWTON_SCHULZ, ITERATIONS, MOMENTUM, RMS = (3.4445, -4.7750, 2.0315), 5, 0.95, 0.5
SMALLEST_MATRIX = 16


class Optimizer:
    """One update of some weights: clipping of the gradient, Adam or Muon, and a moving average of the weights.

    Args:
        config: `tfgen.config.TrainConfig`.
        network: the network to train.
        last: names of the parameters of last layers, which Muon leaves to Adam.
    """

    def __init__(self, config, network: nn.Module, last: tuple[str, ...] = ()):
        self.parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
        named = dict(network.named_parameters())
        by_muon = [name for name in named if config.optimizer == "muon" and _is_matrix(named[name], name, last)]
        by_adam = [parameter for name, parameter in named.items() if name not in by_muon]
        betas = config.beta_1, config.beta_2
        self.adam = torch.optim.Adam(by_adam, config.learning_rate, betas, eps=1e-8, fused=True)
        self.muon = Muon([named[name] for name in by_muon], config.learning_rate) if by_muon else None
        self.clip_norm, self.decay = config.clip_norm, config.ema
        self.means = [parameter.detach().clone() for parameter in self.parameters] if config.ema else []

    def step(self) -> None:
        """Update the weights by their gradients, and forget the gradients."""
        if self.clip_norm is not None:
            nn.utils.clip_grad_norm_(self.parameters, self.clip_norm, foreach=True)
        self.adam.step()
        if self.muon is not None:
            self.muon.step()
        if self.means:
            with torch.no_grad():
                torch._foreach_lerp_(self.means, self.parameters, 1 - self.decay)
        for parameter in self.parameters:
            parameter.grad = None


class Muon:
    """Orthogonalized momentum of the kernels of convolutions. Kernels of one shape are updated together."""

    def __init__(self, parameters: list[nn.Parameter], rate: float):
        key = lambda parameter: tuple(parameter.shape)  # noqa: E731
        grouped = itertools.groupby(sorted(parameters, key=key), key)
        self.groups = [list(group) for _, group in grouped]
        self.momenta = [torch.zeros(len(group), *shape(group[0])) for group in self.groups]
        self.rate = rate

    @torch.no_grad()
    def step(self) -> None:
        """Update the kernels by their gradients."""
        for group, momentum in zip(self.groups, self.momenta, strict=True):
            gradient = torch.stack([matrix(parameter.grad) for parameter in group])
            momentum.mul_(MOMENTUM).add_(gradient)
            updates = orthogonalized(gradient + MOMENTUM * momentum)
            scale = self.rate * RMS * math.sqrt(max(momentum.shape[1:]))
            for parameter, update in zip(group, updates, strict=True):
                height, width = parameter.shape[2:]
                change = update.unflatten(0, (height, width, -1)).permute(3, 2, 0, 1)
                parameter.sub_(change, alpha=scale)


def orthogonalized(matrices: torch.Tensor) -> torch.Tensor:
    """Return approximately U Vᵀ of matrices U S Vᵀ, [n, rows, columns], by Newton–Schulz iterations."""
    a, b, c = NEWTON_SCHULZ
    transpose = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if transpose else matrices
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(ITERATIONS):
        square = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(square, square, square, beta=b, alpha=c), x, beta=a)
    return x.mT if transpose else x


def matrix(kernel: torch.Tensor) -> torch.Tensor:
    """Return the kernel [out, in, h, w] of a convolution as the matrix [h·w·in, out]."""
    return kernel.permute(2, 3, 1, 0).flatten(0, 2)


def shape(kernel: torch.Tensor) -> tuple[int, int]:
    """Return the shape of `matrix(kernel)`."""
    outputs, *others = kernel.shape
    return math.prod(others), outputs


def _is_matrix(parameter: nn.Parameter, name: str, last: tuple[str, ...]) -> bool:
    return parameter.ndim == 4 and name not in last and min(shape(parameter)) >= SMALLEST_MATRIX
