"""Starting a training from the weights of a trained model (fine-tuning)."""

from typing import TYPE_CHECKING

from tfgen.config import RunConfig
from tfgen.errors import ConfigError, RunError
from tfgen.models.weights import inference_variables
from tfgen.runs.run import Run

if TYPE_CHECKING:
    from tfgen.models.contract import GenerativeModel


def open_start(config: RunConfig) -> Run:
    """Open the run or model that `--init-from` names.

    Raises:
        RunError: if there is no such run.
        ConfigError: if it is of another family.
    """
    assert config.train.init_from is not None
    try:
        run = Run.open(config.train.init_from)
    except RunError as error:
        raise RunError(f"--init-from: {error}") from None
    if run.config.model != config.model:
        raise ConfigError(
            f"--init-from: expected a {config.model}. Received: {config.train.init_from}, a {run.config.model}"
        )
    return run


def load_start(model: "GenerativeModel", config: RunConfig) -> str:
    """Give a new model the weights of the model that `--init-from` names.

    Arrays whose size depends on the number of classes keep their random initial values if that number differs. All
    other arrays must have the same shapes.

    Returns:
        What was taken over, as a clause.

    Raises:
        RunError: if there is no such run, or it has no model yet.
        ConfigError: if the models differ in family, architecture, shape or use of labels; the message names the first
            difference.
    """
    run = open_start(config)
    source = run.load_model()
    _check_architecture(config, run, source, model)
    targets, sources = (list(inference_variables(each).items()) for each in (model, source))
    if len(targets) != len(sources):
        raise ConfigError(
            f"--init-from: expected {len(targets)} arrays of weights. Received: {len(sources)} in {run.path}"
        )
    more_classes, new = len(model.classes) - len(source.classes), []
    for (name, target), (_, variable) in zip(targets, sources, strict=True):
        differences = {int(a) - int(b) for a, b in zip(target.shape, variable.shape, strict=False)} - {0}
        if len(target.shape) != len(variable.shape) or differences - {more_classes}:
            raise ConfigError(
                f"--init-from: expected weights that fit. Received: {name} of shape {tuple(variable.shape)} in "
                f"{run.path}, and of shape {tuple(target.shape)} in the new model"
            )
        if differences:
            new.append(name)
        else:
            target.assign(variable.numpy())
    if model.average is not None:
        model.average.copy(model.averaged_variables)
    kept = f", but {len(new)} that depend on the number of classes, which are new" if new else ""
    return f"{len(targets)} arrays of weights of {run.path}{kept}"


def _check_architecture(config: RunConfig, run: Run, source: "GenerativeModel", model: "GenerativeModel") -> None:
    if source.event_shape != model.event_shape:
        wanted, found = ("×".join(map(str, shape)) for shape in (source.event_shape, model.event_shape))
        sides = "x".join(map(str, source.event_shape[:-1]))
        color = "grey" if source.event_shape[-1] == 1 else "rgb"
        raise ConfigError(
            f"--init-from: expected data of shape {wanted}, as {run.path} has. Received: {found}. Pass --image-size "
            f"{sides} --color {color}"
        )
    if source.is_conditional != model.is_conditional:
        state = "a class-conditional model" if source.is_conditional else "a model without labels"
        raise ConfigError(
            f"--init-from: expected {state}, as {run.path} is. Received: {'no ' * source.is_conditional}--conditional"
        )
    here, there = config.architecture.to_dict(), run.config.architecture.to_dict()
    if differences := [f"{name} {here[name]}, not {there[name]}" for name in here if here[name] != there.get(name)]:
        raise ConfigError(
            f"--init-from: expected the architecture of {run.path}. Received: {', '.join(differences)}. Without "
            "--preset, the architecture is taken over"
        )
