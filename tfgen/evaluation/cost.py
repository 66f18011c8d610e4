"""The cost of a model: number of weights, operations of a training step, and seconds of sampling."""

import contextlib
import logging
import os
import platform
import statistics
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from tfgen import random
from tfgen.models.weights import count_weights
from tfgen.runs.entries import CostEntry, Machine
from tfgen.runs.evaluations import add_entry

if TYPE_CHECKING:
    from tfgen.models.contract import GenerativeModel
    from tfgen.models.optimizer_step import OptimizerStep
    from tfgen.runs.run import Run

#: Types of operators that write no tensor.
_NOTHING_WRITTEN = frozenset(
    {"Const", "EnsureShape", "ExpandDims", "Identity", "NoOp", "Placeholder", "Reshape", "Squeeze"}
)
#: Number of samples of a timed call, and number of timed calls.
BATCH, REPEATS = 256, 5


def training_flops(model: "GenerativeModel", batch_size: int) -> float:
    """Return the floating-point operations of a training step, divided by the number of examples of the batch.

    TensorFlow's profiler counts them in the graphs of the losses and gradients of every optimizer step. Multiplication
    and addition are one operation each. The count leaves out the optimizer, random numbers, and operators that the
    profiler cannot count (exponentials, matrix inverses). These are few compared with matrix products and convolutions.

    Args:
        model: the model. A model that is not compiled is compiled with SGD, which does not change the count.
        batch_size: number of examples of the batch.
    """
    profiler = tf.compat.v1.profiler
    counted = profiler.ProfileOptionBuilder(profiler.ProfileOptionBuilder.float_operation())
    options = counted.with_empty_output().build()
    with _without_deprecations():
        counts = [profiler.profile(graph, options=options) for graph in _graphs(model, batch_size)]
    return sum(count.total_float_ops for count in counts) / batch_size


def training_bytes(model: "GenerativeModel", batch_size: int) -> float:
    """Return the bytes that the operators of a training step write, divided by the number of examples of the batch.

    This is the size of all outputs in the graphs of `training_flops`, except for constants and for operators that only
    change the shape or the name of a tensor. Every output is written once and read at least once.
    """
    written = 0
    for graph in _graphs(model, batch_size):
        for operator in graph.get_operations():
            if operator.type not in _NOTHING_WRITTEN:
                sizes = [output.dtype.size * (output.shape.num_elements() or 0) for output in operator.outputs]
                written += sum(sizes)
    return written / batch_size


def _graphs(model: "GenerativeModel", batch_size: int) -> list[tf.Graph]:
    """Return one graph for each optimizer step."""
    if not model.compiled:
        model.compile("sgd")
    specs = [tf.TensorSpec((batch_size, *model.event_shape), tf.uint8 if model.is_image else tf.float32)]
    if model.is_conditional:
        specs.append(tf.TensorSpec((batch_size,), tf.int32))
    return [_graph(optimizer_step, specs) for optimizer_step in model.optimizer_steps()]


def _graph(optimizer_step: "OptimizerStep", specs: list[tf.TensorSpec]) -> tf.Graph:
    """Return the operators that an optimizer step runs, which are fewer than the traced operators."""

    @tf.function(autograph=False)
    def gradients(*batch):
        with random.StepRng(0, 0) as rng:
            losses, gradients = optimizer_step.gradients(optimizer_step.select(batch), rng)
        return [*losses.values(), *(gradient for gradient in gradients if gradient is not None)]

    # The traced graph also has gradients that are never computed, such as those of a GAN's other network. Turning the
    # variables into constants removes them.
    return convert_variables_to_constants_v2(gradients.get_concrete_function(*specs)).graph


def sampling_seconds(model: "GenerativeModel", batch: int = BATCH, repeats: int = REPEATS) -> float:
    """Return the median duration in seconds of `model.sample(batch)`, after a first call, divided by `batch`."""
    model.sample(batch, seed=0).numpy()
    seconds = []
    for repeat in range(repeats):
        started = time.perf_counter()
        model.sample(batch, seed=(repeat + 1) * batch).numpy()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds) / batch


def machine() -> Machine:
    """Return the processor, the number of cores that this process may use, and TensorFlow's devices."""
    return Machine(
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        devices=[device.name.removeprefix("/physical_device:") for device in tf.config.list_physical_devices()],
    )


def evaluate_cost(model: "GenerativeModel", batch_size: int) -> CostEntry:
    """Count the weights and the operations of a training step, and time sampling.

    Args:
        model: the model.
        batch_size: number of examples of a training step.

    Returns:
        An entry without epoch.
    """
    return CostEntry(
        weights=count_weights(model.trainable_variables),
        training_flops_per_example=training_flops(model, batch_size),
        sampling_seconds_per_example=sampling_seconds(model),
        sampling_batch=BATCH,
        sampling_repeats=REPEATS,
        machine=machine(),
    )


def measure_cost(run: "Run", *, model: "GenerativeModel | None" = None) -> CostEntry:
    """Measure the cost of a run's model and record it in the run's `evaluation.json`.

    Args:
        run: the run.
        model: the run's model, if it is already loaded.
    """
    model = model or run.load_model()
    entry = evaluate_cost(model, run.config.train.batch_size).model_copy(update={"epoch": run.epoch})
    add_entry(run, entry)
    return entry


def _processor() -> str:
    with contextlib.suppress(OSError), open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


@contextlib.contextmanager
def _without_deprecations() -> Iterator[None]:
    """Hide the deprecation warning of the profiler, which belongs to TensorFlow 1 and has no successor."""
    logger = logging.getLogger("tensorflow")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
