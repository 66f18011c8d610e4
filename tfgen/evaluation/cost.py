"""What a model costs: to train, by counting; to sample, by the clock."""

import contextlib
import logging
import os
import platform
import statistics
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from tfgen import random

if TYPE_CHECKING:
    from tfgen.models.contract import GenerativeModel
    from tfgen.models.optimizer_step import OptimizerStep

#: Pictures drawn at a time, and how often, to time them.
BATCH, REPEATS = 256, 5


def training_flops(model: "GenerativeModel", batch_size: int) -> float:
    """Floating-point operations of a training step for each example of the batch.

    Counted by TensorFlow's profiler in the graph of every descent's losses and gradients; a multiplication and an
    addition are two. Left out are the optimizer, random numbers, and operators without a rule for counting
    (exponentials, matrix inverses), which together are small beside matrix products and convolutions.

    Args:
        model: it is compiled with an optimizer of no consequence if it is not yet compiled.
        batch_size: examples in the step.
    """
    profiler = tf.compat.v1.profiler
    counted = profiler.ProfileOptionBuilder(profiler.ProfileOptionBuilder.float_operation())
    options = counted.with_empty_output().build()
    with _without_deprecations():
        found = [profiler.profile(graph, options=options) for graph in _graphs(model, batch_size)]
    return sum(counts.total_float_ops for counts in found) / batch_size


def training_bytes(model: "GenerativeModel", batch_size: int) -> float:
    """Bytes that the operators of a training step write, for each example of the batch.

    The sum of what comes out of each operator of the graphs that `training_flops` counts in, but for constants and for
    those that only give a tensor another shape or name. Each is written once and read at least once.
    """
    written = 0
    for graph in _graphs(model, batch_size):
        for operator in graph.get_operations():
            if operator.type not in ("Const", "Placeholder", "Identity", "NoOp", "Reshape", "Squeeze", "ExpandDims"):
                sizes = [output.dtype.size * (output.shape.num_elements() or 0) for output in operator.outputs]
                written += sum(sizes)
    return written / batch_size


def _graphs(model: "GenerativeModel", batch_size: int) -> list[tf.Graph]:
    """One of each descent."""
    if not model.compiled:
        model.compile("sgd")
    spec = tf.TensorSpec((batch_size, *model.event_shape), tf.uint8 if model.is_image else tf.float32)
    return [_graph(optimizer_step, spec) for optimizer_step in model.optimizer_steps()]


def _graph(optimizer_step: "OptimizerStep", spec: tf.TensorSpec) -> tf.Graph:
    """The operators that a descent runs, which are fewer than it traces."""

    @tf.function(autograph=False)
    def gradients(examples):
        with random.StepRng(0, 0) as rng:
            losses, gradients = optimizer_step.gradients(optimizer_step.part(examples), rng)
        return [*losses.values(), *(gradient for gradient in gradients if gradient is not None)]

    # A tape writes down gradients that nobody asked for, such as those of a GAN's other network. Running the graph
    # leaves them out, and so does making its variables constants.
    return convert_variables_to_constants_v2(gradients.get_concrete_function(spec)).graph


def sampling_seconds(model: "GenerativeModel", batch: int = BATCH, repeats: int = REPEATS) -> float:
    """Seconds that `model.sample` takes for each of `batch` pictures: the median of some calls after a first one."""
    model.sample(batch, seed=0).numpy()
    seconds = []
    for repeat in range(repeats):
        started = time.perf_counter()
        model.sample(batch, seed=(repeat + 1) * batch).numpy()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds) / batch


def machine() -> dict[str, Any]:
    """What the clock's figures hold for: processor, number of cores that may be used, and devices of TensorFlow."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "devices": [device.name.removeprefix("/physical_device:") for device in tf.config.list_physical_devices()],
    }


def evaluate_cost(model: "GenerativeModel", batch_size: int) -> dict[str, Any]:
    """Weights, operations of training and seconds of sampling.

    Args:
        model: the model.
        batch_size: examples in a training step.

    Returns:
        "weights"; "training_flops_per_example"; "sampling_seconds_per_example", "sampling_batch", "sampling_repeats"
        and the "machine" for which they hold.
    """
    return {
        "weights": sum(int(variable.shape.num_elements()) for variable in model.trainable_variables),
        "training_flops_per_example": training_flops(model, batch_size),
        "sampling_seconds_per_example": sampling_seconds(model),
        "sampling_batch": BATCH,
        "sampling_repeats": REPEATS,
        "machine": machine(),
    }


def _processor() -> str:
    with contextlib.suppress(OSError), open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


@contextlib.contextmanager
def _without_deprecations() -> Iterator[None]:
    # The profiler belongs to TensorFlow 1, whose successor has no other, and says so each time.
    logger = logging.getLogger("tensorflow")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
