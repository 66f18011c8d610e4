"""The number of latent dimensions that a VAE uses."""

import tensorflow as tf

#: Variance over the images above which the posterior mean of a latent dimension counts as active.
ACTIVE_VARIANCE = 0.01


def active_units(means) -> float:
    """Return the number of latent dimensions that depend on the image, Var_x(E_q[z|x]) > 0.01.

    The posterior of the other dimensions has collapsed to the prior.

    Args:
        means: posterior means E_q[z|x] of images x, [n, latents].

    Reference: Burda, Grosse, Salakhutdinov: Importance weighted autoencoders. ICLR 2016, section 5.2.
    """
    active = tf.math.reduce_variance(means, axis=0) > ACTIVE_VARIANCE
    return float(tf.reduce_sum(tf.cast(active, tf.float32)))
