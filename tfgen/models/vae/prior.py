"""The prior p(z) of a VAE."""

from collections.abc import Sequence

import keras
import tensorflow as tf
from tensorflow_probability import bijectors as tfb
from tensorflow_probability import distributions as tfd

from tfgen.bijectors.coupling import AffineCoupling
from tfgen.bijectors.masks import alternating_mask


def prior_distribution(latent_dim: int, networks: Sequence[keras.Model]) -> tfd.Distribution:
    """Build the prior over [latent_dim]: N(0, I) without networks, else a flow of affine couplings.

    Args:
        latent_dim: dimensions of the latent.
        networks: the conditioner of each coupling. The model has to hold them too: Keras does not look into bijectors.
    """
    normal = tfd.MultivariateNormalDiag(loc=tf.zeros(latent_dim), scale_diag=None)
    if not networks:
        return normal
    couplings = [
        AffineCoupling(network, alternating_mask(latent_dim, parity=index % 2))
        for index, network in enumerate(networks)
    ]
    return tfd.TransformedDistribution(normal, tfb.Chain(couplings))
