"""Finds the classifier of a data set: the user's own file, or one of those that come with the package."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from tfgen.errors import DataError, UndefinedError

if TYPE_CHECKING:
    from tfgen.evaluation.classifier import Classifier

#: Folder of the classifiers that come with the package, each named after its data set.
FOLDER = Path(__file__).parent / "classifiers"


def classifier_for(data: str, event_shape, levels: int | None, file: str | Path | None = None) -> "Classifier":
    """Return the classifier in `file`, or the package's classifier of a data set.

    Args:
        data: name of the data set, as `tfgen.data.load` takes it.
        event_shape: shape of its examples.
        levels: number of intensity levels, None for points.
        file: .npz that `tfgen train-classifier` wrote; None for the package's classifier.

    Raises:
        UndefinedError: if the data consists of points, or has no classifier; the message says how to train one.
        DataError: if the file is missing or damaged, or the classifier has images of another shape or number of levels.
    """
    from tfgen.evaluation.classifier_files import load_classifier

    if levels is None:
        raise UndefinedError("Points have no classifier. Sample quality is measured for images only")
    if file is None:
        if not is_shipped(data, event_shape):
            raise UndefinedError(
                f"There is no classifier for {data}, in whose features samples are measured. If the images have "
                f"labels, train one: tfgen train-classifier --data {data} --out FILE.npz, and pass "
                "--classifier FILE.npz"
            )
        file = FOLDER / f"{data}.npz"
    found = load_classifier(file)
    expected, received = (tuple(event_shape), levels), (found.card.event_shape, found.card.levels)
    if expected != received:
        raise DataError(
            f"{file}: expected a classifier of images of shape {list(expected[0])} and {expected[1]} levels. "
            f"Received: one of shape {list(received[0])} and {received[1]} levels"
        )
    return found


def shipped() -> tuple[str, ...]:
    """Return the names of the data sets whose classifier comes with the package."""
    return tuple(sorted(file.stem for file in FOLDER.glob("*.json")))


def is_shipped(data: str, event_shape) -> bool:
    """Return whether the package has a classifier of a data set whose images have that shape."""
    if data not in shipped():
        return False
    card = json.loads((FOLDER / f"{data}.json").read_text())
    return tuple(card["event_shape"]) == tuple(event_shape)
