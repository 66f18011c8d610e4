"""The noise of one training or evaluation step, as a function of (seed, step, name).

The generator is TensorFlow's stateless Philox. A resumed run generates the numbers that the uninterrupted run would
have generated, because there is no state to restore.
"""

import contextvars
import math
import zlib
from collections import Counter
from collections.abc import Callable

import tensorflow as tf

# Replaces the generation of noise where it is set: `PrecomputedNoise` records or replays the noise of a step.
# Called as function(kind, key, shape).
substitute: contextvars.ContextVar[Callable | None] = contextvars.ContextVar("tfgen.random.substitute", default=None)


def replica() -> tuple[int, tf.Tensor | int]:
    """Return (number of replicas in sync, index of this replica); (1, 0) outside `tf.distribute`."""
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return 1, 0
    return context.num_replicas_in_sync, context.replica_id_in_sync_group


def rows(batch: tf.Tensor) -> tf.Tensor | int:
    """Return the number of rows of a batch [n, …]: a Python integer if the static shape has it, which XLA needs."""
    return batch.shape[0] if batch.shape[0] is not None else tf.shape(batch)[0]


class StepRng:
    """Generates the noise of one step: random numbers that depend on (seed, step, name, earlier calls with that name).

    Every replica computes the noise of the whole global batch and returns its own rows. So each replica has different
    noise, and one replica and two replicas use the same numbers.

    As a context manager, the object also serves layers that get no generator as an argument, such as
    `networks.Dropout`: they call `StepRng.current()`.

    Args:
        seed: integer, the seed of the run.
        step: integer or scalar integer tensor, the number of the step.

    Example:
        >>> with StepRng(seed=1, step=7) as rng:
        ...     epsilon = rng.normal("posterior", (128, 20))
    """

    _active: contextvars.ContextVar["StepRng"] = contextvars.ContextVar("tfgen.random.step_rng")

    def __init__(self, seed: int | tf.Tensor, step: int | tf.Tensor) -> None:
        self._key = tf.stack([tf.cast(seed, tf.int64), tf.cast(step, tf.int64)])
        self._drawn: Counter[str] = Counter()
        self._tokens: list[contextvars.Token] = []

    def __enter__(self) -> "StepRng":
        self._tokens.append(self._active.set(self))
        return self

    def __exit__(self, *_):
        self._active.reset(self._tokens.pop())

    @classmethod
    def current(cls) -> "StepRng":
        """Return the generator of the innermost `with` block. Raises RuntimeError outside of such a block."""
        try:
            return cls._active.get()
        except LookupError:
            raise RuntimeError(
                "Expected a call inside `with StepRng(seed, step):`. Received: a call outside of every such block"
            ) from None

    def normal(self, name: str, shape) -> tf.Tensor:
        """Return standard normal numbers, float32 [n, …]. `shape` is the shape for this replica's n rows."""
        return self._draw("normal", name, shape)

    def uniform(self, name: str, shape) -> tf.Tensor:
        """Return uniform numbers in [0, 1), float32 [n, …]. `shape` is the shape for this replica's n rows."""
        return self._draw("uniform", name, shape)

    def shared_uniform(self, name: str, shape) -> tf.Tensor:
        """Return uniform numbers in [0, 1), float32 of that shape, which are the same on every replica."""
        return self._draw("shared_uniform", name, shape)

    def integers(self, name: str, shape) -> tf.Tensor:
        """Return uniform integers from 0 to 2¹⁶ − 1, uint16 [n, …], in half the time of `uniform`.

        Args:
            name: of the noise.
            shape: the shape for this replica's n rows, with static sizes except n.
        """
        return self._draw("integers", name, shape)

    def _next(self, name: str) -> str:
        """Return "name/k", where k counts the earlier calls with that name."""
        occurrence = self._drawn[name]
        self._drawn[name] += 1
        return f"{name}/{occurrence}"

    def _draw(self, kind: str, name: str, shape) -> tf.Tensor:
        key = self._next(name)
        # No assignment expression: Keras's `fit` converts this code with AutoGraph, which does not support them.
        function = substitute.get()
        if function is not None:
            return function(kind, key, shape)
        seed = tf.random.fold_in(self._key, stream_of(key), alg="philox")
        replicas, index = replica()
        if replicas == 1 or kind == "shared_uniform":
            return _KINDS[kind](shape, seed, alg="philox")
        share = shape[0]
        return _KINDS[kind]((share * replicas, *shape[1:]), seed, alg="philox")[index * share : (index + 1) * share]


def stream_of(key: str) -> int:
    """Return the number of a noise stream, 0 to 2³¹ − 1: the CRC-32 of its key.

    Names are hashed, not numbered, so that a new kind of noise leaves the numbers of all other kinds unchanged.
    """
    return zlib.crc32(key.encode()) & 0x7FFFFFFF


def _integers(shape, seed, alg: str) -> tf.Tensor:
    """Return uniform uint16, two from each random word of 32 bits. A row has words of its own."""
    count = math.prod(shape[1:])
    words_shape = (shape[0], -(-count // 2))
    words = tf.random.stateless_uniform(words_shape, seed, minval=None, maxval=None, dtype=tf.int32, alg=alg)
    pairs = tf.bitcast(words, tf.uint16)
    if count % 2:
        pairs = tf.reshape(pairs, (shape[0], count + 1))[:, :count]
    return tf.reshape(pairs, shape)


#: Types of the kinds of noise that are not float32.
DTYPES = {"integers": tf.uint16}
_KINDS = {
    "normal": tf.random.stateless_normal,
    "uniform": tf.random.stateless_uniform,
    "shared_uniform": tf.random.stateless_uniform,
    "integers": _integers,
}
