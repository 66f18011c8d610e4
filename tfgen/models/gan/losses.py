"""The adversarial losses of discriminator and generator, by name.

r = D(x) is the discriminator's logit of a real example, f = D(G(z)) its logit of a generated (fake) example.

    name            discriminator                              generator
    nonsaturating   ½ softplus(−r) + ½ softplus(f)             softplus(−f)
    minimax         ½ softplus(−r) + ½ softplus(f)             −softplus(f)
    hinge           ½ max(0, 1 − r) + ½ max(0, 1 + f)          −f
    wgan-gp         f − r                                      −f
    relativistic    softplus(f − r)                            softplus(r − f)

softplus(−D) = −log σ(D) is the cross-entropy of classifying an example as real. The relativistic loss compares each
real example with one fake and depends only on the difference of their logits.

References: Goodfellow et al.: Generative adversarial nets, NeurIPS 2014 (the first two). Lim, Ye: Geometric GAN, 2017
(hinge). Gulrajani et al.: Improved training of Wasserstein GANs, NeurIPS 2017. Jolicoeur-Martineau: The relativistic
discriminator, ICLR 2019, with the pairing of Huang et al.: The GAN is dead; long live the GAN!, NeurIPS 2024 (R3GAN).
"""

import tensorflow as tf

#: Losses that do not change when a constant is added to D. With them, D > 0 does not mean "real".
SHIFT_INVARIANT_LOSSES = ("wgan-gp", "relativistic")
#: Losses that are cross-entropies for both networks. Both equal log 2 when D cannot tell real from fake.
CROSS_ENTROPIES = ("nonsaturating", "relativistic")


def discriminator_loss(name: str, real, fake) -> tf.Tensor:
    """Compute the discriminator's loss from the logits of real and of fake examples, [n] each → [n]."""
    if name == "hinge":
        return 0.5 * (tf.nn.relu(1.0 - real) + tf.nn.relu(1.0 + fake))
    if name == "wgan-gp":
        return fake - real
    if name == "relativistic":
        return tf.nn.softplus(fake - real)
    return 0.5 * (tf.nn.softplus(-real) + tf.nn.softplus(fake))


def generator_loss(name: str, real, fake) -> tf.Tensor:
    """Compute the generator's loss from the logits of fake examples [n] → [n].

    Only the relativistic loss needs `real`, the logits of real examples [n]. It may be None for the others.
    """
    if name == "nonsaturating":
        return tf.nn.softplus(-fake)
    if name == "minimax":
        return -tf.nn.softplus(fake)
    if name == "relativistic":
        return tf.nn.softplus(real - fake)
    return -fake


def correct(name: str, real, fake) -> tuple[tf.Tensor, tf.Tensor]:
    """Whether the discriminator is correct, as 1 or 0, for each real example [n] and for each fake example [n].

    It is correct if the logit of a real example is positive and that of a fake one negative. For the shift-invariant
    losses, whose logits have no meaningful zero, the logit of the real example has to be larger than the logit of the
    fake example in the same row.
    """
    if name in SHIFT_INVARIANT_LOSSES:
        larger = tf.cast(real > fake, tf.float32)
        return larger, larger
    return tf.cast(real > 0.0, tf.float32), tf.cast(fake < 0.0, tf.float32)
