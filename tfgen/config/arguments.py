"""The arguments of a training: which run, from which configuration, on which devices."""

from dataclasses import dataclass, field

from tfgen.config.machine import MachineConfig
from tfgen.config.run import RunConfig


@dataclass(frozen=True)
class TrainArguments:
    """The arguments of a training, as the command line states them.

    Attributes:
        config: configuration of a new run; None if `resume` names an existing run.
        resume: folder of the run to resume.
        run: folder of the run to create, or to resume if it exists.
        out: folder in which a new run gets a numbered folder, if `run` names none.
        dry_run: whether to print a summary and train nothing.
        epochs: with `resume`, the total number of epochs to train to.
        machine: the devices that train.
    """

    config: RunConfig | None
    resume: str | None = None
    run: str | None = None
    out: str = "runs"
    dry_run: bool = False
    epochs: int | None = None
    machine: MachineConfig = field(default_factory=MachineConfig)
