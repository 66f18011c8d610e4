"""Rules of the preset auto for variational autoencoders."""

from collections.abc import Mapping
from typing import Any

from tfgen.config.auto_facts import Choice, Facts, batch_choice

#: Options that the rules may choose.
OPTIONS = frozenset(
    {
        "activation",
        "arch",
        "batch_size",
        "blocks",
        "clip_norm",
        "filters",
        "latent_dim",
        "learning_rate",
        "likelihood",
        "prior",
        "schedule",
    }
)


def rules(facts: Facts, given: Mapping[str, Any]) -> list[Choice]:
    """Networks, observation model, prior and optimizer."""
    return [
        Choice("arch", "conv", "pictures; a fully connected network has weights in proportion to the pixels"),
        Choice("activation", "silu", "smooth, with gated residual blocks"),
        Choice("blocks", 1, "gated residual blocks"),
        Choice("filters", 32, "one width"),
        Choice("latent_dim", 64, "one size"),
        Choice("likelihood", "logistic_mixture", "pixels of more than two levels (Salimans et al. 2017)"),
        Choice("prior", "flow", "the aggregate posterior is not normal (Rezende, Mohamed 2015)"),
        batch_choice(64, facts, "usual"),
        Choice("learning_rate", 1e-3, "usual"),
        Choice("schedule", "cosine", "falls to 0 at the planned end"),
        Choice("clip_norm", 200.0, "guards against rare large gradients (Child 2021, very deep VAE)"),
    ]
