"""Every random number that tfgen draws, computed from a seed and a counter. Nothing here has a state.

Two generators, for two purposes:

- `StepRng` is the noise of one training or evaluation step: TensorFlow's stateless Philox operators, keyed by
  (seed, step, name). The noise of the *whole global batch* is computed on every replica, which keeps its own rows:
  each replica has noise of its own, and one replica and two see the same numbers. A resumed run draws what the
  uninterrupted one would have drawn, because there is nothing to restore.
- `normal` and `uniform` make the noise behind a *picture* from the picture's own integer seed: Threefry-2x32 written in
  uint32 additions, multiplications, shifts and exclusive-ors, operators that a SavedModel, TFLite and a browser all
  have. One seed is one picture everywhere, whatever the batch. `PerExampleRng` serves a model's likelihood from them.

Reference: Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3. SC'11.
"""

import math

import tensorflow as tf

from tfgen.random.step import StepRng, _stream


class PerExampleRng(StepRng):
    """The same names as `StepRng`, each row of the noise a function of that row's own seed.

    What it draws is made by `normal` and `uniform` below: it does not depend on the batch, and an exported model draws
    it too. The streams of the names lie in the upper half of the 2³², apart from those of the pictures.

    Args:
        seeds: int32 [n], any values, one for each row.

    Example:
        >>> with SeededDraws(seeds_from(7, 128)) as draws:
        ...     epsilon = draws.normal("posterior", (128, 20))
    """

    def __init__(self, seeds):
        super().__init__(0, 0)
        self._seeds = seeds

    def _draw(self, kind: str, name: str, shape) -> tf.Tensor:
        drawn = {"normal": normal, "uniform": uniform}[kind](
            self._seeds, math.prod(shape[1:]), stream=_stream(self._next(name)) | 0x80000000
        )
        return tf.reshape(drawn, (-1, *shape[1:]))


_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))

_PARITY = 0x1BD11BDA


def _u32(value: int) -> tf.Tensor:
    return tf.constant(value, tf.uint32)


def _rotate(x: tf.Tensor, bits: int) -> tf.Tensor:
    # TFLite has neither a left shift of uint32 nor a bitwise "or": a product modulo 2^32 is the one, and the exclusive
    # "or" of words that have no bit in common the other.
    return tf.bitwise.bitwise_xor(x * _u32(1 << bits), tf.bitwise.right_shift(x, _u32(32 - bits)))


def threefry(key: tuple[tf.Tensor, tf.Tensor], counter: tuple[tf.Tensor, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
    """Threefry-2x32 with 20 rounds: two words of key, two of counter, two random words.

    Args:
        key, counter: pairs of uint32 tensors that broadcast against each other.

    Returns:
        Pair of uint32 tensors of the broadcast shape.
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


def _words(seeds, pairs: int, stream: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Two uint32 tensors [n, pairs] of random bits for each of the integer seeds [n]."""
    # A cast of a negative number wraps at 2^32, as a bitcast would, which ONNX lacks.
    seeds = tf.cast(tf.cast(seeds, tf.int32), tf.uint32)[:, None]
    index = tf.constant([[*range(pairs)]], tf.uint32)
    return threefry((seeds, tf.fill(tf.shape(seeds), _u32(stream))), (index, tf.zeros_like(index)))


def _open_unit(words: tf.Tensor) -> tf.Tensor:
    # 23 bits and a half: every value is exact in float32, and neither 0 (its logarithm) nor 1 can come out.
    high = tf.cast(tf.cast(tf.bitwise.right_shift(words, _u32(9)), tf.int32), tf.float32)
    return (high + 0.5) * 2.0**-23


def uniform(seeds, count: int, stream: int = 0) -> tf.Tensor:
    """Uniform numbers in the open interval (0, 1), a row for each seed.

    Args:
        seeds: int32 [n], any values.
        count: numbers a row.
        stream: independent streams of the same seed.

    Returns:
        float32 [n, count].
    """
    x0, x1 = _words(seeds, -(-count // 2), stream)
    return tf.concat([_open_unit(x0), _open_unit(x1)], axis=1)[:, :count]


def normal(seeds, count: int, stream: int = 0) -> tf.Tensor:
    """Standard normal numbers, a row for each seed, by the transform of Box and Muller (1958).

    Args:
        seeds: int32 [n], any values.
        count: numbers a row.
        stream: independent streams of the same seed.

    Returns:
        float32 [n, count], each of magnitude at most sqrt(48 ln 2) = 5.77.
    """
    x0, x1 = _words(seeds, -(-count // 2), stream)
    radius = tf.sqrt(-2.0 * tf.math.log(_open_unit(x0)))
    angle = 2.0 * math.pi * _open_unit(x1)
    return tf.concat([radius * tf.cos(angle), radius * tf.sin(angle)], axis=1)[:, :count]


def seeds_from(seed: int, n: int) -> tf.Tensor:
    """The seeds seed, seed + 1, …, seed + n − 1 of n pictures, int32 [n], wrapping at 2³¹."""
    first = (int(seed) + 2**31) % 2**32 - 2**31
    return tf.constant(first, tf.int32) + tf.range(n, dtype=tf.int32)
