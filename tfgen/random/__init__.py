"""Random numbers computed from a seed and a counter. No generator has a state that would have to be saved.

- `StepRng`: the noise of one training or evaluation step, a function of (seed, step, name).
- `normal`, `uniform` and `PerExampleRng`: the noise of one example, a function of the example's own integer seed.
- `PrecomputedNoise`: the noise of a step, generated before the step, for steps that XLA compiles.
- `tfgen.random.permutation`: the order of the training examples in an epoch.

Reference:
    Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3. SC 2011.
"""

from tfgen.random.per_example import PerExampleRng
from tfgen.random.precomputed import PrecomputedNoise
from tfgen.random.step import StepRng, replica, rows
from tfgen.random.threefry import normal, seeds_from, threefry, uniform

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
