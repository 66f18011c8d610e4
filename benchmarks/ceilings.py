"""The largest speeds of this machine for a matrix product, a convolution and copying memory, measured by TensorFlow.

A training step of a network is compared with them: a fraction of 1 would be a step as fast as the operations alone.
"""

from collections.abc import Callable
from typing import NamedTuple

#: Rows and columns of the matrices, and numbers of the copied array. Both arrays exceed the caches of a core.
MATRIX, COPIED = 1024, 2**25
#: Side of the convolution's images, and their number. The images of flows and of VAEs have 28 and 14 pixels.
SIDE, IMAGES = 14, 128


class Ceiling(NamedTuple):
    """A function of a number of runs, and the operations or bytes of one run."""

    run: Callable[[int], None]
    amount: float


def ceilings(channels: int = 64) -> dict[str, Ceiling]:
    """Return the measurements by name: "product" and "convolution" in operations, "copy" in bytes read and written.

    Multiplication and addition are one operation each.

    Args:
        channels: input and output channels of the convolution, of 3×3.
    """
    import tensorflow as tf

    from benchmarks.ours.loops import repeated

    # Variables, because TensorFlow would compute the result of constants once for all runs.
    matrix = tf.Variable(tf.random.normal((MATRIX, MATRIX)))
    images = tf.Variable(tf.random.normal((IMAGES, SIDE, SIDE, channels)))
    kernel = tf.random.normal((3, 3, channels, channels))
    long = tf.Variable(tf.random.normal((COPIED,)))
    return {
        "product": Ceiling(repeated(lambda step: tf.matmul(matrix, matrix)), 2.0 * MATRIX**3),
        "convolution": Ceiling(
            repeated(lambda step: tf.nn.conv2d(images, kernel, 1, "SAME")),
            2.0 * IMAGES * SIDE**2 * 9 * channels**2,
        ),
        "copy": Ceiling(repeated(lambda step: long + 1.0), 2.0 * long.dtype.size * COPIED),
    }
