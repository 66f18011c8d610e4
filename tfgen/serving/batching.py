"""Rows of several requests, computed in one call of a signature, with the bits that each row has by itself.

The CPU's kernels differ with the number of rows: a matrix product, or the sine of a vector, rounds differently for
another number. A response that depended on the requests that happen to arrive at the same time could not be reproduced.
Every call of a signature therefore has the same number of rows, `BLOCK`: a request is cut into blocks, and the last one
is filled up.

TensorFlow's `BatchFunction`, the operation that TensorFlow Serving's batching uses, cuts, combines and fills up.
"""

import itertools
import os
from collections.abc import Callable, Mapping

import numpy as np

from tfgen.serving import labels

#: Rows of every call. A multiple of the widest vectors (16 numbers with AVX-512), so that no row is at their remainder.
BLOCK = 16
#: Number of calls at a time.
THREADS = min(2, os.cpu_count() or 1)
#: Calls that may wait. A request of MAX_BATCH rows is MAX_BATCH / BLOCK of them; the server limits the requests.
WAITING = 1 << 16

Arrays = dict[str, np.ndarray]
#: Numbers of the queues.
_QUEUES = itertools.count()

#: Computes the outputs of a signature: input name → array, to output name → array.
Run = Callable[[Mapping[str, np.ndarray]], Arrays]


def rows_are_exact(run: Run, specs) -> bool:
    """Whether a row of a block has the same bits in other positions, among other rows.

    Which kernel computes a row depends on shapes and not on values, so that random rows decide.

    Args:
        run: computes the outputs of a signature.
        specs: input name → `tf.TensorSpec` of the signature.
    """
    rows = probe(specs)
    expected = run(rows)
    orders = (np.arange(BLOCK)[::-1], np.roll(np.arange(BLOCK), 5), np.arange(BLOCK) // 2)
    return all(_equal(run(_take(rows, order)), _take(expected, order)) for order in orders)


def probe(specs) -> Arrays:
    """Return `BLOCK` rows of random inputs for a signature."""
    generator = np.random.default_rng(0)
    rows = {}
    for name, spec in specs.items():
        shape = (BLOCK, *spec.shape[1:])
        if spec.dtype.is_integer:
            low, high = (labels.NO_CLASS, 10) if name in labels.INPUTS else (-(2**31), 2**31)
            rows[name] = generator.integers(low, high, shape).astype(np.int32)
        else:
            rows[name] = generator.uniform(0.0, 1.0, shape).astype(np.float32)
    return rows


def _take(arrays: Arrays, order: np.ndarray) -> Arrays:
    return {name: array[order] for name, array in arrays.items()}


def _equal(first: Arrays, second: Arrays) -> bool:
    return all(first[name].tobytes() == second[name].tobytes() for name in first)


def in_blocks(run: Run) -> Run:
    """Return a function with the bits of `combined`, which computes each request by itself."""

    def call(inputs: Mapping[str, np.ndarray]) -> Arrays:
        rows = len(next(iter(inputs.values())))
        parts = []
        for start in range(0, rows, BLOCK):
            kept = min(BLOCK, rows - start)
            # Rows to fill up repeat the first one. Their results are dropped.
            order = np.concatenate([np.arange(start, start + kept), np.full(BLOCK - kept, start)])
            parts.append(_take(run(_take(dict(inputs), order)), np.arange(kept)))
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    return call


def combined(function, specs, max_batch: int) -> Run:
    """Return a function that computes rows of concurrent calls together. It may be called from many threads at once.

    A call that finds the model idle starts at once; others wait for it and are combined.

    Args:
        function: `tf.function` of a signature, which takes named tensors and returns named tensors.
        specs: input name → `tf.TensorSpec` of the signature.
        max_batch: largest number of rows of one call.
    """
    import tensorflow as tf

    names, outputs = list(specs), list(function.structured_outputs)

    @tf.function(input_signature=[specs[name] for name in names], autograph=False)
    def block(*tensors):
        found = function(**dict(zip(names, tensors, strict=True)))
        return [found[name] for name in outputs]

    computed = block.get_concrete_function()
    limit = max(max_batch, BLOCK)
    # Operations of one shared_name share threads, and the settings of the first of them. Without a queue of their own,
    # they would also share their rows: those of one signature would be computed by another one.
    shared_name = f"tfgen_{limit}"
    queue = f"{shared_name}_{next(_QUEUES)}"

    settings = {
        "captured_tensors": computed.captured_inputs,
        "f": computed,
        "num_batch_threads": THREADS,
        "max_batch_size": limit,
        "batch_timeout_micros": 0,
        "allowed_batch_sizes": [BLOCK],
        "max_enqueued_batches": WAITING,
        "enable_large_batch_splitting": True,
        "shared_name": shared_name,
        "batching_queue": queue,
        "Tout": [tensor.dtype for tensor in computed.outputs],
    }

    def call(inputs: Mapping[str, np.ndarray]) -> Arrays:
        # As an operation of its own and not of a `tf.function`, whose checks of the arguments would take more of
        # Python's time than everything else in this function.
        found = tf.raw_ops.BatchFunction(in_tensors=[tf.constant(inputs[name]) for name in names], **settings)
        return {name: tensor.numpy() for name, tensor in zip(outputs, found, strict=True)}

    return call
