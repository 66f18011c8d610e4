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


def in_training_step() -> bool:
    """Return whether the graph of a training step on a CPU is being built."""
    return _training.get()


def fused(
    function: Callable[..., tf.Tensor], in_training: Callable[..., tf.Tensor] | None = None
) -> Callable[..., tf.Tensor]:
    """Return a function of tensors without products of matrices that is compiled within `fused_elementwise`.

    TensorFlow computes an activation such as GELU, and its derivative, as a sequence of operations that each read and
    write the whole tensor. XLA compiles the sequence into one loop. The derivative computes the function again, in
    place of reading intermediate results.

    Args:
        function: of one or several tensors to a tensor. The number of elements of the first one decides whether the
            function is compiled.
        in_training: the same function up to rounding, for the compiled operations; None for `function` itself.
    """
    in_training = in_training or function

    @tf.function(autograph=False, jit_compile=True)
    def compiled(*arguments):
        return in_training(*arguments)

    @tf.function(autograph=False, jit_compile=True)
    def compiled_gradients(upstream, *arguments):
        with tf.GradientTape() as tape:
            tape.watch(arguments)
            result = in_training(*arguments)
        return tape.gradient(result, arguments, output_gradients=upstream)

    @tf.custom_gradient
    def differentiable(*arguments):
        # A graph that is read again, as for the count of operations, infers no shape from the call of a function.
        def gradients(upstream):
            return [
                None if gradient is None else tf.ensure_shape(gradient, argument.shape)
                for gradient, argument in zip(compiled_gradients(upstream, *arguments), arguments, strict=True)
            ]

        program = compiled.get_concrete_function(*arguments)
        return tf.ensure_shape(program(*arguments), program.output_shapes), gradients

    def apply(*arguments):
        elements = arguments[0].shape.num_elements()
        if not in_training_step() or elements is None or elements < SMALLEST_COMPILED:
            return function(*arguments)
        return differentiable(*arguments)

    return apply
