"""The prior p(z) of a VAE, or p(z|y) of a conditional one."""

from collections.abc import Callable, Sequence

import keras
import tensorflow as tf
from tensorflow_probability import bijectors as tfb
from tensorflow_probability import distributions as tfd

from tfgen.bijectors.coupling import AffineCoupling
from tfgen.bijectors.masks import alternating_mask


def prior_distribution(latent_dim: int, networks: Sequence[keras.Model], one_hot=None) -> tfd.Distribution:
    """Build the prior over [latent_dim]: N(0, I) without networks, else a flow of affine couplings.

    Args:
        latent_dim: dimensions of the latent.
        networks: the conditioner of each coupling. The model has to hold them too: Keras does not look into bijectors.
        one_hot: classes of n latents, [n, classes], which the conditioners take as further inputs; None without
            classes.
    """
    normal = tfd.MultivariateNormalDiag(loc=tf.zeros(latent_dim), scale_diag=None)
    if not networks:
        return normal
    couplings = [
        AffineCoupling(_given(network, one_hot), alternating_mask(latent_dim, parity=index % 2))
        for index, network in enumerate(networks)
    ]
    return tfd.TransformedDistribution(normal, tfb.Chain(couplings))


def _given(network: keras.Model, one_hot) -> Callable:
    """The network of z for these classes, from the network of (z, class)."""
    if one_hot is None:
        return network
    return lambda latent: network(tf.concat([latent, one_hot], axis=-1))
