"""Random numbers computed from a seed and a counter. Nothing here has a state."""

from tfgen.random.per_example import SeededDraws, normal, seeds_from, threefry, uniform
from tfgen.random.step import Draws, Supply, replica, rows

__all__ = ["Draws", "SeededDraws", "Supply", "normal", "replica", "rows", "seeds_from", "threefry", "uniform"]
