"""Rules of the preset auto for generative adversarial networks."""

import math
from collections.abc import Mapping
from typing import Any

from tfgen.config.auto_facts import Choice, Facts, batch_choice
from tfgen.config.run import RunConfig

#: Options that the rules may choose.
OPTIONS = frozenset(
    {
        "ada_images",
        "ada_target",
        "arch",
        "augmentation_probability",
        "batch_size",
        "beta_1",
        "beta_2",
        "blocks",
        "differentiable_augmentation",
        "filters",
        "latent_dim",
        "learning_rate",
        "loss",
        "max_filters",
        "optimizer",
        "r1",
        "r2",
        "schedule",
    }
)
#: Number of training pictures from which on the discriminator does not memorize them in a short training.
MANY_PICTURES = 20_000
#: Number of training pictures below which the probability of augmentation adapts, and its value at the start.
VERY_FEW_PICTURES, FIRST_PROBABILITY = 1_000, 0.2
#: Passes over the training set for which a constant probability of augmentation would be 1, and its largest value.
PASSES, HIGHEST_PROBABILITY = 1_000, 0.5
#: Half-life of the moving average in images at a batch of 32, and its largest share of the training.
EMA_IMAGES, EMA_SHARE = 10_000, 0.05
#: Smallest number of images, and share of the training, in which the probability of augmentation can rise to 1.
ADA_IMAGES, ADA_SHARE = 100_000, 0.4


def rules(facts: Facts, given: Mapping[str, Any]) -> list[Choice]:
    """Networks, adversarial loss, regularization, augmentation and optimizer."""
    gpu, side = facts.device == "gpu", facts.side
    device = "a GPU" if gpu else "a CPU"
    small = side <= 64
    size = f"{device}, {'at most' if small else 'more than'} 64 pixels a side"
    gamma = round(0.5 * max(1.0, math.sqrt(facts.pixels) / 32), 3)
    penalty = f"grows with the side, 0.5 at 32×32; R3GAN needs both penalties; {facts.height}×{facts.width} pixels"
    return [
        Choice("arch", "residual", "residual blocks without normalization (Huang et al. 2024, R3GAN)"),
        Choice("loss", "relativistic", "does not drop modes of the data (Huang et al. 2024, R3GAN)"),
        Choice("r1", gamma, penalty),
        Choice("r2", gamma, penalty),
        Choice("latent_dim", 64, "as in R3GAN"),
        Choice("filters", (64 if gpu else 32) // (1 if small else 2), size),
        Choice("max_filters", 512 if gpu else 256, device),
        Choice("blocks", 2 if gpu else 1, device),
        batch_choice(64 if gpu else 32, facts, f"{device}; more updates matter more than large batches"),
        Choice("optimizer", "adam", "as in R3GAN"),
        Choice("beta_1", 0.0, "momentum makes the two networks oscillate (Gidel et al. 2019)"),
        Choice("beta_2", 0.99, "as in R3GAN"),
        Choice("schedule", "cosine", "falls to 0 at the planned end, as in R3GAN"),
        *_augmentation(facts),
    ]


def _augmentation(facts: Facts) -> list[Choice]:
    if facts.examples >= MANY_PICTURES:
        return []
    color = ("color",) if facts.channels > 1 else ()
    few = f"fewer than {MANY_PICTURES:,} pictures, which the discriminator would memorize"
    kinds = Choice("differentiable_augmentation", (*color, "translation", "cutout"), f"{few} (Zhao et al. 2020)")
    if not adapts(facts.examples):
        return [kinds]
    return [
        kinds,
        Choice("ada_target", 0.6, "augment as much as the discriminator overfits (Karras et al. 2020, StyleGAN2-ADA)"),
        Choice("augmentation_probability", FIRST_PROBABILITY, f"at the start; {facts.examples:,} pictures"),
    ]


def adapts(examples: int) -> bool:
    """Whether the probability of augmentation adapts to the accuracy of the discriminator.

    With more pictures, a training on a CPU ends before the discriminator overfits. Its accuracy is high then because
    the generator is not yet good, and an adaptive probability would rise without need.
    """
    return examples < VERY_FEW_PICTURES


def length_rules(config: RunConfig, examples: int, steps: int) -> list[Choice]:
    """Learning rate, moving average and speed of adaptive augmentation for a training of so many steps."""
    batch = config.train.batch_size
    images = steps * batch
    half_life = max(batch, min(EMA_IMAGES * batch / 32, EMA_SHARE * images))
    choices = [
        Choice("learning_rate", 5e-4, "larger steps lose the variety within a class"),
        Choice("warmup", 0, "none in R3GAN"),
        Choice(
            "ema",
            round(0.5 ** (batch / half_life), 5),
            f"half-life of {half_life:,.0f} images: {EMA_IMAGES:,} at a batch of 32, at most 5 % of the training "
            "(Karras et al. 2020, StyleGAN2-ADA)",
        ),
    ]
    if adapts(examples):
        rise = int(max(ADA_IMAGES, ADA_SHARE * images))
        choices.append(Choice("ada_images", min(2**31 - 1, rise), "the probability can reach 1 within the training"))
    elif examples < MANY_PICTURES:
        passes = images / examples
        probability = round(min(HIGHEST_PROBABILITY, passes / PASSES), 3)
        reason = f"a thousandth for each of {passes:,.0f} passes over the training set, at most {HIGHEST_PROBABILITY}"
        choices.append(Choice("augmentation_probability", probability, reason))
    return choices
