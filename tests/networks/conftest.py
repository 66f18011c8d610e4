import numpy as np
import pytest


@pytest.fixture(scope="session")
def randomized():
    """A function that sets every trainable weight of a layer to random values."""

    def randomize(layer, seed=0, std=0.2):
        generator = np.random.default_rng(seed)
        for variable in layer.trainable_variables:
            variable.assign(generator.normal(0.0, std, variable.shape))
        return layer

    return randomize


@pytest.fixture(scope="session")
def not_later():
    """A function that returns which pixels are on earlier diagonals than a given one, or on its own if not `strict`."""

    def mask(height, width, row, column, strict):
        diagonal = 2 * np.arange(height)[:, None] + np.arange(width)
        return diagonal < diagonal[row, column] + (not strict)

    return mask
