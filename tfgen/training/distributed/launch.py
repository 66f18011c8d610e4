"""Start the worker processes of one training on this machine."""

from tfgen.config.arguments import TrainArguments
from tfgen.errors import ConfigError
from tfgen.runs import Run
from tfgen.training.distributed.supervisor import Supervisor
from tfgen.training.process import PYTHON


def launch(arguments: TrainArguments, workers: int, max_restarts: int, heartbeat_timeout: float) -> None:
    """Train with several worker processes until the run is finished.

    Args:
        arguments: of the training.
        workers: number of processes, each with one replica.
        max_restarts: number of restarts without a new checkpoint after which the launcher gives up.
        heartbeat_timeout: seconds without a heartbeat after which a worker counts as lost.

    Raises:
        ConfigError: if the arguments exclude a launcher, or the workers cannot share the batch.
        TfgenError: as `Supervisor.supervise`.
    """
    machine = arguments.machine
    if machine.strategy not in ("auto", "multiworker") or machine.devices or machine.virtual_cpus > 1:
        raise ConfigError(
            "Expected none of --strategy, --devices and --virtual-cpus: the launcher defines the cluster. Received: "
            f"--strategy {machine.strategy}"
        )
    # Bad input is refused before a folder is made.
    config = arguments.config or Run.reopen(arguments.resume or "").config
    if config.train.batch_size % workers:
        raise ConfigError(
            f"--batch-size: expected a multiple of {workers}, the number of workers. "
            f"Received: {config.train.batch_size}"
        )
    run = _open_or_create(arguments)
    program = [*PYTHON, "-m", "tfgen", "train", "--resume", str(run.path)]
    program += ["--checkpoint-seconds", str(machine.checkpoint_seconds)]
    if arguments.epochs is not None:
        program += ["--epochs", str(arguments.epochs)]
    Supervisor(run.path, program, workers, max_restarts, heartbeat_timeout).supervise()


def _open_or_create(arguments: TrainArguments) -> Run:
    """The run, created before the first worker starts, so that all workers know its folder."""
    if arguments.dry_run:
        raise ConfigError("--dry-run: expected without launch; tfgen train --dry-run prints the plan of a training")
    if arguments.resume is not None:
        return Run.reopen(arguments.resume)
    assert arguments.config is not None
    if arguments.run is None:
        return Run.create(arguments.out, arguments.config)
    if Run.exists(arguments.run):
        return Run.reopen(arguments.run)
    return Run.create_at(arguments.run, arguments.config)
