"""The options of the generative adversarial networks: GAN, Dropout-GAN and MAD-GAN."""

from typing import Annotated, Literal

from tfgen.config.option import Bounds, DropoutRate, Filters, NonNegative, OneOrMoreLayers, Size, option
from tfgen.config.schema import Options

Networks = Annotated[int, Bounds(low=1, limit=1_000)]


class AdversarialConfig(Options):
    """The options that all adversarial models share: the two networks and the regularization of the discriminator."""

    arch: Literal["mlp", "conv", "dcgan"] = option(
        "mlp",
        "Kind of networks: fully connected (mlp), two 3×3 convolutions per resolution (conv), or one strided 4×4 "
        "convolution per resolution (dcgan)",
    )
    latent_dim: Size = option(32, "Number of dimensions of the latent z")
    generator_hidden: tuple[Size, ...] = option(
        (128, 256, 512, 1024), "With --arch mlp: number of units of each hidden layer of the generator"
    )
    discriminator_hidden: tuple[Size, ...] = option(
        (512, 256), "With --arch mlp: number of units of each hidden layer of the discriminator"
    )
    filters: Filters = option(
        32,
        "With --arch conv or dcgan: number of filters at the highest resolution; the number doubles at each lower "
        "resolution",
    )
    discriminator_filters: Filters | None = option(
        None,
        "With --arch conv or dcgan: number of filters of the discriminator at the highest resolution",
        default_text="the number of the generator",
    )
    generator_dropout: DropoutRate = option(0.0, "With --arch mlp: dropout rate in the generator, during training")
    discriminator_dropout: DropoutRate = option(
        0.3, "With --arch mlp: dropout rate in the discriminator, during training"
    )
    r1: NonNegative = option(0.0, "Weight γ of the gradient penalty γ/2 |∇D|² at real examples; 0 switches it off")
    r2: NonNegative = option(0.0, "Weight γ of the gradient penalty γ/2 |∇D|² at generated examples; 0 switches it off")
    spectral_norm: bool = option(
        False, "Divide each weight matrix of the discriminator by its largest singular value (spectral normalization)"
    )
    discriminator_steps: Annotated[int, Bounds(low=1, limit=1_000)] = option(
        1, "Number of discriminator steps for one generator step; each uses its own part of the batch"
    )


class GANConfig(AdversarialConfig):
    """A generative adversarial network with one generator and one discriminator."""

    loss: Literal["nonsaturating", "minimax", "hinge", "wgan-gp", "relativistic"] = option(
        "nonsaturating", "Adversarial loss of the generator and the discriminator"
    )
    gradient_penalty: NonNegative = option(
        10.0,
        "With --loss wgan-gp: weight λ of the gradient penalty λ (|∇D| - 1)² at points between real and generated "
        "examples",
    )
    packing: Annotated[int, Bounds(low=1, limit=1_000)] = option(
        1, "Number of examples that the discriminator classifies together (PacGAN); 1 classifies each example alone"
    )


class DropoutGANConfig(GANConfig):
    """A GAN with several discriminators, a random part of which trains the generator in each step."""

    discriminators: Networks = option(5, "Number of discriminators")
    feedback_dropout: Annotated[float, Bounds(low=0.0, high=1.0)] = option(
        0.5, "Probability, for each discriminator and batch, that the generator's loss leaves out the discriminator"
    )


class MADGANConfig(AdversarialConfig):
    """A GAN with several generators, which the discriminator tells apart."""

    loss: Literal["nonsaturating", "minimax"] = option("nonsaturating", "Adversarial loss of the generators")
    generators: Networks = option(4, "Number of generators")
    own_layers: OneOrMoreLayers = option(
        2, "Number of last layers that each generator has for itself; the generators share the other layers"
    )
