"""Finds the classifier of a data set.

The first of these that exists is used:

1. the file that the user names, or the classifier of the package that the user names by its data set;
2. the package's classifier of a data set of that name and shape;
3. the file that `tfgen train-classifier` wrote without --out for data with the same test images. Its name contains a
   digest of these images and their labels, so that another folder of the same name has another file, and so has another
   random split of the same folder, whose test images may be training images of the classifier.
"""

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import platformdirs

from tfgen.errors import DataError, UndefinedError

if TYPE_CHECKING:
    from tfgen.data.sets import Dataset
    from tfgen.evaluation.classifier import Classifier

#: Folder of the classifiers that come with the package, each named after its data set.
FOLDER = Path(__file__).parent / "classifiers"


def classifier_for(
    data: str,
    event_shape,
    levels: int | None,
    file: str | Path | None = None,
    dataset: "Dataset | None" = None,
) -> "Classifier":
    """Return the classifier in `file`, or the one that is found for a data set; see the module.

    Args:
        data: name of the data set, as `tfgen.data.load` takes it.
        event_shape: shape of its examples.
        levels: number of intensity levels, None for points.
        file: .npz that `tfgen train-classifier` wrote, or the name of a classifier of the package.
        dataset: the data, whose classifier is looked for among the user's files; None to leave these out.

    Raises:
        UndefinedError: if the data consists of points, or has no classifier; the message says how to train one.
        DataError: if the file is missing or damaged, or the classifier has images of another shape or number of levels.
    """
    from tfgen.evaluation.classifier_files import load_classifier

    if levels is None:
        raise UndefinedError("Points have no classifier. Sample quality is measured for images only")
    if file is None and is_shipped(data, event_shape):
        file = data
    if file is None and dataset is not None and (own := users_file(dataset)).is_file():
        file = own
    if file is None:
        raise UndefinedError(
            f"There is no classifier for {data}, in whose features samples are measured. If the images have "
            f"labels, train one: tfgen train-classifier --data {data}. If they have none, pass --features inception, "
            "or --classifier FILE.npz with a classifier of other images of this shape"
        )
    if str(file) in shipped():
        file = FOLDER / f"{file}.npz"
    found = load_classifier(file)
    expected, received = (tuple(event_shape), levels), (found.card.event_shape, found.card.levels)
    if expected != received:
        raise DataError(
            f"{file}: expected a classifier of images of shape {list(expected[0])} and {expected[1]} levels. "
            f"Received: one of shape {list(received[0])} and {received[1]} levels"
        )
    return found


def classifier_if_any(
    data: str, event_shape, levels: int | None, dataset: "Dataset | None" = None
) -> "Classifier | None":
    """Return the classifier that is found for a data set, None if there is none. Arguments: see `classifier_for`."""
    try:
        return classifier_for(data, event_shape, levels, dataset=dataset)
    except UndefinedError:
        return None


def shipped() -> tuple[str, ...]:
    """Return the names of the data sets whose classifier comes with the package."""
    return tuple(sorted(file.stem for file in FOLDER.glob("*.json")))


def is_shipped(data: str, event_shape) -> bool:
    """Return whether the package has a classifier of a data set whose images have that shape."""
    if data not in shipped():
        return False
    card = json.loads((FOLDER / f"{data}.json").read_text())
    return tuple(card["event_shape"]) == tuple(event_shape)


def users_file(dataset: "Dataset", make_folder: bool = False) -> Path:
    """Return the path of the user's classifier for data with the same test images, whether or not it exists.

    Args:
        dataset: images.
        make_folder: whether to make the folder.
    """
    folder = platformdirs.user_data_path("tfgen") / "classifiers"
    if make_folder:
        folder.mkdir(parents=True, exist_ok=True)
    test = dataset.test
    digest = hashlib.sha256(repr((test.examples.shape, dataset.levels)).encode())
    for part in (test.examples, test.labels):
        if part is not None:
            # A thousand images tell data sets apart as well as all of them do.
            rows = np.arange(min(len(part), 1000)) * len(part) // min(len(part), 1000)
            digest.update(np.ascontiguousarray(part[rows]).tobytes())
    shape = "x".join(map(str, dataset.event_shape))
    return folder / f"{dataset.name}-{shape}-{digest.hexdigest()[:12]}.npz"
