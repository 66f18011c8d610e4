"""Random numbers computed from a seed and a counter. Nothing here has a state."""

from tfgen.random.per_example import PerExampleRng, normal, seeds_from, threefry, uniform
from tfgen.random.step import PrecomputedNoise, StepRng, replica, rows

__all__ = [
    "PerExampleRng",
    "PrecomputedNoise",
    "StepRng",
    "normal",
    "replica",
    "rows",
    "seeds_from",
    "threefry",
    "uniform",
]
