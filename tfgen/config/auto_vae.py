"""Rules of the preset auto for variational autoencoders."""

from collections.abc import Mapping
from typing import Any

from tfgen.config.auto_facts import Choice, Facts, batch_choice
from tfgen.config.run import RunConfig

#: Options that the rules may choose.
OPTIONS = frozenset(
    {
        "activation",
        "arch",
        "batch_size",
        "blocks",
        "clip_norm",
        "dropout",
        "filters",
        "hidden",
        "kl_warmup",
        "latent_channels",
        "latent_dim",
        "latent_groups",
        "latent_stride",
        "learning_rate",
        "likelihood",
        "mixtures",
        "optimizer",
        "prior",
        "schedule",
    }
)
#: Largest side, in pixels, of pictures for which a fully connected network is enough.
SMALL_SIDE = 12
#: Training sets with fewer pictures than this get dropout.
FEW_PICTURES = 10_000
#: Number of steps from which on the smaller learning rate is used.
LONG_TRAINING = 20_000
#: Share of the training, and largest number of steps, in which the weight of the KL term rises.
KL_WARMUP_SHARE, KL_WARMUP_STEPS = 0.2, 5_000


def rules(facts: Facts, given: Mapping[str, Any]) -> list[Choice]:
    """Networks, observation model, prior and optimizer."""
    small = facts.side <= SMALL_SIDE
    arch = given.get("arch", "mlp" if small else "conv")
    return [
        *_networks(arch, facts),
        *_likelihood(facts),
        _batch(arch, facts),
        *_optimizer(arch),
        Choice("schedule", "cosine", "falls to 0 at the planned end (Vahdat, Kautz 2020, NVAE)"),
        Choice("clip_norm", 200.0, "guards against rare large gradients (Child 2021, VDVAE)"),
    ]


def length_rules(config: RunConfig, examples: int, steps: int) -> list[Choice]:
    """Learning rate and warm-ups for a training of so many steps."""
    choices = [
        Choice(
            "kl_warmup",
            min(KL_WARMUP_STEPS, int(KL_WARMUP_SHARE * steps)),
            "the first fifth of the training: latents are in use before they cost (Sønderby et al. 2016)",
        )
    ]
    if config.train.optimizer == "muon":
        short = steps < LONG_TRAINING
        reason = f"{'fewer' if short else 'no fewer'} than {LONG_TRAINING:,} steps of Muon"
        rate = 5e-3 if config.architecture.arch == "conv" else 1e-2
        choices.append(Choice("learning_rate", rate if short else 0.5 * rate, reason))
        choices.append(Choice("warmup", min(100, int(0.05 * steps)), "Muon needs a short one"))
    return choices


def _optimizer(arch: str) -> list[Choice]:
    if arch == "mlp":
        return [
            Choice("optimizer", "adam", "a fully connected network"),
            Choice("learning_rate", 1e-3, "as in the preset quick"),
        ]
    return [Choice("optimizer", "muon", "needs fewer steps than Adam (Jordan et al. 2024)")]


def _batch(arch: str, facts: Facts) -> Choice:
    if arch == "mlp":
        return batch_choice(64, facts, "as in the preset quick")
    if facts.device == "gpu":
        return batch_choice(128, facts, "a GPU")
    return batch_choice(
        32, facts, "a CPU; many updates matter most, and Muon costs a small batch as much as a large one"
    )


def _networks(arch: str, facts: Facts) -> list[Choice]:
    if arch == "mlp":
        return [
            Choice("arch", "mlp", f"pictures of at most {SMALL_SIDE} pixels a side"),
            Choice("hidden", (256, 256), "as in the preset quick"),
            Choice("latent_dim", 16, "as in the preset quick"),
        ]
    few = facts.examples < FEW_PICTURES
    shared = [
        Choice("activation", "silu", "smooth, as in NVAE (Vahdat, Kautz 2020)"),
        Choice("blocks", 1, "more width instead of more depth in the same time"),
        Choice("dropout", 0.1 if few else 0.0, f"{'fewer' if few else 'no fewer'} than {FEW_PICTURES:,} pictures"),
        _filters(facts),
    ]
    if arch == "conv":
        return [
            Choice("arch", "conv", "one latent vector gives whole shapes early; hierarchical is better in likelihood"),
            *shared,
            Choice("latent_dim", 64, "more dimensions than are used cost little"),
            Choice("prior", "flow", "the distribution of the latents is not normal (Tomczak, Welling 2018)"),
        ]
    return [
        Choice("arch", "hierarchical", "latents at every resolution give more likelihood (Child 2021, VDVAE)"),
        Choice("latent_stride", _stride(facts), "the finest latent grid has 16 to 32 positions a side"),
        Choice("latent_groups", 2, "groups of latents at each resolution"),
        Choice("latent_channels", 8, "channels of each group; VDVAE has 16 in wider networks"),
        *shared,
    ]


def _stride(facts: Facts) -> int:
    """Side in pixels of the square that a position of the finest latent grid covers."""
    return 2 if facts.side < 64 else 4 if facts.side < 128 else 8


def _filters(facts: Facts) -> Choice:
    if facts.device == "cpu":
        return Choice("filters", 32, "a CPU does enough updates with this width")
    if facts.side > 64:
        return Choice("filters", 64, "a GPU, and pictures of more than 64 pixels a side")
    return Choice("filters", 96, "a GPU, and pictures of at most 64 pixels a side")


def _likelihood(facts: Facts) -> list[Choice]:
    if facts.levels == 2:
        return [Choice("likelihood", "bernoulli", "pixels of two levels")]
    reason = f"{facts.levels} levels; the channels of a pixel depend on each other (Salimans et al. 2017, PixelCNN++)"
    large = facts.side > 32
    return [
        Choice("likelihood", "color_logistic_mixture", reason),
        Choice(
            "mixtures",
            3 if large else 5,
            f"{'more' if large else 'no more'} than 32 pixels a side; the cost grows with pixels × components",
        ),
    ]
