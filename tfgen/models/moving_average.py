"""Exponential moving average of a model's weights."""

import contextlib
from collections.abc import Iterator

import keras
import tensorflow as tf


class MovingAverage(keras.layers.Layer):
    """An average θ̄ of weights θ, updated after every training step.

        θ̄ ← d θ̄ + (1 − d) θ,    d = min(decay, (1 + t) / (10 + t)) at step t

    The decay starts low and rises with t, so that the average soon forgets the random initial weights. Keras's own
    average (`use_ema` of an optimizer) is not used because its decay is constant and does not rise.

    Args:
        variables: the variables to average.
        decay: upper limit of d, in (0, 1).

    Reference: Polyak, Juditsky: Acceleration of stochastic approximation by averaging. SIAM J. Control, 1992.
    """

    def __init__(self, variables, decay: float, **kwargs):
        super().__init__(trainable=False, **kwargs)
        self.decay = decay
        self.means = [
            # All replicas hold the same value, so that the value of the first replica is the value of the variable.
            self.add_weight(
                shape=variable.shape,
                initializer="zeros",
                trainable=False,
                aggregation="only_first_replica",
                name=f"mean_{index}",
            )
            for index, variable in enumerate(variables)
        ]
        self.copy(variables)
        self.built = True

    def copy(self, variables) -> None:
        """Set the averages to the present values of `variables`."""
        for mean, variable in zip(self.means, variables, strict=True):
            mean.assign(variable)

    def update(self, variables, step) -> None:
        """Update the averages with the weights after training step number `step`."""
        step = tf.cast(step, tf.float32)
        rate = 1.0 - tf.minimum(self.decay, (1.0 + step) / (10.0 + step))
        for mean, variable in zip(self.means, variables, strict=True):
            mean.assign(mean + rate * (variable - mean))

    @contextlib.contextmanager
    def swapped(self, variables) -> Iterator[None]:
        """Context manager that gives `variables` the averaged values and restores their own values at the end."""
        self._swap(variables)
        try:
            yield
        finally:
            self._swap(variables)

    def _swap(self, variables) -> None:
        for mean, variable in zip(self.means, variables, strict=True):
            average = mean.numpy()
            mean.assign(variable)
            variable.assign(average)
