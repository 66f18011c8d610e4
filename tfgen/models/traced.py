"""Methods of a model that TensorFlow runs as one function."""

import functools
import weakref
from collections.abc import Callable
from typing import Any

import tensorflow as tf


def traced(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method that is traced at its first eager call and then runs without Python.

    In eager code, Python starts the operations of a network one by one. For a small network, this takes several times
    as long as the operations themselves. One function serves every number of rows. Within the graph of another
    function, for example of an export, the operations become part of that graph.

    Args:
        method: takes a model and tensors, [n, …] or scalars, or None in place of a tensor, and returns a tensor or a
            tuple of tensors. The result depends on the model's variables and on these tensors only.
    """
    functions: weakref.WeakKeyDictionary[Any, dict[tuple, Callable]] = weakref.WeakKeyDictionary()

    @functools.wraps(method)
    def call(self, *arguments):
        # Keras takes either arrays or tensors.
        tensors = [None if each is None else tf.convert_to_tensor(each) for each in arguments]
        if not tf.executing_eagerly():
            return method(self, *tensors)
        specs = tuple(None if each is None else _spec(each) for each in tensors)
        of_model = functions.setdefault(self, {})
        if specs not in of_model:
            of_model[specs] = _function(method, self, specs)
        return of_model[specs](*(each for each in tensors if each is not None))

    return call


def _spec(tensor: tf.Tensor) -> tf.TensorSpec:
    """Return the spec of tensors of this shape with any number of rows, or of scalars."""
    return tf.TensorSpec((None, *tensor.shape[1:]) if tensor.shape.rank else (), tensor.dtype)


def _function(method: Callable[..., Any], model: Any, specs: tuple[tf.TensorSpec | None, ...]) -> Callable:
    """Return `method` of the model as a function of the arguments that have a spec."""
    # A strong reference in the function would keep the model in memory forever.
    reference = weakref.ref(model)

    def run(*tensors):
        rest = iter(tensors)
        return method(reference(), *(None if spec is None else next(rest) for spec in specs))

    # TensorFlow counts the traces of all functions of the same code together and warns. A partial has no code.
    signature = [spec for spec in specs if spec is not None]
    function = tf.function(functools.partial(run), input_signature=signature, autograph=False)
    # The function of the one signature, which need not compare its arguments with those of other traces.
    return function.get_concrete_function()
