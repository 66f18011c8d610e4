"""An exponential moving average of weights."""

import contextlib

import keras
import tensorflow as tf


class MovingAverage(keras.layers.Layer):
    """Keeps θ̄ ← d θ̄ + (1 − d) θ with d = min(decay, (1 + t) / (10 + t)).

    The decay rises with the step t, so that the first weights, which are noise, are forgotten quickly.

    Reference: Polyak, Juditsky: Acceleration of stochastic approximation by averaging. SIAM J. Control, 1992.

    Args:
        variables: the variables to follow.
        decay: d after the start, in (0, 1).
    """

    def __init__(self, variables, decay: float, **kwargs):
        super().__init__(trainable=False, **kwargs)
        self.decay = decay
        self.means = [
            # Equal on all replicas, as the weights are; any one's value is the value.
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
        """Begin anew from the present values of `variables`."""
        for mean, variable in zip(self.means, variables, strict=True):
            mean.assign(variable)

    def update(self, variables, step) -> None:
        """Take in the weights after update number `step`."""
        step = tf.cast(step, tf.float32)
        rate = 1.0 - tf.minimum(self.decay, (1.0 + step) / (10.0 + step))
        for mean, variable in zip(self.means, variables, strict=True):
            mean.assign(mean + rate * (variable - mean))

    @contextlib.contextmanager
    def swapped(self, variables):
        """Exchange averages and weights for the length of a `with` block."""
        self._swap(variables)
        try:
            yield
        finally:
            self._swap(variables)

    def _swap(self, variables) -> None:
        for mean, variable in zip(self.means, variables, strict=True):
            kept = mean.numpy()
            mean.assign(variable)
            variable.assign(kept)
