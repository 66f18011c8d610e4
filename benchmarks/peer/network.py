"""What the benchmarks ask of a network in PyTorch."""

import dataclasses
from collections.abc import Callable, Iterable

import torch
from torch import nn


@dataclasses.dataclass
class Objective:
    """One update of a training step. A training step of a GAN has two.

    Attributes:
        loss: function from a batch of pictures, uint8 [n, C, H, W], to the mean loss. It draws its noise itself.
        trained: the network whose weights the update changes.
        frozen: networks that the loss uses and the update does not change.
    """

    loss: Callable[[torch.Tensor], torch.Tensor]
    trained: nn.Module
    frozen: tuple[nn.Module, ...] = ()


class Peer(nn.Module):
    """A generative model in PyTorch."""

    def objectives(self) -> list[Objective]:
        """Return the updates of a training step, in order."""
        raise NotImplementedError

    def sample(self, count: int) -> torch.Tensor:
        """Sample pictures, float32 [count, C, H, W] in [0, 1]."""
        raise NotImplementedError

    def compile_sampling(self) -> None:
        """Compile what `sample` computes."""
        self.sample = torch.compile(self.sample)

    def keras_order(self) -> Iterable[nn.Module | nn.Parameter]:
        """Return the layers, and weights outside of layers, in the order of tfgen's trainable variables."""
        return (module for module in self.modules() if not list(module.children()) and list(module.parameters()))
