"""A new phase of a training that is resumed with other options."""

from collections.abc import Mapping
from typing import Any

from tfgen.config import RunConfig
from tfgen.config.phase import Phase, changed_options
from tfgen.errors import RunError
from tfgen.runs.run import Run
from tfgen.training.checkpoints import latest_checkpoint, read_progress, step_of


def next_phase(run: Run, options: Mapping[str, Any]) -> RunConfig:
    """The configuration of a run that is resumed with some options of the training.

    - Without a change, it is the run's own.
    - A longer training of a schedule that does not depend on the length only gets more epochs: it ends as if it had
      been planned for them.
    - Any other change ends the present phase at the last checkpoint and begins a new one. Its learning-rate schedule
      begins anew and ends at the last epoch.

    Args:
        run: the run.
        options: options of the training, by name, among `tfgen.config.phase.CHANGEABLE`.

    Raises:
        ConfigError: if a value is out of range.
        RunError: if the number of epochs is not above that of the complete ones, or there is no checkpoint.
    """
    old = run.config.train
    new = old.replace(**options)
    changes = changed_options(old, new)
    epochs, steps = progress_of(run)
    if epochs >= new.epochs and (changes or "epochs" in options):
        asked = f"--epochs {options['epochs']}" if "epochs" in options else "no --epochs"
        raise RunError(
            f"--epochs: expected more than {epochs}, the epochs that {run.path} has trained. Received: {asked}"
        )
    if changes.keys() <= {"epochs", "sample_every", "evaluate_test"} and old.schedule != "cosine":
        return run.config.replace(train=new)
    if changes.keys() <= {"sample_every", "evaluate_test"}:
        return run.config.replace(train=new)
    phase = Phase(old.replace(epochs=max(1, epochs)), epochs, steps)
    return run.config.replace(train=new, earlier=(*run.config.earlier, phase))


def progress_of(run: Run) -> tuple[int, int]:
    """Numbers of complete epochs and of steps in the last checkpoint of a run; (0, 0) before the first one.

    Raises:
        RunError: if the checkpoint cannot be read, or the run has metrics but no checkpoint.
    """
    folder = run.path / "checkpoints"
    path = latest_checkpoint(folder)
    if path is None:
        if run.metrics():
            raise RunError(f"Expected a checkpoint in {folder}. Found none.")
        return 0, 0
    return read_progress(path).epoch, step_of(path)
