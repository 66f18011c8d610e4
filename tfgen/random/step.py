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

import contextlib
import contextvars
import zlib
from collections import Counter

import tensorflow as tf


def replica() -> tuple[int, tf.Tensor | int]:
    """(number of replicas in sync, index of this one); (1, 0) outside `tf.distribute`."""
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return 1, 0
    return context.num_replicas_in_sync, context.replica_id_in_sync_group


def rows(batch: tf.Tensor) -> tf.Tensor | int:
    """Number of rows of a batch [n, …]: an integer where the graph knows it, as XLA needs it."""
    return batch.shape[0] if batch.shape[0] is not None else tf.shape(batch)[0]


class StepRng:
    """The noise of one step, as a function of (seed, step, name, how often that name was drawn before).

    Used as a context manager, it also serves the layers that draw without being handed anything (`networks.Dropout`).

    Args:
        seed: integer, the run's seed.
        step: integer or scalar integer tensor, the number of the step.

    Example:
        >>> with Draws(seed=1, step=7) as draws:
        ...     epsilon = draws.normal("posterior", (128, 20))
    """

    _active: contextvars.ContextVar["StepRng"] = contextvars.ContextVar("tfgen.noise.draws")

    def __init__(self, seed, step):
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
        """The draws whose `with` block is running. Raises RuntimeError where there is none."""
        try:
            return cls._active.get()
        except LookupError:
            raise RuntimeError("Expected to run inside `with StepRng(seed, step):`; there is none.") from None

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
        precomputed = _precomputed.get()
        if precomputed is not None:
            return precomputed(kind, key, shape)
        seed = tf.random.fold_in(self._key, _stream(key), alg="philox")
        replicas, index = replica()
        if replicas == 1 or kind == "shared_uniform":
            return _KINDS[kind](shape, seed, alg="philox")
        share = shape[0]
        return _KINDS[kind]((share * replicas, *shape[1:]), seed, alg="philox")[index * share : (index + 1) * share]


def _stream(key: str) -> int:
    # A name is hashed, not numbered, so that a new kind of noise leaves the streams of the others as they were.
    return zlib.crc32(key.encode()) & 0x7FFFFFFF


_KINDS = {
    "normal": tf.random.stateless_normal,
    "uniform": tf.random.stateless_uniform,
    "shared_uniform": tf.random.stateless_uniform,
}

_precomputed: contextvars.ContextVar = contextvars.ContextVar("tfgen.random.precomputed_noise", default=None)


class PrecomputedNoise:
    """The noise of a step drawn beforehand, for a step that XLA compiles.

    XLA turns the same key into other normal numbers than TensorFlow's kernels, and on a CPU it draws more slowly: the
    dropout masks took a third of a GAN's step. So the noise is drawn outside and handed in: a compiled step and a plain
    one then see the same numbers.

    Args:
        function: makes the step's draws, all from `StepRng` of one seed and step; it is traced once and not run.
        *specs: `tf.TensorSpec` of its arguments.

    Example:
        >>> noise = PrecomputedNoise(model.train_step, tf.TensorSpec((128, 28, 28, 1), tf.uint8))
        >>> drawn = noise.precompute(StepRng(seed=1, step=7))
        >>> with noise.replay(drawn):                         # inside the compiled function
        ...     model.train_step(images)
    """

    def __init__(self, function, *specs: tf.TensorSpec):
        self._plan: dict[str, tuple[str, tuple[int, ...]]] = {}

        def record(kind, key, shape):
            if key in self._plan:
                raise ValueError(f"Expected draws of one seed and step. Received {key!r} of a second one.")
            self._plan[key] = (kind, tuple(shape))
            return tf.zeros(shape)

        token = _precomputed.set(record)
        try:
            tf.function(function, autograph=False).get_concrete_function(*specs)
        finally:
            _precomputed.reset(token)

    def precompute(self, rng: StepRng) -> list[tf.Tensor]:
        """Draw from `rng` the tensors that `function` would draw next."""
        return [getattr(rng, kind)(key.rpartition("/")[0], shape) for key, (kind, shape) in self._plan.items()]

    @contextlib.contextmanager
    def replay(self, drawn: list[tf.Tensor]):
        """Let every `StepRng` in the `with` block give out `drawn` instead of drawing."""
        by_key = dict(zip(self._plan, drawn, strict=True))
        token = _precomputed.set(lambda kind, key, shape: by_key[key])
        try:
            yield
        finally:
            _precomputed.reset(token)
