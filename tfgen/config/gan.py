"""The options of the generative adversarial networks: GAN, Dropout-GAN and MAD-GAN."""

from typing import Annotated, Literal

from tfgen.config.option import Bounds, DropoutRate, Filters, NonNegative, OneOrMoreLayers, Size, option
from tfgen.config.schema import Options

Networks = Annotated[int, Bounds(low=1, limit=128)]


class AdversarialConfig(Options):
    """The options that all adversarial models share: the two networks and the regularization of the discriminator."""

    arch: Literal["mlp", "conv", "dcgan", "residual"] = option(
        "mlp",
        "Kind of networks: fully connected (mlp), two 3×3 convolutions per resolution (conv), one strided 4×4 "
        "convolution per resolution (dcgan), or residual blocks without normalization as in R3GAN (residual)",
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
        "With --arch conv, dcgan or residual: number of filters at the highest resolution; the number doubles at each "
        "lower resolution",
    )
    discriminator_filters: Filters | None = option(
        None,
        "With --arch conv, dcgan or residual: number of filters of the discriminator at the highest resolution",
        default_text="the number of the generator",
    )
    max_filters: Filters = option(256, "With --arch residual: largest number of filters of a resolution")
    blocks: Annotated[int, Bounds(low=1, limit=100)] = option(
        1, "With --arch residual: number of residual blocks at each resolution"
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
    differentiable_augmentation: tuple[Literal["color", "translation", "cutout"], ...] = option(
        (),
        "Random changes of real and generated images before the discriminator, which keep it from memorizing a small "
        "training set: color (brightness, saturation, contrast), translation, cutout",
        default_text="none",
    )
    augmentation_probability: Annotated[float, Bounds(low=0.0, high=1.0)] = option(
        1.0,
        "Probability of each change by --differentiable-augmentation; with --ada-target, the probability at the start",
    )
    ada_target: Annotated[float, Bounds(low=0.0, high=1.0)] | None = option(
        None,
        "Adapt the probability of the changes so that 2a - 1 stays at this value, where a is the accuracy of the "
        "discriminator in training (ADA)",
        default_text="constant probability",
    )
    ada_images: Annotated[int, Bounds(low=1, limit=2**31 - 1)] = option(
        500_000, "With --ada-target: number of training images in which the probability can rise from 0 to 1"
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
