"""Repeated calls inside TensorFlow, so that Python takes no part of the measured time."""

from collections.abc import Callable

import tensorflow as tf


def repeated(function: Callable) -> Callable[[int], None]:
    """Return a function of a number n, which calls `function` with the steps 0 … n − 1 in a loop inside TensorFlow.

    Every result is computed, although nothing uses it. Call i does not start before call i − 1 has ended.
    """

    def body(step):
        # An operator whose inputs do not change would be moved out of the loop. This condition keeps it inside.
        with tf.control_dependencies([step]):
            results = [tensor for tensor in tf.nest.flatten(function(step)) if tensor is not None]
        with tf.control_dependencies(results):
            return (step + 1,)

    @tf.function(autograph=False)
    def run(count):
        start = (tf.constant(0, tf.int64),)
        return tf.while_loop(lambda step: step < count, body, start, parallel_iterations=1)

    return lambda count: run(tf.constant(count, tf.int64))[0].numpy()
