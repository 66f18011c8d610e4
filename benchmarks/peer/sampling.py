"""Sampling in PyTorch, as it is and compiled."""

import os
from collections.abc import Callable
from typing import Any

import torch

from benchmarks.networks import Network
from benchmarks.peer.build import build


def prepare(network: Network) -> tuple[dict[str, Any], dict[str, Callable[[int], Any]]]:
    """Return facts about the network, and functions by name; each takes a number of pictures and samples them once."""
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", len(os.sched_getaffinity(0)))))
    functions = {}
    for compiled in (False, True):
        peer = build(network).eval()
        if compiled:
            peer.compile_sampling()
        functions["compiled" if compiled else "eager"] = _sampler(peer)
    return {"weights": sum(parameter.numel() for parameter in peer.parameters())}, functions


def _sampler(peer) -> Callable[[int], Any]:
    @torch.inference_mode()
    def sample(count: int):
        return peer.sample(count).numpy()

    return sample
