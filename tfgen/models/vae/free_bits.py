"""Free bits: a KL term that stops to act on latents whose KL divergence is small."""

import tensorflow as tf

from tfgen import random


def free_bits(kl_of_dimensions, allowance: float) -> tf.Tensor:
    """Compute the KL term of the training loss: the batch mean of each dimension, but at least `allowance` nats.

        Σ_j max(λ, E_x[KL_j(x)])

    The mean is that of the global batch. Replicas exchange it, so that an update does not depend on their number; XLA
    programs cannot do that.

    Args:
        kl_of_dimensions: KL divergence of each example and dimension, [n, D] nats.
        allowance: λ.

    Returns:
        The same value for each example of a replica, [n]. Its mean over the replicas is the term above, and the mean of
        its gradients is the gradient.

    Reference: Kingma et al.: Improving variational inference with inverse autoregressive flow. NeurIPS 2016, section
    2.2 of the supplement.
    """
    mean = global_mean = tf.reduce_mean(kl_of_dimensions, axis=0)
    if random.replica()[0] > 1:
        context = tf.distribute.get_replica_context()
        global_mean = context.all_reduce(tf.distribute.ReduceOp.MEAN, tf.stop_gradient(mean))
    # Each replica keeps its own mean where the global mean counts: the all-reduce needs no gradient.
    term = tf.reduce_sum(tf.where(global_mean >= allowance, mean, allowance))
    return term + tf.zeros_like(kl_of_dimensions[:, 0])
