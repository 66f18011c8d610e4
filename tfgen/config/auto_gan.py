"""Rules of the preset auto for generative adversarial networks."""

from collections.abc import Mapping
from typing import Any

from tfgen.config.auto_facts import Choice, Facts, batch_choice

#: Options that the rules may choose.
OPTIONS = frozenset(
    {
        "arch",
        "batch_size",
        "beta_1",
        "discriminator_filters",
        "filters",
        "latent_dim",
        "learning_rate",
        "r1",
        "schedule",
    }
)


def rules(facts: Facts, given: Mapping[str, Any]) -> list[Choice]:
    """Networks, adversarial loss, regularization and optimizer."""
    return [
        Choice("arch", "dcgan", "pictures; a fully connected network has weights in proportion to the pixels"),
        Choice("latent_dim", 64, "one size"),
        Choice("filters", 64, "one width"),
        Choice("discriminator_filters", 32, "one width"),
        Choice("r1", 0.2, "usual"),
        batch_choice(64, facts, "usual"),
        Choice("learning_rate", 1e-3, "usual"),
        Choice("beta_1", 0.0, "momentum makes the two players oscillate (Gidel et al. 2019)"),
        Choice("schedule", "cosine", "falls to 0 at the planned end"),
    ]
