"""The methods of the mode benchmark: GANs with different remedies against mode collapse. Nothing imports TensorFlow."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Method:
    """A GAN that takes part in the benchmark.

    Attributes:
        title: name in the table and the figure.
        model: family of the model.
        options: options that differ from the shared options of the dataset.
        penalties: the gradient penalties that the method uses, "r1" or "r2"; their weight is that of the dataset.
    """

    title: str
    model: str
    options: dict[str, Any] = field(default_factory=dict)
    penalties: tuple[str, ...] = ()


METHODS: dict[str, Method] = {
    "gan": Method("GAN", "gan"),
    "packing": Method("PacGAN, packs of 2", "gan", {"packing": 2}),
    "r1": Method("GAN with R1", "gan", penalties=("r1",)),
    "relativistic": Method("relativistic with R1 and R2", "gan", {"loss": "relativistic"}, ("r1", "r2")),
    "averaged": Method(
        "relativistic, averaged",
        "gan",
        {
            "loss": "relativistic",
            # With 16 filters the discriminator may use too few for one color channel, whose digits then lack modes.
            "discriminator_filters": 32,
            "ema": 0.999,
            # Adam averages squared gradients over about 100 steps instead of 1,000, because the loss of each network
            # changes with every step of the other.
            "beta_2": 0.99,
            "schedule": "cosine",
            "warmup": 1_000,
        },
        ("r1", "r2"),
    ),
    "dropout_gan": Method(
        "Dropout-GAN, 5 discriminators", "dropout_gan", {"discriminators": 5, "feedback_dropout": 0.5}
    ),
    "mad_gan": Method("MAD-GAN, 8 generators", "mad_gan", {"generators": 8, "own_layers": 2}),
}
#: The methods that run by default. "averaged" is left out: its discriminator and its training options also differ.
DEFAULT_METHODS = tuple(name for name in METHODS if name != "averaged")
#: Stands in place of a method's name for the test set, whose examples are measured as a model's samples are.
REFERENCE = "data"
