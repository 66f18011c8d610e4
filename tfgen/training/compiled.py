"""The compiled parts of the training loop: training steps, evaluation, and access to the running metrics.

All functions here run on every replica of the current strategy.
"""

from collections.abc import Callable

import tensorflow as tf

from tfgen import random
from tfgen.data.batches import Batches
from tfgen.models.contract import GenerativeModel
from tfgen.models.optimizer_step import CompiledGradients
from tfgen.products import products_in_bfloat16


def compile_training(model: GenerativeModel, batches: Batches, xla: bool, bfloat16_products: bool = False) -> Callable:
    """Compile the training steps.

    Args:
        model: compiled with its optimizers, built in the scope of the strategy.
        batches: the training batches; step t takes batch t.
        xla: compile the step with XLA. With several replicas, only losses and gradients are compiled with XLA: replicas
            cannot exchange gradients inside an XLA program. A model whose losses communicate is not compiled with XLA
            then.
        bfloat16_products: whether the steps compute products in bfloat16, see `tfgen.products`.

    Returns:
        A function from a number of steps to a boolean tensor: whether the losses of all steps were finite, and the
        weights after the last of them. The function stops after the first step with a loss that is infinite or NaN.
    """
    strategy = tf.distribute.get_strategy()
    replicas, step_on_batch = strategy.num_replicas_in_sync, model.train_step
    if xla and replicas == 1:
        step_on_batch = compile_xla_step(model, batches)
    elif xla and not model.communicates:
        model.differentiate = CompiledGradients(model.optimizer_steps(), specs(batches.at(0, 0, replicas)))

    # The models contain no Python control flow for autograph to convert; conversion would only slow the tracing.
    @tf.autograph.experimental.do_not_convert
    def replica_step():
        replicas, index = random.replica()
        return step_on_batch(batches.at(model.step, index, replicas))

    def one_step(done, _):
        results = strategy.run(replica_step)
        results = tf.nest.map_structure(
            lambda value: strategy.reduce(tf.distribute.ReduceOp.MEAN, value, axis=None), results
        )
        return done + 1, tf.reduce_all([tf.math.is_finite(value) for value in tf.nest.flatten(results)])

    @tf.function(autograph=False)
    def run(steps):
        start = (tf.constant(0, tf.int64), tf.constant(True))
        _, finite = tf.while_loop(lambda done, finite: (done < steps) & finite, one_step, start)
        # The loss of a step is computed before its update, and does not tell whether the update was finite.
        with tf.control_dependencies([finite]):
            return finite & tf.reduce_all(
                [tf.reduce_all(tf.math.is_finite(tf.convert_to_tensor(weights.value))) for weights in model.weights]
            )

    def run_in_precision(steps):
        with products_in_bfloat16(bfloat16_products):
            return run(steps)

    return run_in_precision


def compile_xla_step(model: GenerativeModel, batches: Batches) -> Callable:
    """The training step as one XLA program. The step's noise is an input, because XLA would draw other numbers."""
    precomputed = random.PrecomputedNoise(lambda *batch: model.train_step(batch), *specs(batches.at(0)))

    @tf.function(autograph=False, jit_compile=True)
    def step(batch, noise):
        with precomputed.replay(noise):
            return model.train_step(batch)

    return lambda batch: step(batch, precomputed.precompute(random.StepRng(model.seed, model.step)))


def specs(batch) -> list[tf.TensorSpec]:
    """Shape and type of each part of a batch: of the examples and, if the batch has them, of the labels."""
    return [tf.TensorSpec(part.shape, part.dtype) for part in tf.nest.flatten(batch)]


def compile_evaluation(model: GenerativeModel) -> Callable:
    """Compile the evaluation of a batch: a function that updates the metrics, of examples [n, …], labels, a mask [n].

    The labels are int32 [n], or None for a model without labels.

    The function is compiled without XLA, which would draw other noise. Validation losses are then the same whether or
    not the training step is compiled with XLA.
    """
    strategy = tf.distribute.get_strategy()

    @tf.autograph.experimental.do_not_convert
    def replica_step(examples, labels, mask):
        replicas, index = random.replica()

        def share(rows):
            if rows is None or replicas == 1:
                return rows
            return tf.reshape(rows, (replicas, mask.shape[0] // replicas, *rows.shape[1:]))[index]

        model.test_step((share(examples), share(labels), share(mask)))

    @tf.function(autograph=False)
    def evaluate(examples, labels, mask):
        strategy.run(replica_step, args=(examples, labels, mask))

    return evaluate


def compile_metrics_access(model: GenerativeModel) -> tuple[Callable, Callable]:
    """Compile two functions that read and write the running metrics of every replica.

    Returns:
        `read()`, which returns float32 [replicas, variables], and `write(values)`, which takes the same.
    """
    strategy = tf.distribute.get_strategy()
    variables = [variable for tracker in model.metrics for variable in tracker.variables]

    def read_replica():
        return tf.stack([tf.cast(variable.value, tf.float32) for variable in variables])[None]

    def write_replica(values):
        _, index = random.replica()
        for variable, value in zip(variables, tf.unstack(values[index], len(variables)), strict=True):
            variable.assign(tf.cast(value, variable.dtype))

    @tf.function(autograph=False)
    def read():
        if strategy.num_replicas_in_sync == 1:
            return read_replica()
        return strategy.gather(strategy.run(read_replica), axis=0)

    @tf.function(autograph=False)
    def write(values):
        strategy.run(write_replica, args=(values,))

    return read, write
