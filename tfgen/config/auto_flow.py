"""Rules of the preset auto for normalizing flows."""

from collections.abc import Mapping
from typing import Any

from tfgen.config.auto_facts import Choice, Facts, batch_choice
from tfgen.config.run import RunConfig

#: Options that the rules may choose.
OPTIONS = frozenset(
    {
        "alpha",
        "autoregressive",
        "autoregressive_block",
        "batch_size",
        "blocks",
        "channel_autoregressive",
        "checkerboard",
        "clip_norm",
        "couplings",
        "dequantization",
        "dropout",
        "learning_rate",
        "optimizer",
        "schedule",
        "squeeze",
        "width",
    }
)
#: Number of passes over the training set from which on dropout is used, and pictures below which it is stronger.
PASSES, FEW_PICTURES = 5, 1_000


def rules(facts: Facts, given: Mapping[str, Any]) -> list[Choice]:
    """Dequantization, chain of transformations, networks and optimizer."""
    instead = "the autoregressive flow takes the place of affine couplings"
    color = [Choice("channel_autoregressive", True, "the channels of a pixel depend on each other")]
    return [
        Choice("dequantization", "variational", "uniform noise costs likelihood (Ho et al. 2019, Flow++)"),
        Choice("alpha", 1e-4, "black and white get wide intervals of the spline, as in white backgrounds"),
        Choice("checkerboard", 0, instead),
        Choice("squeeze", (min(4, facts.side),), "blocks of the dequantizer; the sides need not be multiples"),
        Choice("couplings", (0,), instead),
        Choice("autoregressive", True, "most likelihood for its weights (van den Oord et al. 2016, PixelRNN)"),
        *(color if facts.channels > 1 else []),
        *_networks(facts),
        batch_choice(_batch(facts), facts, f"{facts.side} pixels a side; many updates matter more than large batches"),
        Choice("optimizer", "muon", "needs fewer steps than Adam (Jordan et al. 2024)"),
        Choice("learning_rate", 2e-3, "largest that trains well with this optimizer"),
        Choice("schedule", "cosine", "falls to 0 at the planned end"),
        Choice("clip_norm", 1.0, "splines have rare steep pieces"),
    ]


def length_rules(config: RunConfig, examples: int, steps: int) -> list[Choice]:
    """Dropout for a training of so many steps."""
    passes = steps * config.train.batch_size / examples
    if examples < FEW_PICTURES:
        rate, reason = 0.2, f"fewer than {FEW_PICTURES:,} pictures"
    else:
        rate = 0.1 if passes > PASSES else 0.0
        reason = f"{passes:.1f} passes over the training set; dropout from {PASSES} on"
    return [Choice("dropout", rate, f"{reason} (Salimans et al. 2017, PixelCNN++)")]


def _networks(facts: Facts) -> list[Choice]:
    block = 1 if facts.side <= 32 else 2 if facts.side <= 64 else 4
    gpu = facts.device == "gpu"
    width = 96 if gpu else 48 if block == 1 else 64
    return [
        Choice("autoregressive_block", block, f"{facts.side} pixels a side; larger blocks keep the steps few"),
        Choice("width", width, f"{'a GPU' if gpu else 'a CPU'}, blocks of {block}×{block} pixels"),
        Choice("blocks", 12 if gpu else 6, "a GPU" if gpu else "a CPU"),
    ]


def _batch(facts: Facts) -> int:
    return 64 if facts.side <= 32 else 32 if facts.side <= 64 else 16
