"""Rules of the preset auto for normalizing flows."""

from collections.abc import Mapping
from typing import Any

from tfgen.config.auto_facts import Choice, Facts, batch_choice

#: Options that the rules may choose.
OPTIONS = frozenset(
    {
        "alpha",
        "autoregressive",
        "batch_size",
        "blocks",
        "checkerboard",
        "clip_norm",
        "couplings",
        "dequantization",
        "learning_rate",
        "optimizer",
        "schedule",
        "squeeze",
        "width",
    }
)


def rules(facts: Facts, given: Mapping[str, Any]) -> list[Choice]:
    """Dequantization, chain of transformations, networks and optimizer."""
    block = next(side for side in (4, 3, 2, 5, 1) if facts.height % side == 0 and facts.width % side == 0)
    return [
        Choice("dequantization", "variational", "uniform noise costs likelihood (Ho et al. 2019, Flow++)"),
        Choice("alpha", 1e-4, "usual"),
        Choice("checkerboard", 0, "the autoregressive flow takes the place of the couplings"),
        Choice("squeeze", (block,), "divides both sides"),
        Choice("couplings", (0,), "the autoregressive flow takes the place of the couplings"),
        Choice("autoregressive", True, "most likelihood for its weights"),
        Choice("width", 48, "usual"),
        Choice("blocks", 6, "usual"),
        batch_choice(64, facts, "usual"),
        Choice("optimizer", "muon", "fewer steps than Adam (Jordan et al. 2024)"),
        Choice("learning_rate", 2e-3, "usual"),
        Choice("schedule", "cosine", "falls to 0 at the planned end"),
        Choice("clip_norm", 1.0, "usual"),
    ]
