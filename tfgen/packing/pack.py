"""Makes a small folder of a finished run.

The folder holds rounded weights, configuration, metrics and measurements; `tfgen.pretrained` lists its files. It is
created only if the model with rounded weights has nearly the samples and likelihoods of the run's model.
"""

import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfgen import pretrained
from tfgen.errors import RunError
from tfgen.files import move_durably, write_json
from tfgen.staging import hidden_folder

if TYPE_CHECKING:
    from tfgen.config import RunConfig
    from tfgen.models.contract import GenerativeModel
    from tfgen.runs.run import Run

#: Approximate side of the picture of samples, in pixels.
PICTURE_SIDE = 600
#: Number of samples of that picture if the usual number has more than `MANY_VALUES` values, for example in colour. So
#: many values make a large file.
FEW_SAMPLES, MANY_VALUES = 16, 100_000

#: A likelihood that took longer than this number of seconds is by default not measured again.
MAX_SECONDS = 600.0


def pack(
    run: "Run",
    name: str,
    out: str | Path = ".",
    *,
    about: str | None = None,
    licence: str | None = None,
    max_seconds: float = MAX_SECONDS,
    report: Callable[[str], Any] = lambda line: None,
) -> "Run":
    """Make the folder `out/name` of a run. On an error, no folder is left.

    Args:
        run: a finished run.
        name: name of the new folder.
        out: folder in which the new folder is made.
        about: one line that describes the model; None for data, family, preset and number of weights.
        licence: licence of the pictures that the model was trained on, one line; None states none.
        max_seconds: likelihoods that took longer than this to measure are copied instead of measured again.
        report: called with the results, a line of text at a time.

    Returns:
        The packed run.

    Raises:
        RunError: if the run is not finished or is packed already, if the folder exists, or if a weight is not finite.
        ConfigError: if `out` is not writable.
    """
    from tfgen.packing.remeasure import remeasure
    from tfgen.packing.rounding import save_rounded
    from tfgen.runs.run import Run

    target = check_packable(run, name, out)
    model = run.load_model()
    with hidden_folder(target.parent, ".pack-") as hidden:
        folder = hidden / target.name
        folder.mkdir()
        config = without_paths(run.config)
        write_json(folder / "config.json", config.to_dict())
        for file in ("versions.json", "metrics.jsonl"):
            if (run.path / file).is_file():
                shutil.copyfile(run.path / file, folder / file)
        record = _record(model, config, name, about, licence)
        # The run's own configuration knows where the data are on this machine.
        packed = Run(folder, run.config)
        rounded = save_rounded(model, run, packed, record, report)
        write_json(folder / pretrained.RECORD, record)
        _draw(rounded, folder / "samples.png")
        remeasure(run, packed, rounded, max_seconds, report)
        move_durably(folder, target)
    return Run.open(target)


def _draw(model: "GenerativeModel", path: Path) -> None:
    """Write the picture of the first seeds, small enough for a package."""
    from tfgen.evaluation.samples import draw_samples, save_samples
    from tfgen.packing.rounding import SAMPLES
    from tfgen.plots.grid import image_grid, save_grid, scale_for

    few = SAMPLES * math.prod(model.event_shape) > MANY_VALUES
    examples = draw_samples(model, FEW_SAMPLES if few else SAMPLES)
    if model.is_image:
        save_grid(examples, path, scale=1 if few else scale_for(image_grid(examples), PICTURE_SIDE))
    else:
        save_samples(model, examples, path)


def check_packable(run: "Run", name: str, out: str | Path) -> Path:
    """Return the path of the new folder `out/name`.

    Raises:
        RunError: if the run is not finished or is packed already, or if the folder exists.
    """
    target = Path(out) / name
    if run.model_file == run.path:
        raise RunError(f"Expected a run of training. Received: {run.path}, the file of a model")
    if run.is_packed:
        raise RunError(f"Expected a run of training. Received: {run.path}, which is packed already")
    # The configuration of an unfinished run, and the command made of it, name epochs that were not trained.
    if (epochs := max((row["epoch"] for row in run.metrics()), default=0)) < run.config.train.epochs:
        raise RunError(
            f"Expected a finished run of {run.config.train.epochs} epochs. Received: {run.path} after {epochs}; resume "
            f"with: tfgen train --resume {run.path}"
        )
    if target.exists():
        raise RunError(f"Expected the name of a new folder. Received: {target}, which exists")
    return target


def without_paths(config: "RunConfig") -> "RunConfig":
    """Return the configuration without folders of this machine. The user's own data keep their name."""
    from tfgen.data import NAMES

    data = config.data
    # "tfds:NAME" and "hf:NAME" name data sets of other packages, and no paths.
    if data.data not in NAMES and not data.data.startswith(("tfds:", "hf:")):
        data = data.replace(data=f"./{Path(data.data).name}")
    return config.replace(data=data.replace(data_dir=None))


def _record(
    model: "GenerativeModel", config: "RunConfig", name: str, about: str | None, licence: str | None
) -> dict[str, Any]:
    """Return the content of `pretrained.json` before the weights are rounded."""
    from tfgen.config.command import to_command
    from tfgen.models.weights import count_weights, inference_variables

    return {
        "about": about or _about(model, config),
        "commands": [to_command(config) or "trained from Python with config.json", f"tfgen pack RUN --name {name}"],
        "event_shape": list(model.event_shape),
        "levels": model.levels,
        **({"classes": model.classes, "class_frequencies": model.class_frequencies} if model.is_conditional else {}),
        **({"licence": licence} if licence else {}),
        "weights": {"numbers": count_weights(inference_variables(model).values())},
    }


def _about(model: "GenerativeModel", config: "RunConfig") -> str:
    from tfgen.models.weights import count_weights

    weights = count_weights(model.trainable_variables)
    shape = "×".join(map(str, model.event_shape[:2] if model.is_image else model.event_shape))
    data = config.data.data.removeprefix("./")
    return f"{data} {shape}: {type(model).__name__}, preset {config.preset}, {weights:,} weights"
