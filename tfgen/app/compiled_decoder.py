"""Decoding of noise by compiled functions.

This module imports TensorFlow in its functions, see `tfgen.app.latent_paths`.
"""

import math
import weakref
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from tfgen.app.decoding import has_guidance

if TYPE_CHECKING:
    import tensorflow as tf

    from tfgen.models.contract import GenerativeModel

#: Compiles one program at a time, while requests are answered.
_thread = ThreadPoolExecutor(1, thread_name_prefix="compile-decoder")


class CompiledDecoder:
    """Decodes flattened normal noise to images, [n, D] → [n, H, W, C] in [0, 1].

    One traced function serves every number of rows. Without the function, a moved slider would wait for Python to run
    the operations one by one.

    A flow of transformers draws a picture in thousands of small operations. For one picture, XLA's program of the same
    function is about ten times as fast, and has the same values up to 1e-6. XLA takes seconds to compile the program.
    The first picture starts the compilation in a thread, and the traced function draws the pictures meanwhile. XLA's
    approximations of elementary functions change pictures of a flow of splines visibly, so that other models have no
    such program.

    Args:
        model: a model of images. The decoder does not keep the model in memory.

    Attributes:
        one_row: the program for one row, which another thread compiles. None before the first picture, and for models
            other than flows of transformers.
    """

    def __init__(self, model: "GenerativeModel"):
        import tensorflow as tf

        # A strong reference in the function would keep the model in memory forever.
        reference, size = weakref.ref(model), math.prod(model.latent_shape)
        inputs = [tf.TensorSpec([None, size], tf.float32)]
        if model.is_conditional:
            inputs.append(tf.TensorSpec([None, len(model.classes)], tf.float32))

        @tf.function(autograph=False, input_signature=inputs)
        def decode(normal, weights=None):
            alive = reference()
            assert alive is not None
            given = alive.given(weights)
            return alive.decode(alive.latents_from(tf.reshape(normal, (-1, *alive.latent_shape)), **given), **given)

        self._inputs, self._any_rows = inputs, decode.get_concrete_function()
        # Flows of transformers are the models with guidance.
        self._compiles = has_guidance(model)
        self.one_row: Future | None = None

    def __call__(self, normal: "tf.Tensor", weights: "tf.Tensor | None" = None) -> "tf.Tensor":
        """Decode noise [n, D], for classes with the weights [n, K] if the model has classes."""
        arguments = [normal] if weights is None else [normal, weights]
        if self._compiles and len(normal) == 1:
            if self.one_row is None:
                self.one_row = _thread.submit(self._compile)
            # A program that could not be compiled leaves the work to the traced function.
            elif self.one_row.done() and self.one_row.exception() is None:
                return self.one_row.result()(*arguments)
        return self._any_rows(*arguments)

    def _compile(self):
        import tensorflow as tf

        inputs = [tf.TensorSpec((1, *each.shape[1:]), each.dtype) for each in self._inputs]
        any_rows = self._any_rows

        @tf.function(autograph=False, jit_compile=True, input_signature=inputs)
        def decode_one(*arguments):
            return any_rows(*arguments)

        program = decode_one.get_concrete_function()
        # XLA compiles at the first call.
        program(*(tf.zeros(each.shape, each.dtype) for each in inputs))
        return program
