"""Elementwise functions that XLA compiles into one operation for each direction of a training step."""

import contextlib
import contextvars
from collections.abc import Callable, Iterator

import tensorflow as tf

#: Number of elements from which on a function is compiled. Each shape takes XLA some tenths of a second at the start.
SMALLEST_COMPILED = 2**18

_training: contextvars.ContextVar[bool] = contextvars.ContextVar("fused_elementwise", default=False)


@contextlib.contextmanager
def fused_elementwise() -> Iterator[None]:
    """Let functions of `fused` be compiled in the `with` block, which builds the graph of a training step on a CPU.

    Outside of such a block, for example in exported models, a function consists of TensorFlow's own operations.
    """
    token = _training.set(not tf.config.list_logical_devices("GPU"))
    try:
        yield
    finally:
        _training.reset(token)


def fused(function: Callable[[tf.Tensor], tf.Tensor]) -> Callable[[tf.Tensor], tf.Tensor]:
    """Return an elementwise function of one tensor that is compiled within `fused_elementwise`.

    TensorFlow computes an activation such as GELU, and its derivative, as a sequence of operations that each read and
    write the whole tensor. XLA compiles the sequence into one loop. The derivative computes the function again, in
    place of reading intermediate results.
    """

    @tf.function(autograph=False, jit_compile=True)
    def compiled(x):
        return function(x)

    @tf.function(autograph=False, jit_compile=True)
    def compiled_gradient(x, upstream):
        with tf.GradientTape() as tape:
            tape.watch(x)
            result = function(x)
        return tape.gradient(result, x, output_gradients=upstream)

    @tf.custom_gradient
    def differentiable(x):
        # A graph that is read again, as for the count of operations, infers no shape from the call of a function.
        def gradient(upstream):
            return tf.ensure_shape(compiled_gradient(x, upstream), x.shape)

        return tf.ensure_shape(compiled(x), x.shape), gradient

    def apply(x):
        elements = x.shape.num_elements()
        if not _training.get() or elements is None or elements < SMALLEST_COMPILED:
            return function(x)
        return differentiable(x)

    return apply
