"""An earlier phase of a training whose options changed when it was resumed."""

from dataclasses import dataclass
from typing import Any

from tfgen.config.schema import Options
from tfgen.config.train import TrainConfig
from tfgen.errors import ConfigError

#: Options of the training that a later phase may change. The others determine the variables of a checkpoint or the
#: random numbers of the whole run.
CHANGEABLE = (
    "epochs",
    "steps_per_epoch",
    "batch_size",
    "learning_rate",
    "schedule",
    "decay",
    "warmup",
    "clip_norm",
    "sample_every",
    "evaluate_test",
)


@dataclass(frozen=True)
class Phase:
    """A phase of the training that has ended.

    Attributes:
        train: the options of the training during the phase.
        epochs: number of complete epochs of the run at the end of the phase.
        steps: number of steps of the run at the end of the phase.
    """

    train: TrainConfig
    epochs: int
    steps: int

    def to_dict(self) -> dict[str, Any]:
        """The phase as values that JSON can hold."""
        return {"epochs": self.epochs, "steps": self.steps, "train": self.train.to_dict()}

    @classmethod
    def from_dict(cls, values: Any) -> "Phase":
        """Read a phase. Raises `ConfigError` with the name of the entry that is wrong."""
        if not isinstance(values, dict) or set(values) != {"epochs", "steps", "train"}:
            raise ConfigError(f"earlier_phases: expected entries with epochs, steps and train. Received: {values!r}")
        for name in ("epochs", "steps"):
            if type(values[name]) is not int or values[name] < 0:
                raise ConfigError(f"earlier_phases: {name}: expected an integer from 0. Received: {values[name]!r}")
        return cls(TrainConfig.from_dict(values["train"]), values["epochs"], values["steps"])


def changed_options(old: Options, new: Options) -> dict[str, Any]:
    """The options of `new` that differ from those of `old`, by name."""
    return {name: getattr(new, name) for name in new.option_names() if getattr(new, name) != getattr(old, name)}
