"""Start the worker processes of one training on this machine."""

from tfgen.config import RunConfig
from tfgen.config.arguments import TrainArguments
from tfgen.config.auto import has_rules
from tfgen.errors import ConfigError
from tfgen.runs import Run
from tfgen.runs.lock import LOCK_TIMEOUT, run_lock
from tfgen.training.distributed.supervisor import Supervisor
from tfgen.training.open_run import keep_config, new_config, open_existing_run
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
        RunError: if another process trains the run.
        TfgenError: as `Supervisor.supervise`.
    """
    machine = arguments.machine
    if machine.strategy not in ("auto", "multiworker") or machine.devices or machine.virtual_cpus > 1:
        raise ConfigError(
            "Expected none of --strategy, --devices and --virtual-cpus: the launcher defines the cluster. Received: "
            f"--strategy {machine.strategy}"
        )
    # Bad input is refused before a folder is made.
    existing = open_existing_run(arguments)
    config = existing.config if existing else new_config(arguments)
    if existing is None and (has_rules(config) or arguments.minutes is not None):
        raise ConfigError(
            "--preset, --minutes: expected a preset other than auto, and --epochs, with several workers. Received: a "
            "training that is planned on one machine; tfgen train --dry-run prints its options as a command"
        )
    if config.train.batch_size % workers:
        raise ConfigError(
            f"--batch-size: expected a multiple of {workers}, the number of workers. "
            f"Received: {config.train.batch_size}"
        )
    if arguments.dry_run:
        raise ConfigError("--dry-run: expected without launch; tfgen train --dry-run prints the plan of a training")
    run = existing or _create(arguments, config)
    # The chief holds the lock of the training, and releases it when the workers are started again.
    with run_lock(run.path, "launch"):
        with run_lock(run.path, "training", LOCK_TIMEOUT):
            keep_config(run, config)
        program = [*PYTHON, "-m", "tfgen", "train", "--resume", str(run.path)]
        program += ["--checkpoint-seconds", str(machine.checkpoint_seconds)]
        program += ["--accept-changed-data"] if arguments.accept_changed_data else []
        Supervisor(run.path, program, workers, max_restarts, heartbeat_timeout).supervise()


def _create(arguments: TrainArguments, config: RunConfig) -> Run:
    """Create the run before the first worker starts, so that all workers know its folder."""
    return Run.create(arguments.out, config) if arguments.run is None else Run.create_at(arguments.run, config)
