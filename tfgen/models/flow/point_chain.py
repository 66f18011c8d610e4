"""The chain of bijectors of a flow of points, from the data to the latent."""

from typing import TYPE_CHECKING

import keras
from tensorflow_probability import bijectors as tfb

from tfgen.bijectors import AffineCoupling, alternating_mask
from tfgen.networks import mlp

if TYPE_CHECKING:
    from tfgen.config.flow import PointFlowConfig
    from tfgen.models.flow.model import Flow


def point_chain(flow: "Flow") -> list[tfb.Bijector]:
    """The bijectors from points [D] to latents [D]: [ActNorm → coupling with an alternating mask] × N."""
    (size,), config = flow.event_shape, flow.config
    steps: list[tfb.Bijector] = []
    for index in range(config.couplings):
        network = _conditioner(size, len(flow.classes), config)
        steps += [
            *flow.add_actnorm(size),
            AffineCoupling(flow.add_conditioner(network), alternating_mask(size, index % 2)),
        ]
    return steps


def _conditioner(size: int, classes: int, config: "PointFlowConfig") -> keras.Model:
    """The network of a coupling: points [n, D], and one-hot classes [n, K] if there are any, → [n, 2 D]."""
    network = mlp(size + classes, config.hidden, 2 * size, activation=config.activation, zero_last=True)
    if not classes:
        return network
    point, one_hot = keras.Input((size,)), keras.Input((classes,))
    return keras.Model([point, one_hot], network(keras.layers.Concatenate()([point, one_hot])))
