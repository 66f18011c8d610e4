"""The models that come with the package: `tfgen.load("digits-vae")` needs no training and no data.

Each model is a small run folder that `tfgen pack` made of a finished run. `tfgen models` lists the models.

config.json        of the run, without paths               pretrained.json    description, commands, hash of the weights
weights.npz        all weights, with 16, 24 or 32 bits     samples.png        images of the first 16 or 64 seeds
versions.json, metrics.jsonl    of the training            evaluation.json    the measurements of `tfgen evaluate`

A name takes precedence over a folder of the same spelling: write ./digits-vae for a folder. This module does not
import TensorFlow.
"""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tfgen.errors import RunError
from tfgen.files import read_json

#: Folder of the pretrained models.
FOLDER = Path(__file__).parent
#: The file that makes a folder a packed model, and the file of its weights.
RECORD, WEIGHTS = "pretrained.json", "weights.npz"


def names() -> list[str]:
    """Names of the pretrained models, sorted."""
    return sorted(file.parent.name for file in FOLDER.glob(f"*/{RECORD}"))


def is_name(run: Any) -> bool:
    """Whether `run` is the name of a pretrained model: a string of `names()`. A `Path` is always a folder."""
    return isinstance(run, str) and run in names()


def is_packed(folder: Path) -> bool:
    """Whether a folder holds a packed model, not a run of training."""
    return (folder / RECORD).is_file()


def describe(name: str) -> str:
    """One line about a pretrained model, with its number of classes and the licence of the pictures if they are known.

    Raises `RunError` if there is no model of that name.
    """
    if not is_name(name):
        raise RunError(f"Expected one of {', '.join(names()) or 'no names'}. Received: {name!r}")
    record = read(FOLDER / name)
    parts = [record["about"]]
    if classes := record.get("classes"):
        parts.append(f"{len(classes)} classes")
    if licence := record.get("licence"):
        parts.append(f"pictures: {licence}")
    return "; ".join(parts)


def read(folder: Path) -> dict[str, Any]:
    """Read `pretrained.json` of a packed model's folder.

    Returns:
        "about": one line. "commands": how the model was made. "event_shape" and "levels": arguments of the model.
        "classes" and "class_frequencies": arguments of a conditional model. "licence": of the pictures that the model
        was trained on, if it was stated.
        "weights": number, format and SHA-256 of the weights. "float16", and "float24" and "float32" if tried: the
        differences that rounding to that format made.

    Raises:
        RunError: if the file is missing or damaged.
    """
    file = folder / RECORD
    record = read_json(file, RunError)
    try:
        _Record.model_validate(record)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(map(str, first["loc"])) or "the record"
        raise RunError(
            f"Expected a packed model's record in {file}. Received for {field}: "
            f"{'nothing' if first['type'] == 'missing' else repr(first['input'])[:80]}"
        ) from None
    return record


class _Weights(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")

    sha256: str
    numbers: int | None = None


class _Record(BaseModel):
    """The checked types of `pretrained.json`."""

    model_config = ConfigDict(strict=True, extra="allow")

    about: str
    event_shape: list[Annotated[int, Field(ge=1, le=2**16)]] = Field(min_length=1, max_length=3)
    levels: Annotated[int, Field(ge=2, le=2**16)] | None
    commands: list[str] = []
    classes: list[str] = []
    class_frequencies: list[float] = []
    licence: str | None = None
    weights: _Weights
