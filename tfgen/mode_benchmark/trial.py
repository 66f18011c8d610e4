"""The definition of a trial of the mode benchmark. Nothing here imports TensorFlow."""

from dataclasses import dataclass

from tfgen.config import RunConfig
from tfgen.config.presets import run_config
from tfgen.errors import ConfigError
from tfgen.mode_benchmark.datasets import DATASETS
from tfgen.mode_benchmark.methods import METHODS


@dataclass(frozen=True)
class Trial:
    """One training: a method on a dataset with one seed.

    Attributes:
        dataset: key of `DATASETS`.
        method: key of `METHODS`.
        seed: seed of the training.
        steps: number of training steps.
        train_size: number of training examples, None for the dataset's own number.
        data_dir: folder of the data files, see `tfgen.data.load`.
    """

    dataset: str
    method: str
    seed: int
    steps: int
    train_size: int | None = None
    data_dir: str | None = None

    @property
    def name(self) -> str:
        """Name of the trial's folder."""
        return f"{self.dataset}-{self.method}-{self.seed}"

    @property
    def config(self) -> RunConfig:
        """Configuration of the trial's run.

        Raises:
            ConfigError: if the number of steps is not a whole number of epochs.
        """
        dataset, method = DATASETS[self.dataset], METHODS[self.method]
        epoch = dataset.steps_per_epoch(self.train_size)
        if epoch < 1 or self.steps % epoch:
            raise ConfigError(
                f"--steps: expected a multiple of {max(epoch, 1)} steps, an epoch of {self.dataset}. Received: "
                f"{self.steps}"
            )
        options = {**dataset.options, **method.options, **dict.fromkeys(method.penalties, dataset.penalty)}
        if self.train_size is not None:
            options["train_size"] = self.train_size
        if self.data_dir is not None and self.dataset == "stacked_mnist":
            options["data_dir"] = self.data_dir
        return run_config(method.model, "quick", **options, epochs=self.steps // epoch, seed=self.seed)


def make_trials(
    datasets: list[str],
    methods: list[str],
    seeds: int,
    *,
    steps: int | None = None,
    train_size: int | None = None,
    data_dir: str | None = None,
) -> list[Trial]:
    """Return the trials of a benchmark, ordered by dataset, then by method, then by seed.

    Args:
        datasets: keys of `DATASETS`; a repeated key counts once.
        methods: keys of `METHODS`; a repeated key counts once.
        seeds: number of trials of each method on each dataset; their seeds are 0, 1, ….
        steps, train_size: see `Trial`; None for the dataset's own number.
        data_dir: see `Trial`.

    Raises:
        ConfigError: if the number of steps is not a whole number of epochs.
    """
    trials = [
        Trial(dataset, method, seed, steps or DATASETS[dataset].steps, train_size, data_dir)
        for dataset in dict.fromkeys(datasets)
        for method in dict.fromkeys(methods)
        for seed in range(seeds)
    ]
    for trial in trials:
        _ = trial.config  # raises the error before any training starts
    return trials
