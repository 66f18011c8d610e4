"""The adaptive probability of the augmentation (ADA)."""

import keras
import tensorflow as tf

from tfgen import random


class AdaptiveProbability(keras.layers.Layer):
    """The probability p of the augmentation, which rises while the discriminator overfits and falls otherwise.

        r = E[2 a − 1],    p ← clip(p + n / N · sign(r − target), 0, 1)    after each training step

    a is 1 where the discriminator is correct about a real image, n is the size of the global batch, and N is the
    number of images in which p can rise from 0 to 1. For losses whose logits have a zero, r = E[sign(D(x))], the
    heuristic r_t of StyleGAN2-ADA. The logits of the relativistic loss and of the Wasserstein loss have no meaningful
    zero. For them r = E[sign(D(x) − D(G(z)))] over pairs of a real and a generated image. Both are 0 if the
    discriminator cannot tell the images apart, and 1 if it knows each training image.

    p is a variable, a part of the model's state, so that a resumed training goes on with the same p. It is the same on
    all replicas.

    Args:
        start: p at the start.
        target: the value at which r is held.
        images: N.

    Reference: Karras et al.: Training generative adversarial networks with limited data. NeurIPS 2020, which updates p
    after every fourth batch, with target 0.6 and N = 500,000.
    """

    def __init__(self, start: float, target: float, images: int, **kwargs):
        super().__init__(trainable=False, **kwargs)
        self.target, self.images = target, images
        self.probability = self.add_weight(
            shape=(),
            initializer=keras.initializers.Constant(start),
            trainable=False,
            aggregation="only_first_replica",
            name="probability",
        )
        self.built = True

    def update(self, correct) -> None:
        """Adapt p after a training step.

        Args:
            correct: a of each real image of this replica's batch, [n].
        """
        accuracy, count = tf.reduce_mean(correct), random.rows(correct)
        replicas, _ = random.replica()
        if replicas > 1:
            accuracy = tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.MEAN, accuracy)
        step = tf.cast(count * replicas, tf.float32) / self.images
        change = step * tf.sign(2.0 * accuracy - 1.0 - self.target)
        self.probability.assign(tf.clip_by_value(self.probability + change, 0.0, 1.0))
