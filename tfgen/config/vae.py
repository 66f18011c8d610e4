"""The options of the variational autoencoder."""

from typing import Annotated, Literal

from pydantic import model_validator

from tfgen.config.option import (
    Activation,
    Bounds,
    DropoutRate,
    Filters,
    Layers,
    NonNegative,
    Size,
    Steps,
    option,
)
from tfgen.config.schema import Options
from tfgen.errors import ConfigError


class VAEConfig(Options):
    """A variational autoencoder: networks, observation model p(x|z), prior p(z) and objective."""

    arch: Literal["mlp", "conv"] = option("mlp", "Kind of networks: fully connected (mlp) or convolutional (conv)")
    latent_dim: Size = option(20, "Number of dimensions of the latent z")
    hidden: tuple[Size, ...] = option(
        (512,),
        "With --arch mlp: number of units of each hidden layer of the encoder; the decoder has them in reverse order",
    )
    filters: Filters = option(
        32, "With --arch conv: number of filters at the highest resolution; the number doubles at each lower resolution"
    )
    blocks: Layers = option(
        0, "With --arch conv: number of gated residual blocks at each resolution; 0 gives a plain convolutional network"
    )
    activation: Activation = option("relu", "Activation function of the hidden layers")
    dropout: DropoutRate = option(0.0, "With --arch conv and --blocks: dropout rate inside each block, during training")
    likelihood: Literal["bernoulli", "logistic_mixture"] = option(
        "bernoulli",
        "Observation model p(x|z): a Bernoulli distribution of binarized pixels, or a discretized mixture of logistic "
        "distributions of all pixel levels",
    )
    binarize: Literal["threshold", "static", "dynamic"] = option(
        "threshold",
        "With --likelihood bernoulli: how pixels become 0 or 1. threshold: 1 where the pixel is above 0.5; static: "
        "drawn once with the pixel as the probability of 1; dynamic: drawn at every step with that probability",
    )
    mixtures: Annotated[int, Bounds(low=1, limit=256)] = option(
        5, "With --likelihood logistic_mixture: number of mixture components of each pixel and channel"
    )
    prior: Literal["normal", "flow"] = option(
        "normal", "Prior p(z): the standard normal distribution, or a normalizing flow that is trained with the model"
    )
    prior_couplings: Annotated[int, Bounds(low=2, limit=1_000)] = option(
        6, "With --prior flow: number of affine coupling layers"
    )
    prior_hidden: tuple[Size, ...] = option(
        (128, 128), "With --prior flow: number of units of each hidden layer of a coupling's network"
    )
    beta: NonNegative = option(1.0, "Weight of the KL term in the objective; 1 gives the evidence lower bound (ELBO)")
    kl_warmup: Steps = option(0, "Number of training steps in which the weight of the KL term rises from 0 to beta")
    free_bits: NonNegative = option(
        0.0,
        "KL divergence, in nats per latent dimension averaged over the batch, below which the objective has no penalty",
    )

    @model_validator(mode="after")
    def _prior_flow_has_two_dimensions(self):
        if self.prior == "flow" and self.latent_dim < 2:
            raise ConfigError(
                "latent_dim: expected at least 2 dimensions with a prior flow, whose couplings transform some given "
                f"the others. Received: {self.latent_dim}"
            )
        return self
