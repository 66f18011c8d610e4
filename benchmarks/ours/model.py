"""A compiled model of tfgen with batches of noise images."""

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.networks import Network

if TYPE_CHECKING:
    from tfgen.data.batches import Batches
    from tfgen.models.contract import GenerativeModel

#: Number of batches of the data set.
BATCHES = 20


def noise(shape: tuple[int, ...], count: int) -> np.ndarray:
    """Return examples of noise: uint8 [count, H, W, C], or float32 [count, D] for points."""
    generator = np.random.default_rng(0)
    if len(shape) == 1:
        return generator.normal(size=(count, *shape)).astype(np.float32)
    return generator.integers(0, 256, (count, *shape)).astype(np.uint8)


def prepared(network: Network) -> "tuple[GenerativeModel, Batches]":
    """Return the compiled model of a network, initialized from its first batch, and its batches."""
    import keras

    from tfgen.data.batches import Batches
    from tfgen.models import build
    from tfgen.training.optimizers import make_optimizer

    config = network.config
    batches = Batches(noise(network.shape, BATCHES * network.batch_size), network.batch_size, seed=0)
    keras.utils.set_random_seed(0)
    model = build(config, network.shape, 256 if len(network.shape) == 3 else None)
    model.initialize_from(batches.at(0))
    model.compile(make_optimizer(config.train, batches.steps_per_epoch), clip_norm=config.train.clip_norm)
    return model, batches
