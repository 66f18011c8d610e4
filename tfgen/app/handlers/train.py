"""Training of a run in the background, and the options that the page offers for a run."""

import dataclasses
from typing import Any

from tfgen.app import training_history
from tfgen.app.context import Context
from tfgen.config import TrainConfig
from tfgen.config.families import find_family, find_preset
from tfgen.config.presets import run_config
from tfgen.data import POINT_NAMES
from tfgen.data.mnist import has_local_files
from tfgen.errors import ConfigError

#: The data sets with labels among those that the page offers.
LABELLED = ("digits", "mnist")


def start_training(
    context: Context,
    model: str,
    preset: str = "quick",
    data: str | None = None,
    epochs: int | None = None,
    seed: int = 0,
    learning_rate: float | None = None,
    conditional: bool = False,
) -> str:
    """Start to train a new run in the background. One run trains at a time.

    Args:
        model: family of the model: vae, gan, flow, …
        preset: predefined options of the model and the training: quick, …
        data: digits, mnist or, for a flow, a density of points in the plane. None: the data of the preset.
        epochs: passes over the training data. None: as in the preset.
        seed: seed of the weights, the batches and the noise.
        learning_rate: step size of the optimizer. None: as in the preset.
        conditional: whether the model learns the labels of the data, so that pictures of a class can be drawn.

    Returns:
        The name of the run, for `training_state` and `training`. All other handlers take it when the run has a model.
    """
    options = train_options(model, preset, data, epochs=epochs, seed=seed, learning_rate=learning_rate)
    if conditional:
        options["conditional"] = checked_conditional(options["data"], conditional)
    return context.trainer.start(model, preset, **options)


def resume_training(context: Context, run: str) -> str:
    """Continue the training of an unfinished run exactly where it stopped.

    Args:
        run: name of the run.

    Returns:
        The name of the run.
    """
    return context.trainer.resume(run)


def training_state(context: Context) -> dict:
    """Tell the state of the training that was started last.

    Returns:
        "phase": idle, starting, training, finishing, stopping, finished, stopped or failed; "run": name of the run;
        "epoch" of "epochs"; "share" of the training that is done; "seconds_left", an estimate; "sentence": the reason
        of a failure.
    """
    return dataclasses.asdict(context.trainer.state())


def stop_training(context: Context) -> dict:
    """Ask the training to save its state and to end. This takes a moment. `resume_training` continues the training.

    Returns:
        The same as `training_state`.
    """
    context.trainer.stop()
    return training_state(context)


# -- offered options --------------------------------------------------------------------------------------------------


def data_for(model: str, preset: str) -> list[str]:
    """Return the data sets on this machine for a preset, the preset's own first. Empty if its own is not here."""
    own = find_preset(model, preset).data.get("data", "digits")
    if own in POINT_NAMES:
        return [own, *(name for name in POINT_NAMES if name != own)]
    if own == "digits":
        return ["digits", "mnist"] if has_local_files("mnist") else ["digits"]
    # The presets of larger data sets use splits that are larger than the 1,797 digits.
    return [own] if own in ("mnist", "stacked_mnist") and has_local_files("mnist") else []


def has_labels(data: str | None) -> bool:
    """Return whether a data set that the page offers has labels, which a conditional model learns."""
    return data in LABELLED


def checked_conditional(data: str, conditional: bool) -> bool:
    """Return `conditional`. Raises `ConfigError` if it is no truth value, or the data have no labels."""
    if not isinstance(conditional, bool):
        raise ConfigError(f"conditional: expected true or false. Received: {conditional!r}")
    if conditional and not has_labels(data):
        raise ConfigError(f"conditional: expected data with labels, {' or '.join(LABELLED)}. Received: {data}")
    return conditional


def presets_of(model: str) -> list[str]:
    """Return the presets of a family whose data are on this machine."""
    return [preset for preset in find_family(model).presets if data_for(model, preset)]


def offered_options(model: str, preset: str) -> tuple[list[str], TrainConfig, str]:
    """Return what the page offers for a preset.

    Returns:
        (data sets, training options of the preset, expected result as Markdown).
    """
    sets = data_for(model, preset)
    expected = f"Expected result on {sets[0]}: {training_history.escaped(find_preset(model, preset).expected_result)}"
    if len(presets_of(model)) < len(find_family(model).presets):
        expected += " More presets appear if the environment variable TFGEN_DATA names the folder of MNIST's files."
    return sets, run_config(model, preset).train, expected


def train_options(model: str, preset: str, data: str | None = None, **options: Any) -> dict[str, Any]:
    """Return the options for `run_config` from the values of the page or of a program, without those that are None.

    Raises:
        ConfigError: as in `run_config`, and for other data than `data_for` returns: a page must not read other files
            of the machine.
    """
    for name, value in {"model": model, "preset": preset, "data": data or ""}.items():
        if not isinstance(value, str):
            raise ConfigError(f"{name}: expected a name. Received: {value!r}")
    run_config(model, preset)
    allowed = data_for(model, preset)
    if not allowed:
        raise ConfigError(
            f"preset: expected one of {', '.join(presets_of(model))}, whose data are here. Received: {preset!r}; for "
            "its data, the environment variable TFGEN_DATA must name the folder of MNIST's files"
        )
    chosen = data or allowed[0]
    if chosen not in allowed:
        raise ConfigError(f"data: expected one of {', '.join(allowed)} with the preset {preset}. Received: {data!r}")
    return {"data": chosen, **{name: _number(name, value) for name, value in options.items() if value is not None}}


def _number(name: str, value: Any) -> Any:
    """Return 5.0 as the integer 5, except for the learning rate: JSON and number fields do not tell them apart."""
    is_integer = name != "learning_rate" and isinstance(value, float) and value.is_integer()
    return int(value) if is_integer else value
