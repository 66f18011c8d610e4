"""The options of the machine that trains, which are no part of a run."""

from typing import Annotated, Literal

from tfgen.config.option import Bounds, option
from tfgen.config.schema import Options


class MachineConfig(Options):
    """The devices that train, and the time between checkpoints.

    A run does not store these options: its numbers do not depend on them, and it may be resumed on another machine.
    """

    strategy: Literal["auto", "one", "mirrored", "multiworker"] = option(
        "auto",
        "Devices to use: one device, all devices of this machine (mirrored), or all workers of TF_CONFIG or Slurm "
        "(multiworker); auto takes multiworker within a cluster, mirrored with several GPUs, and else one",
    )
    devices: tuple[str, ...] | None = option(
        None, "Names of the devices to use, for example GPU:0 GPU:1", default_text="as --strategy says"
    )
    virtual_cpus: Annotated[int, Bounds(low=1, high=64)] = option(
        1, "Number of virtual devices into which the CPU is split, to test several devices on one machine"
    )
    checkpoint_seconds: Annotated[float, Bounds(low=1.0, limit=1e9)] = option(
        60.0, "Seconds between two checkpoints; a training that is killed loses at most this time"
    )
