"""The parts of a training step of tfgen: the batch, the losses, and the losses with their gradients."""

from collections.abc import Callable

import tensorflow as tf

from benchmarks.ours.loops import repeated
from tfgen import random
from tfgen.models.optimizer_step import OptimizerStep


def parts(model, batches, xla: bool) -> dict[str, Callable[[int], None]]:
    """Return the functions that time the parts of a training step of the model, which they leave unchanged.

    The noise of a step belongs to the forward part. With XLA, a part is an XLA program of its own and writes its
    results to memory, which a whole step need not do: the parts may take longer than the step.
    """

    def losses(optimizer_step: OptimizerStep, batch, rng):
        return optimizer_step.losses(rng, *batch)[optimizer_step.loss_name]

    def of_every_step(function: Callable) -> Callable:
        """Return a function of a step that applies `function` to each optimizer step, with the batch and the noise."""
        programs = []
        for optimizer_step in model.optimizer_steps():
            batch = optimizer_step.select(tf.nest.flatten(batches.at(0)))
            programs.append((optimizer_step, _program(function, optimizer_step, batch, xla)))

        def run(step):
            batch = tf.nest.flatten(batches.at(step))
            with random.StepRng(model.seed, step) as rng:
                return [program(optimizer_step.select(batch), rng) for optimizer_step, program in programs]

        return repeated(run)

    return {
        "data": repeated(batches.at),
        "forward": of_every_step(losses),
        "gradients": of_every_step(OptimizerStep.gradients),
    }


def _program(function: Callable, optimizer_step, example, xla: bool) -> Callable:
    """Return `function(optimizer_step, batch, rng)` without its first argument, as one XLA program if `xla`."""
    if not xla:
        return lambda batch, rng: function(optimizer_step, batch, rng)

    def seeded(*batch):
        with random.StepRng(0, 0) as rng:
            return function(optimizer_step, batch, rng)

    precomputed = random.PrecomputedNoise(seeded, *(tf.TensorSpec(part.shape, part.dtype) for part in example))

    @tf.function(autograph=False, jit_compile=True)
    def program(batch, noise):
        with precomputed.replay(noise):
            return seeded(*batch)

    return lambda batch, rng: program(tuple(batch), precomputed.precompute(rng))
