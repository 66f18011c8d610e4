"""Random numbers of single examples: each row is a function of that row's integer seed.

One seed gives one example everywhere: the numbers do not depend on the batch, and they are the same in Keras, in a
SavedModel, in TFLite and in a browser. TensorFlow's own generators cannot do this, because TFLite does not have them.
The generator is Threefry-2x32, written with uint32 additions, multiplications, shifts and exclusive-ors, which all
export formats have.

Reference:
    Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3. SC 2011.
"""

import math

import numpy as np
import tensorflow as tf

# Constants of Threefry-2x32 from the reference: rotations in bits, by round, and the parity word of the key schedule.
_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = 0x1BD11BDA


def threefry(key: tuple[tf.Tensor, tf.Tensor], counter: tuple[tf.Tensor, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the Threefry-2x32 block function with 20 rounds.

    Args:
        key, counter: pairs of uint32 tensors that broadcast against each other.

    Returns:
        Pair of uint32 tensors of the broadcast shape: 64 random bits for each (key, counter).
    """
    k0, k1 = key
    keys = (k0, k1, tf.bitwise.bitwise_xor(tf.bitwise.bitwise_xor(k0, k1), _u32(_PARITY)))
    x0, x1 = counter[0] + keys[0], counter[1] + keys[1]
    for block in range(5):
        for bits in _ROTATIONS[block % 2]:
            x0 = x0 + x1
            x1 = tf.bitwise.bitwise_xor(_rotate(x1, bits), x0)
        x0 = x0 + keys[(block + 1) % 3]
        x1 = x1 + keys[(block + 2) % 3] + _u32(block + 1)
    return x0, x1


def uniform(seeds, count: int, stream: int = 0) -> tf.Tensor:
    """Return uniform random numbers in the open interval (0, 1), one row for each seed.

    Args:
        seeds: int32 [n], any values.
        count: numbers per row.
        stream: 0 to 2³² − 1. Different streams of one seed are independent.

    Returns:
        float32 [n, count].
    """
    return _rows(_uniform, _traced_uniform, seeds, count, stream)


def normal(seeds, count: int, stream: int = 0) -> tf.Tensor:
    """Return standard normal random numbers, one row for each seed, by the transform of Box and Muller (1958).

    Args:
        seeds: int32 [n], any values.
        count: numbers per row.
        stream: 0 to 2³² − 1. Different streams of one seed are independent.

    Returns:
        float32 [n, count], each of magnitude at most sqrt(48 ln 2) = 5.77.
    """
    return _rows(_normal, _traced_normal, seeds, count, stream)


def seeds_from(seed: int, n: int) -> tf.Tensor:
    """Return the seeds of n examples: seed, seed + 1, …, seed + n − 1 as int32 [n], wrapping at 2³¹."""
    first = (int(seed) + 2**31) % 2**32 - 2**31
    # NumPy's sum wraps around, and takes a fifth of the time of two operations of TensorFlow.
    return tf.constant(np.int32(first) + np.arange(n, dtype=np.int32))


def _u32(value: int) -> tf.Tensor:
    return tf.constant(value, tf.uint32)


def _rotate(x: tf.Tensor, bits: int) -> tf.Tensor:
    # TFLite has neither a left shift of uint32 nor a bitwise "or". Multiplication modulo 2^32 replaces the shift.
    # Exclusive "or" replaces "or", since the two words have no set bit in common.
    return tf.bitwise.bitwise_xor(x * _u32(1 << bits), tf.bitwise.right_shift(x, _u32(32 - bits)))


def _rows(function, traced, seeds, count: int, stream: int) -> tf.Tensor:
    """Return the numbers of each seed, [n, count], by `function` in a graph and by `traced` in eager code."""
    # A cast wraps negative numbers at 2^32. A bitcast would give the same value, but ONNX has none.
    words = tf.cast(tf.cast(seeds, tf.int32), tf.uint32)
    index = tf.constant([*range(-(-count // 2))], tf.uint32)
    # In eager code, Python would start the 150 operations one by one, which takes twenty times as long.
    return (traced if tf.executing_eagerly() else function)(words, index, _u32(stream))[:, :count]


def _uniform(seeds, index, stream) -> tf.Tensor:
    """Return numbers in (0, 1), float32 [n, 2 p]: seeds uint32 [n], index of each pair uint32 [p], stream uint32 []."""
    x0, x1 = _words(seeds, index, stream)
    return tf.concat([_open_unit(x0), _open_unit(x1)], axis=1)


def _normal(seeds, index, stream) -> tf.Tensor:
    """Return standard normal numbers. Arguments and shapes are those of `_uniform`."""
    x0, x1 = _words(seeds, index, stream)
    radius = tf.sqrt(-2.0 * tf.math.log(_open_unit(x0)))
    angle = 2.0 * math.pi * _open_unit(x1)
    return tf.concat([radius * tf.cos(angle), radius * tf.sin(angle)], axis=1)


_SIGNATURE = [tf.TensorSpec([None], tf.uint32), tf.TensorSpec([None], tf.uint32), tf.TensorSpec([], tf.uint32)]
_traced_uniform = tf.function(_uniform, input_signature=_SIGNATURE, autograph=False)
_traced_normal = tf.function(_normal, input_signature=_SIGNATURE, autograph=False)


def _words(seeds, index, stream) -> tuple[tf.Tensor, tf.Tensor]:
    """Return two uint32 tensors [n, p] of random bits."""
    seeds, index = seeds[:, None], index[None]
    return threefry((seeds, tf.fill(tf.shape(seeds), stream)), (index, tf.zeros_like(index)))


def _open_unit(words: tf.Tensor) -> tf.Tensor:
    """Return the numbers (k + 1/2) / 2²³ for the upper 23 bits k of each word."""
    # All of these are exact in float32. None is 0, whose logarithm is infinite, and none is 1.
    high = tf.cast(tf.cast(tf.bitwise.right_shift(words, _u32(9)), tf.int32), tf.float32)
    return (high + 0.5) * 2.0**-23
