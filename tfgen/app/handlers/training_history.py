"""The training history of a run for programs, and the pictures of an epoch."""

from tfgen.app import training_history, validation
from tfgen.app.context import Context
from tfgen.app.pictures import cache_image
from tfgen.data.sets import counted
from tfgen.runs.run import Run


def training(context: Context, run: str) -> dict:
    """Tell how a run was trained, so far or to its end.

    Args:
        run: name of the run, as `models` lists them. The run may still be training.

    Returns:
        Its main options; the "epochs" done of those "planned"; the "seconds" spent; the "best_epoch"; the "metrics" of
        every epoch; in "pictures" and "pixels", the epochs for which `epoch_samples` has pictures.
    """
    found = context.catalogue.run(run)
    return {
        "run": run,
        **training_history.facts(found),
        "metrics": found.metrics(),
        "pictures": training_history.epochs(found),
        "pixels": training_history.epochs(found, pixels=True),
    }


def epoch_samples(context: Context, run: str, epoch: int | None = None, pixels: bool = False) -> tuple[str, str]:
    """Show the samples that a run drew from fixed seeds after an epoch.

    Args:
        run: name of the run, as `models` lists them. The run may still be training.
        epoch: number of the epoch. Without pictures of it, the last earlier epoch with pictures. None: the latest.
        pixels: whether pixels are sampled from their distribution instead of showing the mean, if the run has both.

    Returns:
        The pictures in a grid as one PNG, and a caption.
    """
    found = context.catalogue.run(run)
    epoch = None if epoch is None else validation.int_in_range("epoch", epoch, 0, 10**9)
    return samples_of_epoch(found, run, epoch, bool(pixels))


def samples_of_epoch(run: Run, name: str, epoch: int | None, pixels: bool) -> tuple[str, str]:
    """Return the path of the pictures and a caption. `name` is the name of the run. Arguments: see `epoch_samples`."""
    picture, shown_epoch = training_history.samples(run, epoch, pixels)
    return cache_image(picture, f"{name}-epoch-{shown_epoch}"), _caption(run, name, shown_epoch)


def _caption(run: Run, name: str, epoch: int) -> str:
    if run.is_packed:
        return f"Samples of **{name}** from the first seeds. A packed model has pictures of its last epoch only."
    if not epoch:
        return f"Samples of **{name}** before the first training step."
    planned = counted(run.config.train.epochs, "epoch")
    return f"Samples of **{name}** after {epoch} of {planned}. The seeds are the same for every epoch."
