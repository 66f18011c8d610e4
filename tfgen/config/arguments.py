"""The arguments of a training: which run, from which configuration, on which devices."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tfgen.config.machine import MachineConfig
from tfgen.config.run import RunConfig


@dataclass(frozen=True)
class TrainArguments:
    """The arguments of a training, as the command line states them.

    Attributes:
        config: configuration of a new run; None if `resume` names an existing run. With the preset auto, the rules have
            not chosen yet.
        given: the options that the command line sets, by name. With `resume`, options of a new phase of the training.
        minutes: time for which a new run is planned; None leaves the number of epochs as it is, or to the preset auto.
        resume: folder of the run to resume.
        run: folder of the run to create, or to resume if it exists.
        out: folder in which a new run gets a numbered folder, if `run` names none.
        dry_run: whether to print a summary and train nothing.
        accept_changed_data: whether to resume a run whose data have changed.
        machine: the devices that train.
    """

    config: RunConfig | None
    given: Mapping[str, Any] = field(default_factory=dict)
    minutes: float | None = None
    resume: str | None = None
    run: str | None = None
    out: str = "runs"
    dry_run: bool = False
    accept_changed_data: bool = False
    machine: MachineConfig = field(default_factory=MachineConfig)
