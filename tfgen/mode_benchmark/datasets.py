"""Test beds of mode collapse, and who is put to the test. Nothing here imports TensorFlow."""

from dataclasses import dataclass, field
from typing import Any

from tfgen.config import RunConfig
from tfgen.config.presets import run_config
from tfgen.errors import ConfigError


@dataclass(frozen=True)
class Bed:
    """Data whose modes can be counted, and networks and training that all models on it share.

    Attributes:
        modes: how many the data has.
        samples: how many a trained model is judged by.
        budget: steps of training, unless another number is asked for.
        options: of data, networks and training; "train_size" and "batch_size" say how many steps an epoch has.
        penalty: weight of R1 and R2 where a model has them.
    """

    modes: int
    samples: int
    budget: int
    options: dict[str, Any]
    penalty: float

    def steps_per_epoch(self, train_size: int | None = None) -> int:
        """Steps in an epoch of that many training examples; of the bed's own number unless given."""
        return (train_size or self.options["train_size"]) // self.options["batch_size"]


_SHARED = {
    "validation_size": 0,
    "optimizer": "adam",
    "schedule": "constant",
    "beta_1": 0.5,
    "ema": 0.0,
    "discriminator_dropout": 0.0,
    "sample_every": 1,
    "evaluate_test": False,
}
_POINTS = {
    **_SHARED,
    "arch": "mlp",
    "generator_hidden": (128, 128),
    "discriminator_hidden": (128, 128),
    "train_size": 51_200,
    "batch_size": 128,
    "learning_rate": 5e-4,
}

#: Samples as in PacGAN: 2,500 points, 26,000 stacks. Budgets and networks are such that a GAN without any help loses
#: modes, and a training takes a minute or less on points and some minutes on stacks, on one core.
BEDS: dict[str, Bed] = {
    "ring8": Bed(8, 2_500, 24_000, {**_POINTS, "data": "ring8", "latent_dim": 16}, penalty=0.1),
    "grid25": Bed(25, 2_500, 24_000, {**_POINTS, "data": "grid25", "latent_dim": 2}, penalty=0.1),
    "stacked_mnist": Bed(
        1_000,
        26_000,
        4_000,
        {
            **_SHARED,
            "data": "stacked_mnist",
            "arch": "dcgan",
            "latent_dim": 100,
            "filters": 32,
            "discriminator_filters": 16,
            "train_size": 32_000,
            "batch_size": 64,
            "learning_rate": 1e-3,
            "beta_1": 0.0,
        },
        penalty=0.2,
    ),
}


@dataclass(frozen=True)
class Entrant:
    """A model that is put to the test.

    Attributes:
        title: its name in the table.
        model: its family.
        options: what it differs in.
        penalized: which of "r1" and "r2" it has, with the bed's weight.
    """

    title: str
    model: str
    options: dict[str, Any] = field(default_factory=dict)
    penalized: tuple[str, ...] = ()


ENTRANTS: dict[str, Entrant] = {
    "gan": Entrant("GAN", "gan"),
    "packing": Entrant("PacGAN, packs of 2", "gan", {"packing": 2}),
    "r1": Entrant("GAN with R1", "gan", penalized=("r1",)),
    "relativistic": Entrant("relativistic with R1 and R2", "gan", {"loss": "relativistic"}, ("r1", "r2")),
    "averaged": Entrant(
        "relativistic, averaged",
        "gan",
        {
            "loss": "relativistic",
            # Of 16 filters, too few may be left for one of the colours: its digits are then drawn unevenly.
            "discriminator_filters": 32,
            "ema": 0.999,
            # Squares of gradients are remembered for a hundred steps, not a thousand: with a moving opponent they age.
            "beta_2": 0.99,
            "schedule": "cosine",
            "warmup": 1_000,
        },
        ("r1", "r2"),
    ),
    "dropout_gan": Entrant(
        "Dropout-GAN, 5 discriminators", "dropout_gan", {"discriminators": 5, "feedback_dropout": 0.5}
    ),
    "mad_gan": Entrant("MAD-GAN, 8 generators", "mad_gan", {"generators": 8, "own_layers": 2}),
}
#: Those that are put to the test unless others are asked for. "averaged" is not: its discriminator and its training
#: differ as well.
COMPARED = tuple(name for name in ENTRANTS if name != "averaged")
#: What stands in the place of an entrant for the data itself.
DATA = "data"


@dataclass(frozen=True)
class Trial:
    """One training: an entrant on a bed, from one seed.

    Attributes:
        bed, entrant: keys of `BEDS` and `ENTRANTS`.
        seed: of the training.
        budget: its steps.
        train_size: training examples, None for the bed's own number.
        data_dir: see `tfgen.data.load`.
    """

    bed: str
    entrant: str
    seed: int
    budget: int
    train_size: int | None = None
    data_dir: str | None = None

    @property
    def name(self) -> str:
        """Of its folder."""
        return f"{self.bed}-{self.entrant}-{self.seed}"

    @property
    def config(self) -> RunConfig:
        """Of its run.

        Raises:
            ConfigError: if the budget is not a whole number of epochs.
        """
        bed, entrant = BEDS[self.bed], ENTRANTS[self.entrant]
        epoch = bed.steps_per_epoch(self.train_size)
        if epoch < 1 or self.budget % epoch:
            raise ConfigError(
                f"--budget: expected a multiple of {max(epoch, 1)} steps, an epoch of {self.bed}. Received: "
                f"{self.budget}"
            )
        options = {**bed.options, **entrant.options, **dict.fromkeys(entrant.penalized, bed.penalty)}
        if self.train_size is not None:
            options["train_size"] = self.train_size
        if self.data_dir is not None and self.bed == "stacked_mnist":
            options["data_dir"] = self.data_dir
        return run_config(entrant.model, "quick", **options, epochs=self.budget // epoch, seed=self.seed)
