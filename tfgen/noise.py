"""Every random number that tfgen draws, computed from a seed and a counter. Nothing here has a state.

Two generators, for two purposes:

- `Draws` is the noise of one training or evaluation step: TensorFlow's stateless Philox operators, keyed by
  (seed, step, name). The noise of the *whole global batch* is computed on every replica, which keeps its own rows:
  each replica has noise of its own, and one replica and two see the same numbers. A resumed run draws what the
  uninterrupted one would have drawn, because there is nothing to restore.
- `normal` and `uniform` make the noise behind a *picture* from the picture's own integer seed: Threefry-2x32 written in
  uint32 additions, multiplications, shifts and exclusive-ors, operators that a SavedModel, TFLite and a browser all
  have. One seed is one picture everywhere, whatever the batch. `SeededDraws` serves a model's likelihood from them.

Reference: Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3. SC'11.
"""

import contextlib
import contextvars
import math
import zlib
from collections import Counter

import tensorflow as tf

# ---------------------------------------------------------------------------------------------------------------------
# Noise of a step


def replica() -> tuple[int, tf.Tensor | int]:
    """(number of replicas in sync, index of this one); (1, 0) outside `tf.distribute`."""
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return 1, 0
    return context.num_replicas_in_sync, context.replica_id_in_sync_group


def rows(batch: tf.Tensor) -> tf.Tensor | int:
    """Number of rows of a batch [n, …]: an integer where the graph knows it, as XLA needs it."""
    return batch.shape[0] if batch.shape[0] is not None else tf.shape(batch)[0]


class Draws:
    """The noise of one step, as a function of (seed, step, name, how often that name was drawn before).

    Used as a context manager, it also serves the layers that draw without being handed anything (`networks.Dropout`).

    Args:
        seed: integer, the run's seed.
        step: integer or scalar integer tensor, the number of the step.

    Example:
        >>> with Draws(seed=1, step=7) as draws:
        ...     epsilon = draws.normal("posterior", (128, 20))
    """

    _active: contextvars.ContextVar["Draws"] = contextvars.ContextVar("tfgen.noise.draws")

    def __init__(self, seed, step):
        self._key = tf.stack([tf.cast(seed, tf.int64), tf.cast(step, tf.int64)])
        self._drawn: Counter[str] = Counter()
        self._tokens: list[contextvars.Token] = []

    def __enter__(self) -> "Draws":
        self._tokens.append(self._active.set(self))
        return self

    def __exit__(self, *_):
        self._active.reset(self._tokens.pop())

    @classmethod
    def current(cls) -> "Draws":
        """The draws whose `with` block is running. Raises RuntimeError where there is none."""
        try:
            return cls._active.get()
        except LookupError:
            raise RuntimeError("Expected to run inside `with noise.Draws(seed, step):`; there is none.") from None

    def normal(self, name: str, shape) -> tf.Tensor:
        """Standard normal numbers, float32 [n, …]; `shape` is that of this replica's rows."""
        return self._draw("normal", name, shape)

    def uniform(self, name: str, shape) -> tf.Tensor:
        """Uniform numbers in [0, 1), float32 [n, …]; `shape` is that of this replica's rows."""
        return self._draw("uniform", name, shape)

    def shared_uniform(self, name: str, shape) -> tf.Tensor:
        """Uniform numbers in [0, 1), float32 of that shape, one and the same on every replica: for a whole batch."""
        return self._draw("shared_uniform", name, shape)

    def _next(self, name: str) -> str:
        """The name with the number of times that it was drawn before."""
        occurrence = self._drawn[name]
        self._drawn[name] += 1
        return f"{name}/{occurrence}"

    def _draw(self, kind: str, name: str, shape) -> tf.Tensor:
        key = self._next(name)
        supply = _supply.get()
        if supply is not None:
            return supply(kind, key, shape)
        seed = tf.random.fold_in(self._key, _stream(key), alg="philox")
        replicas, index = replica()
        if replicas == 1 or kind == "shared_uniform":
            return _KINDS[kind](shape, seed, alg="philox")
        share = shape[0]
        return _KINDS[kind]((share * replicas, *shape[1:]), seed, alg="philox")[index * share : (index + 1) * share]


class SeededDraws(Draws):
    """The same names as `Draws`, each row of the noise a function of that row's own seed.

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


def _stream(key: str) -> int:
    # A name is hashed, not numbered, so that a new kind of noise leaves the streams of the others as they were.
    return zlib.crc32(key.encode()) & 0x7FFFFFFF


_KINDS = {
    "normal": tf.random.stateless_normal,
    "uniform": tf.random.stateless_uniform,
    "shared_uniform": tf.random.stateless_uniform,
}
_supply: contextvars.ContextVar = contextvars.ContextVar("tfgen.noise.supply", default=None)


class Supply:
    """The noise of a step drawn beforehand, for a step that XLA compiles.

    XLA turns the same key into other normal numbers than TensorFlow's kernels, and on a CPU it draws more slowly: the
    dropout masks took a third of a GAN's step. So the noise is drawn outside and handed in: a compiled step and a plain
    one then see the same numbers.

    Args:
        function: makes the step's draws, all from `Draws` of one seed and step; it is traced once and not run.
        *specs: `tf.TensorSpec` of its arguments.

    Example:
        >>> supply = Supply(model.train_step, tf.TensorSpec((128, 28, 28, 1), tf.uint8))
        >>> drawn = supply.draw(seed=1, step=7)
        >>> with supply.given(drawn):                         # inside the compiled function
        ...     model.train_step(images)
    """

    def __init__(self, function, *specs: tf.TensorSpec):
        self._plan: dict[str, tuple[str, tuple[int, ...]]] = {}

        def record(kind, key, shape):
            if key in self._plan:
                raise ValueError(f"Expected draws of one seed and step. Received {key!r} of a second one.")
            self._plan[key] = (kind, tuple(shape))
            return tf.zeros(shape)

        token = _supply.set(record)
        try:
            tf.function(function, autograph=False).get_concrete_function(*specs)
        finally:
            _supply.reset(token)

    def draw(self, seed, step) -> list[tf.Tensor]:
        """The tensors that `function` would draw at that step of that seed."""
        return self.draw_from(Draws(seed, step))

    def draw_from(self, draws: Draws) -> list[tf.Tensor]:
        """The tensors that `function` would draw next if it were handed these draws."""
        return [getattr(draws, kind)(key.rpartition("/")[0], shape) for key, (kind, shape) in self._plan.items()]

    @contextlib.contextmanager
    def given(self, drawn: list[tf.Tensor]):
        """Let every `Draws` in the `with` block give out `drawn` instead of drawing."""
        by_key = dict(zip(self._plan, drawn, strict=True))
        token = _supply.set(lambda kind, key, shape: by_key[key])
        try:
            yield
        finally:
            _supply.reset(token)


# ---------------------------------------------------------------------------------------------------------------------
# Noise of a picture

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
