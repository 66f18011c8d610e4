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

    arch: Literal["mlp", "conv", "hierarchical"] = option(
        "mlp",
        "Kind of networks: fully connected (mlp), convolutional (conv), or convolutional with a hierarchy of latent "
        "grids from coarse to fine (hierarchical)",
    )
    latent_dim: Size = option(20, "With --arch mlp or conv: number of dimensions of the latent z")
    latent_stride: Annotated[int, Bounds(low=2, high=8)] = option(
        2, "With --arch hierarchical: side, in pixels, of the square that a position of the finest latent grid covers"
    )
    latent_groups: Annotated[int, Bounds(low=1, limit=100)] = option(
        2, "With --arch hierarchical: number of groups of latents at each resolution"
    )
    latent_channels: Annotated[int, Bounds(low=1, limit=4_096)] = option(
        8, "With --arch hierarchical: number of latent dimensions of each group and position"
    )
    hidden: tuple[Size, ...] = option(
        (512,),
        "With --arch mlp: number of units of each hidden layer of the encoder; the decoder has them in reverse order",
    )
    filters: Filters = option(
        32,
        "With --arch conv or hierarchical: number of filters at the highest resolution inside the networks; the lower "
        "resolutions have twice as many",
    )
    blocks: Layers = option(
        0,
        "With --arch conv or hierarchical: number of gated residual blocks at each resolution, those of a hierarchical "
        "model in the encoder; with --arch conv, 0 gives a plain convolutional network",
    )
    activation: Activation = option("relu", "Activation function of the hidden layers")
    dropout: DropoutRate = option(
        0.0, "With --arch conv or hierarchical: dropout rate inside each gated residual block, during training"
    )
    likelihood: Literal["bernoulli", "logistic_mixture", "color_logistic_mixture"] = option(
        "bernoulli",
        "Observation model p(x|z): a Bernoulli distribution of binarized pixels; a discretized mixture of logistic "
        "distributions of all pixel levels, in which the color channels are independent (logistic_mixture); or the "
        "same with channels that depend on each other (color_logistic_mixture)",
    )
    binarize: Literal["threshold", "static", "dynamic"] = option(
        "threshold",
        "With --likelihood bernoulli: how pixels become 0 or 1. threshold: 1 where the pixel is above 0.5; static: "
        "drawn once with the pixel as the probability of 1; dynamic: drawn at every step with that probability",
    )
    mixtures: Annotated[int, Bounds(low=1, limit=256)] = option(
        5, "With --likelihood logistic_mixture or color_logistic_mixture: number of mixture components of each pixel"
    )
    prior: Literal["normal", "flow"] = option(
        "normal", "Prior p(z): the standard normal distribution, or a normalizing flow that is trained with the model"
    )
    prior_couplings: Annotated[int, Bounds(low=2, limit=256)] = option(
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
    def _prior_of_a_hierarchy_is_normal(self):
        if self.prior == "flow" and self.arch == "hierarchical":
            raise ConfigError(
                "prior: expected normal with --arch hierarchical, whose networks learn the prior of the lower latents "
                "given the upper ones. Received: flow"
            )
        return self

    @model_validator(mode="after")
    def _prior_flow_has_two_dimensions(self):
        if self.prior == "flow" and self.latent_dim < 2:
            raise ConfigError(
                "latent_dim: expected at least 2 dimensions with a prior flow, whose couplings transform some given "
                f"the others. Received: {self.latent_dim}"
            )
        return self
