"""The measurements of the mode benchmark: of one trial, and of a method over its seeds."""

import dataclasses
import json
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfgen.errors import RunError
from tfgen.mode_benchmark.methods import METHODS, REFERENCE

#: Files in the folder of a trial: the measurements, and samples for the figure.
RESULT_FILE, SAMPLES_FILE = "trial.json", "samples.npz"
#: Keys of `trial.json` in earlier versions → the present keys.
_OLD_KEYS = {"bed": "dataset", "entrant": "method", "budget": "steps"}


@dataclass(frozen=True)
class TrialResult:
    """The measurements of one trial, or of the test set.

    Attributes:
        dataset, method, seed, steps: see `Trial`; the test set has the method `REFERENCE`, no seed and no steps.
        modes: number of modes covered by the samples.
        mode_kl: KL divergence in nats of the samples' distribution over modes from the uniform one; None if no sample
            lies near a mode.
        samples: number of samples measured; 0 if the training diverged.
        high_quality: fraction of samples near a mode, for points only.
        weights: number of trainable weights.
        flops_per_example: floating-point operations of a training step divided by the batch size.
        seconds: duration of the training.
        diverged: error message of a training whose loss became infinite or NaN, else None.
    """

    dataset: str
    method: str
    modes: int
    mode_kl: float | None
    samples: int
    high_quality: float | None = None
    seed: int | None = None
    steps: int | None = None
    weights: int | None = None
    flops_per_example: float | None = None
    seconds: float | None = None
    diverged: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the content of `trial.json`."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "TrialResult":
        """Read the content of `trial.json`, also of one written by an earlier version.

        Raises:
            TypeError: if a key is missing or unknown.
        """
        return cls(**{_OLD_KEYS.get(key, key): value for key, value in values.items()})


def read_result(folder: Path) -> TrialResult | None:
    """Return the measurements of a finished trial, or None if the trial is not finished.

    Raises:
        RunError: if the file cannot be read.
    """
    file = folder / RESULT_FILE
    try:
        return TrialResult.from_dict(json.loads(file.read_text()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise RunError(f"Expected the measurements of a trial in {file}. Received: {error}") from None


@dataclass(frozen=True)
class MethodResult:
    """The trials of one method on one dataset.

    Attributes:
        dataset: key of `DATASETS`.
        method: key of `METHODS`, or `REFERENCE`.
        trials: measurements, one a seed.
        folders: folders of the trials, in the same order.
    """

    dataset: str
    method: str
    trials: tuple[TrialResult, ...]
    folders: tuple[Path, ...]

    @property
    def title(self) -> str:
        """Name in the table and the figure."""
        return "the data itself" if self.method == REFERENCE else METHODS[self.method].title

    @property
    def diverged(self) -> int:
        """Number of trials whose loss became infinite or NaN."""
        return sum(trial.diverged is not None for trial in self.trials)

    def values(self, name: str) -> list[float]:
        """Return a measurement of every trial that has it."""
        return [value for trial in self.trials if (value := getattr(trial, name)) is not None]

    def mean(self, name: str) -> float | None:
        """Return the mean of a measurement over the trials, None if no trial has it."""
        values = self.values(name)
        return statistics.fmean(values) if values else None

    def standard_deviation(self, name: str) -> float | None:
        """Return the standard deviation of a measurement between the trials, None of fewer than two."""
        values = self.values(name)
        return statistics.stdev(values) if len(values) > 1 else None

    def history(self, name: str) -> list[list[tuple[int, float]]]:
        """Return (step, value) pairs of a metric during the training of each trial."""
        histories = []
        for folder in self.folders:
            file = folder / "metrics.jsonl"
            rows = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
            histories.append([(row["step"], row[name]) for row in rows if name in row])
        return histories

    def to_dict(self) -> dict[str, Any]:
        """Return the method's entry in `mode-benchmark.json`."""
        measured = [name for name in MEASUREMENTS if self.values(name)]
        return {
            "dataset": self.dataset,
            "method": self.method,
            "title": self.title,
            **{
                name: {"mean": self.mean(name), "standard_deviation": self.standard_deviation(name)}
                for name in measured
            },
            "diverged": self.diverged,
            "trials": [trial.to_dict() for trial in self.trials],
        }


#: The measurements of a trial of which the report gives mean and standard deviation over the seeds.
MEASUREMENTS = ("modes", "high_quality", "mode_kl", "weights", "flops_per_example", "seconds")
