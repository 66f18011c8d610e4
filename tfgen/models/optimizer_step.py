"""One step down a gradient, right on any number of replicas."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from tfgen import random


@dataclass(frozen=True)
class OptimizerStep:
    """One of the descents that make up a training step; a GAN's step has two.

    Attributes:
        losses: the losses of each example, (examples [n, …], draws) → {name: [n]}.
        objective: name of the one whose mean is to be minimized.
        optimizer: a built Keras optimizer.
        variables: the Keras variables that it moves.
        part: which of a replica's examples it sees, [n, …] → [m, …]; all of them unless given.
        prepare: done before its gradient is taken, on every replica alike; nothing unless given.
    """

    losses: Callable[[Any, random.StepRng], dict[str, tf.Tensor]]
    objective: str
    optimizer: Any
    variables: Sequence[Any]
    part: Callable[[Any], Any] = lambda examples: examples
    prepare: Callable[[], None] = lambda: None

    def gradients(self, examples, rng: random.StepRng) -> tuple[dict[str, tf.Tensor], list[tf.Tensor]]:
        """The losses, and the gradient of the objective's mean over this replica's examples."""
        with tf.GradientTape() as tape:
            losses = self.losses(examples, rng)
            loss = tf.reduce_mean(losses[self.objective])
        gradients = tape.gradient(loss, [variable.value for variable in self.variables])
        # Where a gradient does not depend on the losses, as that of a Wasserstein critic's last layer, TensorFlow's
        # dependency optimizer now and then lets the update overtake the forward pass, which then reads the new weight.
        with tf.control_dependencies([loss]):
            return losses, [tf.identity(gradient) for gradient in gradients]

    def apply(self, gradients: Sequence[tf.Tensor], clip_norm: float | None = None) -> None:
        """Move the variables one step down.

        Keras's optimizers *sum* the gradients of all replicas. Dividing by their number makes that sum the gradient of
        the mean over the global batch, so that the update does not depend on how many replicas share it. Clipping has
        to see that whole gradient: a norm clipped on each replica is another one.

        Args:
            gradients: of the mean over this replica's examples.
            clip_norm: largest global norm of the gradient over the global batch, or None.
        """
        replicas, _ = random.replica()
        gradients = [gradient / replicas for gradient in gradients]
        if clip_norm is not None:
            if replicas > 1:
                context = tf.distribute.get_replica_context()
                gradients = context.all_reduce(tf.distribute.ReduceOp.SUM, gradients)
            gradients, _ = tf.clip_by_global_norm(gradients, clip_norm)
            if replicas > 1:
                # The optimizer will sum over replicas once more.
                gradients = [gradient / replicas for gradient in gradients]
        self.optimizer.apply(gradients, self.variables)


class CompiledGradients:
    """`OptimizerStep.gradients` of a model as XLA programs, their noise drawn outside.

    For several replicas, which cannot meet inside a compiled program: the sum over them and the optimizer stay outside.

    Args:
        descents: the model's.
        specs: `tf.TensorSpec` of one replica's share of a batch.
    """

    def __init__(self, optimizer_steps: Sequence[OptimizerStep], specs: tf.TensorSpec):
        self._programs = {
            optimizer_step.objective: self._program(optimizer_step, specs) for optimizer_step in optimizer_steps
        }

    @staticmethod
    def _program(optimizer_step: OptimizerStep, specs: tf.TensorSpec):
        part = tf.function(optimizer_step.part, autograph=False).get_concrete_function(specs).structured_outputs
        specs = tf.TensorSpec(part.shape, part.dtype)

        def losses(examples):
            with random.StepRng(0, 0) as rng:
                return optimizer_step.losses(examples, rng)

        precomputed = random.PrecomputedNoise(losses, specs)

        @tf.function(autograph=False, jit_compile=True)
        def program(examples, drawn):
            with precomputed.replay(drawn), random.StepRng(0, 0) as rng:
                return optimizer_step.gradients(examples, rng)

        return precomputed, program

    def __call__(self, optimizer_step: OptimizerStep, examples, rng: random.StepRng):
        """As `OptimizerStep.gradients`."""
        precomputed, program = self._programs[optimizer_step.objective]
        return program(examples, precomputed.precompute(rng))
