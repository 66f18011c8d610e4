"""The noise of a model's likelihood as a function of each example's own seed."""

import math

import tensorflow as tf

from tfgen.random.step import StepRng, stream_of
from tfgen.random.threefry import normal, uniform


class PerExampleRng(StepRng):
    """Generates the noise of a step from one seed for each example, through the interface of `StepRng`.

    Use this class where the noise of an example must not depend on the batch, and where an exported model has to
    compute the same numbers: in the likelihood. The numbers come from `tfgen.random.normal` and `uniform`, in streams
    2³¹ and above; `sample` uses the streams below.

    Args:
        seeds: int32 [n], any values, one for each row of the noise.

    Example:
        >>> with PerExampleRng(seeds_from(7, 128)) as rng:
        ...     epsilon = rng.normal("posterior", (128, 20))
    """

    def __init__(self, seeds: tf.Tensor) -> None:
        super().__init__(0, 0)
        self._seeds = seeds

    def _draw(self, kind: str, name: str, shape) -> tf.Tensor:
        drawn = {"normal": normal, "uniform": uniform}[kind](
            self._seeds, math.prod(shape[1:]), stream=stream_of(self._next(name)) | 0x80000000
        )
        return tf.reshape(drawn, (-1, *shape[1:]))
