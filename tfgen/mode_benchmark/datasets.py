"""The datasets of the mode benchmark. Nothing here imports TensorFlow."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class BenchmarkDataset:
    """Data with a known number of modes, and the networks and training options that all methods share on the data.

    Attributes:
        modes: number of modes of the data.
        samples: number of samples of a trained model in which modes are counted.
        steps: number of training steps, unless the user asks for another number.
        options: options of data, networks and training. "train_size" and "batch_size" determine the steps of an epoch.
        penalty: weight of the gradient penalties R1 and R2, for the methods that use them.
    """

    modes: int
    samples: int
    steps: int
    options: dict[str, Any]
    penalty: float

    def steps_per_epoch(self, train_size: int | None = None) -> int:
        """Return the number of steps of an epoch of `train_size` examples (None: the dataset's own number)."""
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

#: The numbers of samples are those of PacGAN (Lin et al., 2018): 2,500 points, 26,000 stacked images. Steps and
#: networks are chosen so that a plain GAN loses modes, and so that a training on one core takes about a minute on
#: points and a few minutes on stacked images.
DATASETS: dict[str, BenchmarkDataset] = {
    "ring8": BenchmarkDataset(8, 2_500, 24_000, {**_POINTS, "data": "ring8", "latent_dim": 16}, penalty=0.1),
    "grid25": BenchmarkDataset(25, 2_500, 24_000, {**_POINTS, "data": "grid25", "latent_dim": 2}, penalty=0.1),
    "stacked_mnist": BenchmarkDataset(
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
