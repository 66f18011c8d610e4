"""Opening or creating the run that a training's arguments name."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tfgen.config import RunConfig
from tfgen.config.arguments import TrainArguments
from tfgen.config.auto import has_rules
from tfgen.errors import ConfigError, RunError
from tfgen.files import write_json
from tfgen.runs.run import Run
from tfgen.training.paths import with_absolute_paths
from tfgen.training.phases import next_phase

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
    run = Run.reopen(arguments.run)
    found, expected = run.config.to_dict(), _expected(arguments, run.config).to_dict()
    for section in found:
        if found[section] != expected.get(section):
            raise RunError(
                f"Expected a run of these options in {run.path}, or none yet. Received: one with another {section}: "
                f"{_differences(found[section], expected.get(section))}. --resume {run.path} keeps its own options"
            )
    return run


def new_config(arguments: TrainArguments) -> RunConfig:
    """The configuration of a new run as the arguments state it, with absolute paths."""
    assert arguments.config is not None
    return with_absolute_paths(arguments.config)


def _expected(arguments: TrainArguments, found: RunConfig) -> RunConfig:
    """The configuration that the arguments of `--run` ask for.

    What the rules of the preset auto or a plan for a time have chosen is taken from the existing run.
    """
    expected = new_config(arguments)
    # Earlier versions stored relative paths.
    stored = with_absolute_paths(found)
    data = found.data if stored.data == expected.data else expected.data
    expected = expected.replace(data=data)
    if found.model != expected.model:
        return expected
    if has_rules(expected):
        # The values are those of the configuration, whose paths are absolute.
        asked = {**dict(expected.architecture), **dict(expected.train)}
        given = {name: asked[name] for name in arguments.given if name in asked}
        return found.with_options(given).replace(preset=expected.preset, data=data)
    if arguments.minutes is not None:
        train = expected.train.replace(epochs=found.train.epochs, steps_per_epoch=found.train.steps_per_epoch)
        return expected.replace(train=train)
    return expected


def _differences(found: Any, expected: Any) -> str:
    """The options of a section that differ, for a message."""
    if not isinstance(found, Mapping) or not isinstance(expected, Mapping):
        return f"{found}, not {expected}"
    return ", ".join(f"{name} {found[name]}, not {expected[name]}" for name in found if found[name] != expected[name])


def _open_to_resume(arguments: TrainArguments) -> Run:
    """Open the run of `--resume`, with the options of a new phase if the arguments state some."""
    run = Run.reopen(arguments.resume or "")
    return Run(run.path, next_phase(run, arguments.given)) if arguments.given else run


def keep_config(run: Run, config: RunConfig) -> None:
    """Write the configuration of a resumed run if it has got other options."""
    if Run.open(run.path).config != config:
        write_json(run.path / "config.json", config.to_dict())


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
