"""Sampling by tfgen: as a user calls it, and as one compiled function."""

from collections.abc import Callable
from typing import Any

from benchmarks.networks import Network
from benchmarks.ours.model import prepared


def prepare(network: Network) -> tuple[dict[str, Any], dict[str, Callable[[int], Any]]]:
    """Return facts about the network, and functions by name; each takes a number of pictures and samples them once."""
    from tfgen.startup import start_tensorflow

    start_tensorflow()
    import tensorflow as tf

    from tfgen import random
    from tfgen.models.weights import count_weights

    model, _ = prepared(network)

    @tf.function(autograph=False, reduce_retracing=True)
    def sample(seeds):
        return model.decode(model.prior_latents(seeds))

    def compiled(count: int):
        return sample(random.seeds_from(0, count)).numpy()

    return {"weights": count_weights(model.trainable_variables)}, {
        "sample": lambda count: model.sample(count, seed=0).numpy(),
        "compiled": compiled,
    }
