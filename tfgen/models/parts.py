"""Computations with many examples, in parts of bounded size."""

from collections.abc import Callable

import tensorflow as tf

#: Largest number of examples decoded at once. It bounds the memory of a large request.
DECODE_BATCH = 256


def in_parts(function: Callable[..., tf.Tensor], *arguments) -> tf.Tensor:
    """Call a function with at most `DECODE_BATCH` rows at a time and return the joined results.

    Args:
        function: takes the rows of each argument and returns a tensor with as many rows.
        *arguments: tensors or arrays with the same number of rows, at least one, or None in place of a tensor. The
            first one is no None, and its number of rows is known.
    """
    count = arguments[0].shape[0]
    if count <= DECODE_BATCH:
        return function(*arguments)
    parts = [slice(start, start + DECODE_BATCH) for start in range(0, count, DECODE_BATCH)]
    return tf.concat(
        [function(*(None if each is None else each[part] for each in arguments)) for part in parts], axis=0
    )
