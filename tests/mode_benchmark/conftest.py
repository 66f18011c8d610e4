import dataclasses

import pytest

from tfgen.mode_benchmark import datasets as beds

TINY = {
    "generator_hidden": (8, 8),
    "discriminator_hidden": (8,),
    "latent_dim": 2,
    "train_size": 128,
    "batch_size": 32,
    "xla": "off",
}


@pytest.fixture
def tiny_bed(monkeypatch):
    """The ring with networks and data so small that a trial takes a second or two: 4 steps an epoch."""
    ring = beds.BEDS["ring8"]
    small = dataclasses.replace(ring, options={**ring.options, **TINY}, samples=200, budget=8)
    monkeypatch.setitem(beds.BEDS, "ring8", small)
    return small
