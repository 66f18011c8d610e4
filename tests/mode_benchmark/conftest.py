import dataclasses

import pytest

from tfgen.mode_benchmark.datasets import DATASETS

TINY = {
    "generator_hidden": (8, 8),
    "discriminator_hidden": (8,),
    "latent_dim": 2,
    "train_size": 128,
    "batch_size": 32,
    "xla": "off",
}


@pytest.fixture
def tiny_dataset(monkeypatch):
    """The ring with networks and data so small that a trial takes a second or two: 4 steps an epoch."""
    ring = DATASETS["ring8"]
    small = dataclasses.replace(ring, options={**ring.options, **TINY}, samples=200, steps=8)
    monkeypatch.setitem(DATASETS, "ring8", small)
    return small
