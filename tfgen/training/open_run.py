"""Opening or creating the run that a training's arguments name."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tfgen.config import RunConfig
from tfgen.config.arguments import TrainArguments
from tfgen.errors import ConfigError, RunError
from tfgen.files import write_json
from tfgen.runs.run import Run

if TYPE_CHECKING:
    from tfgen.training.distributed.strategy import DistributionContext


def open_existing_run(arguments: TrainArguments) -> Run | None:
    """Open the run of `--resume`, or the run of `--run` if it exists; None if a new run is to be created.

    Raises:
        RunError: if the run of `--resume` cannot be resumed, or the run of `--run` has other options.
    """
    if arguments.resume is not None:
        return _open_to_resume(arguments)
    if arguments.run is None or not Run.exists(arguments.run):
        return None
    run, config = Run.reopen(arguments.run), arguments.config
    assert config is not None
    found, expected = run.config.to_dict(), config.to_dict()
    for section in found:
        if found[section] != expected[section]:
            raise RunError(
                f"Expected a run of these options in {run.path}, or none yet. Received: one with another {section}: "
                f"{_differences(found[section], expected[section])}. --resume {run.path} keeps its own options"
            )
    return run


def _differences(found: Any, expected: Any) -> str:
    """The options of a section that differ, for a message."""
    if not isinstance(found, Mapping):
        return f"{found}, not {expected}"
    return ", ".join(f"{name} {found[name]}, not {expected[name]}" for name in found if found[name] != expected[name])


def _open_to_resume(arguments: TrainArguments) -> Run:
    """Open the run of `--resume`, with the number of epochs of `--epochs` if that is given."""
    run = Run.reopen(arguments.resume or "")
    if arguments.epochs is not None and arguments.epochs != run.config.train.epochs:
        if run.config.train.schedule == "cosine":
            raise RunError(
                f"--epochs: expected {run.config.train.epochs}, as the run was planned: its cosine schedule depends on "
                f"the number of epochs. Received: {arguments.epochs}"
            )
        run = Run(run.path, run.config.with_options({"epochs": arguments.epochs}))
        if not arguments.dry_run:
            write_json(run.path / "config.json", run.config.to_dict())
    return run


def check_shared_folder(arguments: TrainArguments, run: Run | None) -> None:
    """Check that the arguments name one folder for all workers of a cluster.

    Raises:
        ConfigError: if each worker would create a numbered folder of its own.
    """
    if arguments.run is None and run is None:
        raise ConfigError(
            "--run: expected the run folder, the same for all workers and on a file system that they share. "
            "Received: none"
        )


def create_run(arguments: TrainArguments, config: RunConfig, distribution: "DistributionContext") -> Run:
    """Create the new run. With several workers, the chief creates the folder and the others open it.

    Raises:
        RunError: if the folder cannot be written, or a worker does not see the folder that the chief created.
    """
    if arguments.run is None:
        return Run.create(arguments.out, config)
    if distribution.is_chief:
        Run.create_at(arguments.run, config)
    # The other workers wait here until the chief has created the folder.
    distribution.all_reduce_mean([0.0])
    try:
        return Run.open(arguments.run)
    except RunError:
        raise RunError(
            f"Expected the run folder on a file system that all workers share. Received: {arguments.run}, in which "
            "this worker does not find the files of the chief"
        ) from None
