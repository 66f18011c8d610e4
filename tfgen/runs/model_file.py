"""Loading a run's best model from its file."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tfgen import pretrained
from tfgen.config import RunConfig
from tfgen.errors import RunError
from tfgen.runs.keras_file import upgrade_keras_file

if TYPE_CHECKING:
    from tfgen.models.contract import GenerativeModel


def load_keras_model(file: Path, config: RunConfig) -> "GenerativeModel":
    """Load a `model.keras` that training wrote.

    Args:
        file: the file.
        config: of the run.

    Raises:
        RunError: if there is no file, Keras cannot load it, it holds another model, or a weight is infinite or NaN.
    """
    if not file.is_file():
        raise RunError(
            f"Expected a trained model, {file}. The run has not finished an epoch. Resume its training with: "
            f"tfgen train --resume {file.parent}"
        )
    import keras

    from tfgen.models import family

    expected = family(config.model)  # registers the class that the file names
    try:
        with upgrade_keras_file(file) as upgraded:
            model = keras.models.load_model(upgraded, compile=False)
    except Exception as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0][:300]
        raise RunError(f"Expected a model saved by tfgen in {file}. Received: {reason}") from None
    if not isinstance(model, expected):
        raise RunError(
            f"Expected a {config.model} saved by tfgen in {file}. Received: a model of class {type(model).__name__}"
        )
    check_finite(model, file)
    return model


def load_packed_model(folder: Path, config: RunConfig) -> "GenerativeModel":
    """Build the model of a packed folder and load its rounded weights.

    Args:
        folder: one with `pretrained.json` and `weights.npz`.
        config: of the folder.

    Raises:
        RunError: if one of the files is missing or damaged.
    """
    from tfgen.models import build
    from tfgen.models.weights import load_weights

    record = pretrained.read(folder)
    # The packed weights are the moving averages already, and a loaded model computes in float32.
    config = config.with_options({"ema": 0.0, "precision": "float32"})
    labels = tuple(record.get("classes", ())), tuple(record.get("class_frequencies", ()))
    if config.data.conditional and not labels[0]:
        raise RunError(f"Expected the classes of a conditional model in {folder / pretrained.RECORD}. Received: none")
    model = build(config, tuple(record["event_shape"]), record["levels"], *labels)
    load_weights(model, folder / pretrained.WEIGHTS, record["weights"]["sha256"])
    check_finite(model, folder / pretrained.WEIGHTS)
    return model


def check_finite(model: "GenerativeModel", file: Path) -> None:
    """Raise `RunError` if a weight is infinite or NaN: every number and picture of the model would be so too."""
    from tfgen.models.weights import inference_variables

    variables = inference_variables(model)
    wrong = [name for name, variable in variables.items() if not np.isfinite(np.asarray(variable, np.float32)).all()]
    if wrong:
        raise RunError(
            f"Expected finite weights in {file}. Received: NaN or infinite ones in {len(wrong)} of {len(variables)} "
            f"arrays, for example {wrong[0]}. The training diverged, or the file is damaged"
        )
