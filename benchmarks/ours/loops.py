"""Repeated calls inside TensorFlow, so that Python takes no part of the measured time."""

from collections.abc import Callable

import tensorflow as tf


def repeated(function: Callable) -> Callable[[int], None]:
    """Return a function of a number n, which calls `function` with the steps 0 … n − 1 in a loop inside TensorFlow.

    Every result is computed, although nothing uses it. Call i does not start before call i − 1 has ended.
    """

    def body(step, total):
        # An operator whose result is unused or never changes would be removed or moved out of the loop. One number of
        # each result is used. A function whose inputs do not change reads them from a variable.
        with tf.control_dependencies([total]):
            results = [tensor for tensor in tf.nest.flatten(function(step)) if tensor is not None]
        used = [tf.cast(tf.reshape(tensor, [-1])[0], tf.float32) for tensor in results]
        return step + 1, total + tf.add_n(used)

    @tf.function(autograph=False)
    def run(count):
        start = (tf.constant(0, tf.int64), tf.constant(0.0))
        return tf.while_loop(lambda step, total: step < count, body, start, parallel_iterations=1)[1]

    return lambda count: run(tf.constant(count, tf.int64)).numpy()
