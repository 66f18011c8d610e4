"""The order of an epoch: a pseudorandom permutation of which any part can be computed without the rest.

`tf.random.experimental.index_shuffle` promises the same and does not keep it (TensorFlow 2.21): for N ≤ 65,536 its
cipher reads 8 bits of each word of the key, so that epochs e and e + 256 and seeds s and s + 256 have one order; its 4
rounds are too few to look random (batch means of 60,000 examples spread half as wide as they should); and for
N = 65,537 two positions hold one example.
"""

from __future__ import annotations

import math
import zlib

import tensorflow as tf

_ROUNDS = 8
_STREAM = zlib.crc32(b"order") & 0x7FFFFFFF


def permuted(positions: tf.Tensor, n: int, seed: int, epoch: tf.Tensor) -> tf.Tensor:
    """The examples at some positions of the permutation of 0 … n − 1 that belongs to (seed, epoch).

    A Feistel network: with a = ⌈√n⌉ and b = ⌈n/a⌉, a number x < a·b is the pair (l, r) = (⌊x/b⌋, x mod b), and the
    rounds alternate l ← l + F(r) mod a and r ← r + G(l) mod b. Each round can be undone, whatever F and G are; here
    they are tables of random numbers, new ones for each round, epoch and seed. Results of n or more go round again
    until they are below n, which keeps the whole a permutation (cycle walking).

    References:
        Luby and Rackoff, How to construct pseudorandom permutations from pseudorandom functions, SIAM J. Comput. 1988.
        Black and Rogaway, Ciphers with arbitrary finite domains, CT-RSA 2002.

    Args:
        positions: int64 [M], each in [0, n).
        n: length of the permutation, at least 1.
        seed: 0 to 2⁶³ − 1.
        epoch: int64 scalar.

    Returns:
        int64 [M], each in [0, n); different positions give different results.
    """
    a = math.isqrt(n - 1) + 1
    b = -(-n // a)
    # Not `noise.StepRng`, whose numbers differ from replica to replica: the order is one for all replicas.
    key = tf.random.fold_in(tf.stack([tf.constant(seed, tf.int64), epoch]), _STREAM, alg="philox")
    tables = tf.random.stateless_uniform([_ROUNDS, a], key, minval=0, maxval=a * b, dtype=tf.int64, alg="philox")

    def encipher(x: tf.Tensor) -> tf.Tensor:
        left, right = x // b, x % b
        for i in range(0, _ROUNDS, 2):
            left = (left + tf.gather(tables[i], right)) % a
            right = (right + tf.gather(tables[i + 1], left)) % b
        return left * b + right

    (result,) = tf.while_loop(
        lambda x: tf.reduce_any(x >= n),
        lambda x: (tf.where(x >= n, encipher(x), x),),
        (encipher(positions),),
    )
    return result
