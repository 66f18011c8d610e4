"""The chain of bijectors of a flow of points, from the data to the latent."""

from typing import TYPE_CHECKING

from tensorflow_probability import bijectors as tfb

from tfgen.bijectors import AffineCoupling, alternating_mask
from tfgen.networks import mlp

if TYPE_CHECKING:
    from tfgen.models.flow.model import Flow


def point_chain(flow: "Flow") -> list[tfb.Bijector]:
    """The bijectors from points [D] to latents [D]: [ActNorm → coupling with an alternating mask] × N."""
    (size,), config = flow.event_shape, flow.config
    steps: list[tfb.Bijector] = []
    for index in range(config.couplings):
        network = mlp(size, config.hidden, 2 * size, activation=config.activation, zero_last=True)
        steps += [
            *flow.add_actnorm(size),
            AffineCoupling(flow.add_conditioner(network), alternating_mask(size, index % 2)),
        ]
    return steps
