import math

import numpy as np
import pytest
import tensorflow as tf


@pytest.fixture(scope="session")
def randomized():
    """A function that gives every trainable weight of a layer or model a random value, zero-initialized ones too."""

    def randomize(layer, seed=0, gain=1.0):
        generator = np.random.default_rng(seed)
        for variable in layer.trainable_variables:
            fan_in = math.prod(variable.shape[:-1]) or 1
            std = gain / math.sqrt(fan_in) if len(variable.shape) > 1 else 0.3 * gain
            variable.assign(generator.normal(0.0, std, variable.shape))
        return layer

    return randomize


@pytest.fixture(scope="session")
def jacobian():
    """A function that returns the Jacobian of a map at one event as a float64 matrix, by autodiff."""

    def of(function, event):
        # A copy of the event for each row: what is independent along the batch needs a single backward pass.
        size = event.size
        events = tf.constant(np.repeat(event[None], size, axis=0))
        with tf.GradientTape() as tape:
            tape.watch(events)
            values = tf.reshape(function(events), (size, size))
        rows = tape.gradient(values, events, output_gradients=tf.eye(size))
        return tf.reshape(rows, (size, size)).numpy().astype(np.float64)

    return of
