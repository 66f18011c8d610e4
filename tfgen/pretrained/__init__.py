"""Models that come trained, each a run's folder made small: `tfgen.load("digits-vae")` needs no training and no data.

`python -m tfgen.pretrained` lists them, `tfgen.pack` makes such a folder of a finished run:

config.json        of the run, without the machine's paths     pretrained.json    what it is, how it was made, its hash
weights.npz        every weight, of 16, 24 or 32 bits           samples.png        pictures of the seeds 0 to 63
versions.json, metrics.jsonl    of the training                 evaluation.json    what `tfgen.evaluate` found

A name goes before a folder of the same spelling: write ./digits-vae for a folder. Nothing here imports TensorFlow.
"""

import json
from pathlib import Path
from typing import Any

from tfgen.errors import RunError

#: Where they are.
FOLDER = Path(__file__).parent
#: The file by which a packed model is known, and that of its weights.
RECORD, WEIGHTS = "pretrained.json", "weights.npz"


def names() -> list[str]:
    """Names of the models that come with this package, sorted."""
    return sorted(file.parent.name for file in FOLDER.glob(f"*/{RECORD}"))


def is_name(run: Any) -> bool:
    """Whether a run is named so: by a string that is one of `names()`. A `Path` is always a folder."""
    return isinstance(run, str) and run in names()


def is_packed(folder: Path) -> bool:
    """Whether a folder holds a packed model and no run of training."""
    return (folder / RECORD).is_file()


def describe(name: str) -> str:
    """One line about a pretrained model. Raises `RunError` where there is none of that name."""
    if not is_name(name):
        raise RunError(f"Expected one of {', '.join(names()) or 'no names'}. Received: {name!r}")
    return read(FOLDER / name)["about"]


def read(folder: Path) -> dict[str, Any]:
    """What `pretrained.json` of a packed model's folder says.

    Returns:
        "about", one line; "commands" that made it; "event_shape" and "levels", which the model is built with;
        "weights", their number, their format and the SHA-256 of their file; "float16" (and "float24" and
        "float32", where those were too coarse), what rounding them changed.

    Raises:
        RunError: if it is damaged.
    """
    file = folder / RECORD
    try:
        record = json.loads(file.read_text())
        _ = str(record["about"]), tuple(record["event_shape"]), record["levels"], str(record["weights"]["sha256"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(
            f"Expected a packed model's record in {file}. Received: {type(error).__name__}: {error}"
        ) from None
    return record
