"""One step down a gradient, right on any number of replicas."""

import tensorflow as tf

from tfgen import noise


def descend(optimizer, tape: tf.GradientTape, loss, variables, clip_norm: float | None = None) -> None:
    """Update `variables` by the gradient of a loss that is a mean over this replica's examples.

    Keras's optimizers *sum* the gradients of all replicas. Dividing by their number makes that sum the gradient of the
    mean over the global batch, so that the update does not depend on how many replicas share it. Clipping has to see
    that whole gradient: a norm clipped on each replica is another one.

    Args:
        optimizer: a built Keras optimizer.
        tape: the tape that recorded `loss`.
        loss: scalar, mean over the rows of this replica.
        variables: list of Keras variables.
        clip_norm: largest global norm of the gradient over the global batch, or None.
    """
    replicas, _ = noise.replica()
    gradients = tape.gradient(loss, [variable.value for variable in variables])
    gradients = [gradient / replicas for gradient in gradients]
    if clip_norm is not None:
        if replicas > 1:
            context = tf.distribute.get_replica_context()
            gradients = context.all_reduce(tf.distribute.ReduceOp.SUM, gradients)
        gradients, _ = tf.clip_by_global_norm(gradients, clip_norm)
        if replicas > 1:
            # The optimizer will sum over replicas once more.
            gradients = [gradient / replicas for gradient in gradients]
    optimizer.apply(gradients, variables)
