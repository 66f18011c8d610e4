import math

import numpy as np
import pytest


@pytest.fixture(scope="session")
def randomized():
    """A function that sets every trainable weight of a layer or model to random values."""

    def randomize(layer, seed=0, gain=1.0):
        generator = np.random.default_rng(seed)
        for variable in layer.trainable_variables:
            fan_in = math.prod(variable.shape[:-1]) or 1
            std = gain / math.sqrt(fan_in) if len(variable.shape) > 1 else 0.3 * gain
            variable.assign(generator.normal(0.0, std, variable.shape))
        return layer

    return randomize
