"""The training step in PyTorch, in the variants from which the benchmark takes the fastest."""

import itertools
import os
import re
from collections.abc import Callable
from typing import Any

import torch

from benchmarks.networks import Network
from benchmarks.peer.build import build
from benchmarks.peer.optimizers import Optimizer

#: Number of batches of the data set.
BATCHES = 20


def prepare(network: Network) -> tuple[dict[str, Any], dict[str, Callable[[int], Any]]]:
    """Return facts about the network, and the training step in each variant by name; each takes a number of steps.

    The variants are combinations of "channels_last", for networks with convolutions, and "compiled"
    (`torch.compile`). Each has a network of its own. Adam is fused in all of them.
    """
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", len(os.sched_getaffinity(0)))))
    torch.manual_seed(0)
    peer = build(network)
    layouts = (False, True) if any(parameter.ndim == 4 for parameter in peer.parameters()) else (False,)
    functions = {}
    for channels_last, compiled in itertools.product(layouts, (False, True)):
        name = " ".join(["compiled" if compiled else "eager", *(["channels_last"] if channels_last else [])])
        functions[name] = steps(network, channels_last, compiled)
    return {"weights": sum(parameter.numel() for parameter in peer.parameters())}, functions


def steps(network: Network, channels_last: bool, compiled: bool) -> Callable[[int], float]:
    """Return a function of a number of training steps, which returns the sum of their losses."""
    peer = build(network)
    if channels_last:
        peer.to(memory_format=torch.channels_last)
    peer.train()
    config, objectives = network.config.train, peer.objectives()
    last = tuple(name for name, _ in peer.named_parameters() if re.search(r"\.last\.|conditioners\.\d+\.4\.", name))
    updates = []
    for objective in objectives:
        loss = torch.compile(objective.loss) if compiled else objective.loss
        prefix = next((f"{name}." for name, child in peer.named_children() if child is objective.trained), "")
        own = tuple(name.removeprefix(prefix) for name in last)
        updates.append((objective, loss, Optimizer(config, objective.trained, own)))
    height, width, channels = network.shape
    pictures = torch.randint(0, 256, (BATCHES * config.batch_size, channels, height, width), dtype=torch.uint8)
    order = iter(())

    def run(count: int) -> float:
        nonlocal order
        total = torch.zeros(())
        for _ in range(count):
            rows = next(order, None)
            if rows is None:
                order = iter(torch.randperm(len(pictures)).split(config.batch_size))
                rows = next(order)
            batch = pictures[rows]
            for objective, loss, optimizer in updates:
                for frozen in objective.frozen:
                    frozen.requires_grad_(False)
                value = loss(batch)
                value.backward()
                for frozen in objective.frozen:
                    frozen.requires_grad_(True)
                optimizer.step()
                total += value.detach()
        return total.item()

    return run
