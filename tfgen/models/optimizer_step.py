"""One optimizer step, which gives the same result on any number of replicas."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from tfgen import random
from tfgen.networks.fused import fused_elementwise


@dataclass(frozen=True)
class OptimizerStep:
    """One gradient and one update of some variables. A training step has one or several, for example two in a GAN.

    Attributes:
        losses: function that computes the losses of each example, (rng, *batch) → {name: [n]}. A batch is a tuple of
            the examples [n, …] and, for a conditional model, their labels [n].
        loss_name: name of the loss whose mean is minimized.
        optimizer: a built Keras optimizer.
        variables: the Keras variables that the optimizer updates.
        select_batch: function that selects the rows of this step from each part of a replica's batch, [n, …] → [m, …].
            By default, the step uses all rows.
        before_step: function called on every replica before the gradient is computed. Does nothing by default.
    """

    losses: Callable[..., dict[str, tf.Tensor]]
    loss_name: str
    optimizer: Any
    variables: Sequence[Any]
    select_batch: Callable[[Any], Any] = lambda rows: rows
    before_step: Callable[[], None] = lambda: None

    def select(self, batch: Sequence[Any]) -> tuple[Any, ...]:
        """The rows of a replica's batch that this step uses."""
        return tuple(self.select_batch(part) for part in batch)

    def gradients(self, batch: Sequence[Any], rng: random.StepRng) -> tuple[dict[str, tf.Tensor], list[tf.Tensor]]:
        """Compute the losses, and the gradient of the mean loss over this replica's examples."""
        with fused_elementwise(), tf.GradientTape() as tape:
            losses = self.losses(rng, *batch)
            loss = tf.reduce_mean(losses[self.loss_name])
        gradients = tape.gradient(loss, [variable.value for variable in self.variables])
        # Some gradients do not depend on the loss, for example the gradient of the last layer of a Wasserstein critic.
        # TensorFlow's graph optimizer may then run the update before the forward pass, which reads the new weight.
        with tf.control_dependencies([loss]):
            return losses, [tf.identity(gradient) for gradient in gradients]

    def apply(self, gradients: Sequence[tf.Tensor], clip_norm: float | None = None) -> None:
        """Update the variables.

        Keras's optimizers *sum* the gradients of all replicas. Each gradient is divided by the number of replicas, so
        that the sum is the gradient of the mean over the global batch, whatever the number of replicas. Clipping needs
        the gradient of the global batch, because the norm of one replica's gradient is a different number.

        Args:
            gradients: gradients of the mean over this replica's examples, one for each variable.
            clip_norm: largest global norm of the gradient of the global batch, or None.
        """
        replicas, _ = random.replica()
        gradients = [gradient / replicas for gradient in gradients]
        if clip_norm is not None:
            if replicas > 1:
                context = tf.distribute.get_replica_context()
                gradients = context.all_reduce(tf.distribute.ReduceOp.SUM, gradients)
            gradients, _ = tf.clip_by_global_norm(gradients, clip_norm)
            if replicas > 1:
                # The optimizer sums over the replicas again.
                gradients = [gradient / replicas for gradient in gradients]
        self.optimizer.apply(gradients, self.variables)


class CompiledGradients:
    """`OptimizerStep.gradients` of each optimizer step of a model, compiled with XLA.

    An XLA program cannot communicate with other replicas. Therefore the sum over the replicas and the optimizer stay
    outside of the program. The noise is drawn outside too, because XLA draws other random numbers than TensorFlow.

    Args:
        optimizer_steps: the model's optimizer steps.
        specs: `tf.TensorSpec` of each part of one replica's batch.
    """

    def __init__(self, optimizer_steps: Sequence[OptimizerStep], specs: Sequence[tf.TensorSpec]):
        self._programs = {
            optimizer_step.loss_name: self._program(optimizer_step, specs) for optimizer_step in optimizer_steps
        }

    @staticmethod
    def _program(optimizer_step: OptimizerStep, specs: Sequence[tf.TensorSpec]):
        select = tf.function(lambda *batch: optimizer_step.select(batch), autograph=False)
        selected = select.get_concrete_function(*specs).structured_outputs

        def losses(*batch):
            with random.StepRng(0, 0) as rng:
                return optimizer_step.losses(rng, *batch)

        precomputed = random.PrecomputedNoise(losses, *(tf.TensorSpec(part.shape, part.dtype) for part in selected))

        @tf.function(autograph=False, jit_compile=True)
        def program(batch, noise):
            with precomputed.replay(noise), random.StepRng(0, 0) as rng:
                return optimizer_step.gradients(batch, rng)

        return precomputed, program

    def __call__(self, optimizer_step: OptimizerStep, batch: Sequence[Any], rng: random.StepRng):
        """Compute losses and gradients like `OptimizerStep.gradients`."""
        precomputed, program = self._programs[optimizer_step.loss_name]
        return program(tuple(batch), precomputed.precompute(rng))
