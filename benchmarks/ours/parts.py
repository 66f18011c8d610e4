"""The parts of a training step of tfgen: the batch, the losses, and the losses with their gradients."""

import functools
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

    def of_every_step(program: Callable) -> Callable:
        """Return a function of a step that runs the program of each optimizer step, with the batch and the noise.

        `program` takes an optimizer step and an example of its batch, and returns a function of (batch, rng).
        """
        programs = []
        for optimizer_step in model.optimizer_steps():
            batch = optimizer_step.select(tf.nest.flatten(batches.at(0)))
            programs.append((optimizer_step, program(optimizer_step, batch)))

        def run(step):
            batch = tf.nest.flatten(batches.at(step))
            with random.StepRng(model.seed, step) as rng:
                return [program(optimizer_step.select(batch), rng) for optimizer_step, program in programs]

        return repeated(run)

    return {
        "data": repeated(batches.at),
        "noise": of_every_step(functools.partial(_noise, losses)),
        "forward": of_every_step(functools.partial(_program, losses, xla)),
        "gradients": of_every_step(functools.partial(_program, OptimizerStep.gradients, xla)),
    }


def _noise(function: Callable, optimizer_step, example) -> Callable:
    """Return a function of (batch, rng) that draws the noise of `function(optimizer_step, batch, rng)` alone."""
    precomputed, _ = _with_noise(function, optimizer_step, example)
    return lambda batch, rng: precomputed.precompute(rng)


def _with_noise(function: Callable, optimizer_step, example) -> tuple[random.PrecomputedNoise, Callable]:
    """Return the noise of a function, and the function of the batch alone that replays the noise."""

    def seeded(*batch):
        with random.StepRng(0, 0) as rng:
            return function(optimizer_step, batch, rng)

    specs = [tf.TensorSpec(part.shape, part.dtype) for part in example]
    return random.PrecomputedNoise(seeded, *specs), seeded


def _program(function: Callable, xla: bool, optimizer_step, example) -> Callable:
    """Return `function(optimizer_step, batch, rng)` without its first argument, as one XLA program if `xla`."""
    if not xla:
        return lambda batch, rng: function(optimizer_step, batch, rng)

    precomputed, seeded = _with_noise(function, optimizer_step, example)

    @tf.function(autograph=False, jit_compile=True)
    def program(batch, noise):
        with precomputed.replay(noise):
            return seeded(*batch)

    return lambda batch, rng: program(tuple(batch), precomputed.precompute(rng))
