"""What the two players of an adversarial game minimize, by name, and the penalties on the discriminator's slope.

r = D(x) is the discriminator's logit of a real example, f = D(G(z)) that of a fake.

    name            discriminator                              generator
    nonsaturating   ½ softplus(−r) + ½ softplus(f)             softplus(−f)
    minimax         ½ softplus(−r) + ½ softplus(f)             −softplus(f)
    hinge           ½ max(0, 1 − r) + ½ max(0, 1 + f)          −f
    wgan-gp         f − r                                      −f
    relativistic    softplus(f − r)                            softplus(r − f)

softplus(−D) = −log σ(D) is the cross-entropy of calling an example real. The relativistic game compares each real
example with one fake: only how much more real the one looks counts.

References: Goodfellow et al.: Generative adversarial nets, NeurIPS 2014 (the first two). Lim, Ye: Geometric GAN, 2017
(hinge). Gulrajani et al.: Improved training of Wasserstein GANs, NeurIPS 2017. Jolicoeur-Martineau: The relativistic
discriminator, ICLR 2019, in the pairing of Huang et al.: The GAN is dead; long live the GAN!, NeurIPS 2024 (R3GAN). R1
and R2: Mescheder et al.: Which training methods for GANs do actually converge?, ICML 2018.
"""

from collections.abc import Callable

import tensorflow as tf

from tfgen.errors import ConfigError

#: Games in which a constant added to D changes nothing, so that D > 0 does not mean "real".
SHIFT_INVARIANT_LOSSES = ("wgan-gp", "relativistic")
#: Games in which both losses are cross-entropies, and log 2 where neither player has the upper hand.
CROSS_ENTROPIES = ("nonsaturating", "relativistic")


def discriminator_loss(game: str, real, fake) -> tf.Tensor:
    """What the discriminator minimizes: logits [n] of real and of fake examples → [n]."""
    if game == "hinge":
        return 0.5 * (tf.nn.relu(1.0 - real) + tf.nn.relu(1.0 + fake))
    if game == "wgan-gp":
        return fake - real
    if game == "relativistic":
        return tf.nn.softplus(fake - real)
    return 0.5 * (tf.nn.softplus(-real) + tf.nn.softplus(fake))


def generator_loss(game: str, real, fake) -> tf.Tensor:
    """What the generator minimizes: logits [n] of real examples, of which only "relativistic" asks, and of fakes."""
    if game == "nonsaturating":
        return tf.nn.softplus(-fake)
    if game == "minimax":
        return -tf.nn.softplus(fake)
    if game == "relativistic":
        return tf.nn.softplus(real - fake)
    return -fake


def correct(game: str, real, fake) -> tuple[tf.Tensor, tf.Tensor]:
    """1 where the discriminator tells real from fake and 0 where not, for each real and for each fake example, [n].

    Where its logits have no origin, a real example has to look more real than the fake beside it.
    """
    if game in SHIFT_INVARIANT_LOSSES:
        right = tf.cast(real > fake, tf.float32)
        return right, right
    return tf.cast(real > 0.0, tf.float32), tf.cast(fake < 0.0, tf.float32)


def with_slope(discriminator: Callable, points) -> tuple[tf.Tensor, tf.Tensor]:
    """A discriminator's answers and the square of its slope, |∇D(x)|² of each example for itself.

    Args:
        discriminator: x [n, …] → (logit [n], anything more), each row of its own example alone.
        points: x.

    Returns:
        The answers as they came, and float32 [n].
    """
    with tf.GradientTape() as tape:
        tape.watch(points)
        answers = discriminator(points)
    # Rows do not meet in the discriminator: the gradient of the sum holds the gradient of each.
    gradient = tape.gradient(answers[0], points)
    return answers, tf.reduce_sum(tf.square(gradient), axis=[*range(1, gradient.shape.rank)])


def between(real, fake, position) -> tf.Tensor:
    """Points on the lines from fake to real examples, [n, …], at `position` [n] in [0, 1)."""
    position = tf.reshape(position, (-1, *[1] * (real.shape.rank - 1)))
    return fake + position * (real - fake)


def lipschitz_penalty(squared_slope) -> tf.Tensor:
    """(|∇D| − 1)² from |∇D|², [n]."""
    # The square root's own slope at 0 is infinite.
    return tf.square(tf.sqrt(squared_slope + 1e-12) - 1.0)


def packed(examples, count: int) -> tf.Tensor:
    """Each `count` neighbours as one: [n, …, C] → [n / count, …, count · C], the examples of a pack on its channels.

    Raises:
        ConfigError: if the examples cannot be divided into packs.

    Reference: Lin, Khetan, Fanti, Oh: PacGAN: the power of two samples in generative adversarial networks, 2018.
    """
    if count == 1:
        return examples
    if examples.shape[0] is not None and examples.shape[0] % count:
        raise ConfigError(f"packing: expected a batch of a multiple of {count} examples. Received: {examples.shape[0]}")
    *sides, channels = examples.shape[1:]
    groups = tf.reshape(examples, (-1, count, *sides, channels))
    axes = [0, *range(2, 2 + len(sides)), 1, 2 + len(sides)]
    return tf.reshape(tf.transpose(groups, axes), (-1, *sides, count * channels))
