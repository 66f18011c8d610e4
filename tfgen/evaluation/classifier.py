"""A small classifier, trained once and frozen, in whose features samples and data are compared.

Its weights are an .npz of float16 arrays; beside them stands a .json with their SHA-256, the accuracy that they reach
on the test set and the command that made them. Those in `FOLDER` come with the package, named after their data set.

Distances in these features are no FID, whose features are those of one network trained on photographs, and must not be
compared with one, nor with distances in the features of another classifier: the hash says which it was.
"""

import hashlib
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np

from tfgen.errors import DataError, UndefinedError
from tfgen.networks.conv import resolutions
from tfgen.networks.dropout import Dropout

FOLDER = Path(__file__).parent / "classifiers"
#: Size of the penultimate layer.
FEATURES = 64
BATCH = 500


def build_network(event_shape, classes: int, filters: int = 16, dropout: float = 0.0) -> keras.Model:
    """Images to (features, logits): [n, H, W, C] in [0, 1] → [n, FEATURES], [n, classes].

    At each resolution a 3×3 convolution is followed by one of stride 2 that doubles the filters, at most to four times
    their first number, until a side is 4 or less; a dense layer reads the last maps. The features are what the layer of
    logits sees.

    Args:
        event_shape: (H, W, C).
        classes: how many.
        filters: at the full resolution.
        dropout: rate on the features in training.
    """
    image = hidden = keras.Input(tuple(event_shape))
    stages = len(resolutions(tuple(event_shape))) - 1
    for stage in range(stages):
        hidden = keras.layers.Conv2D(filters * min(2**stage, 4), 3, padding="same", activation="relu")(hidden)
        width = filters * min(2 ** (stage + 1), 4)
        hidden = keras.layers.Conv2D(width, 3, strides=2, padding="same", activation="relu")(hidden)
    features = keras.layers.Dense(FEATURES, activation="relu")(keras.layers.Flatten()(hidden))
    logits = keras.layers.Dense(classes)(Dropout(dropout)(features))
    return keras.Model(image, (features, logits), name="classifier")


@dataclass(frozen=True)
class Classifier:
    """A frozen classifier.

    Attributes:
        network: see `build_network`.
        card: what stands beside the weights: "data", "event_shape", "levels", "classes", "labels", "filters", "sha256",
            "test_accuracy", "test_examples", "command".
        name: of its file, without suffix.
    """

    network: Any
    card: dict[str, Any] = field(repr=False)
    name: str

    @property
    def identity(self) -> dict[str, Any]:
        """What a figure made with it has to name: name, SHA-256 of the weights, and test accuracy."""
        return {"name": self.name, "sha256": self.card["sha256"], "test_accuracy": self.card["test_accuracy"]}

    @property
    def classes(self) -> int:
        """Number of classes."""
        return self.card["classes"]

    def describe(self, images) -> tuple[np.ndarray, np.ndarray]:
        """Features and class of each image.

        Args:
            images: uint8 [n, H, W, C] of the data's levels, or floats [n, H, W, C] in [0, 1], or an iterable of such.

        Returns:
            float64 [n, FEATURES] and int64 [n], the class as its position in the card's "labels".
        """
        features, logits = [], []
        for batch in self._batches([images] if isinstance(images, np.ndarray) else images):
            found = self.network(batch, training=False)
            features.append(np.asarray(found[0], np.float64))
            logits.append(np.asarray(found[1]))
        return np.concatenate(features), np.concatenate(logits).argmax(axis=1)

    def _batches(self, parts: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        for part in parts:
            part = np.asarray(part)
            for start in range(0, len(part), BATCH):
                batch = part[start : start + BATCH]
                yield batch / np.float32(self.card["levels"] - 1) if batch.dtype == np.uint8 else batch

    def positions(self, labels: np.ndarray | None) -> np.ndarray:
        """Labels of the data as positions in the card's "labels": integers [n] → int64 [n].

        Raises:
            DataError: on a label that it was not trained with, and where there are none.
        """
        if labels is None:
            raise DataError("Expected labelled images. Received: images without labels")
        known = np.array(self.card["labels"])
        if not np.isin(labels, known).all():
            strange = sorted(set(np.unique(labels).tolist()) - set(known.tolist()))
            raise DataError(f"Expected labels among {known.tolist()}. Received: {strange[:10]}")
        return np.searchsorted(known, labels)

    def accuracy(self, images: np.ndarray, labels: np.ndarray | None) -> float:
        """Fraction of images in the right class: [n, H, W, C], [n] → a number in [0, 1]."""
        return float(np.mean(self.describe(images)[1] == self.positions(labels)))


def labelled(split, name: str) -> np.ndarray:
    """The labels of a split, [n]. Raises `DataError` where it has none, or of one class only."""
    if split.labels is None:
        raise DataError(
            f"Expected labelled images, as sub-folders or the array labels give them. Received: {name}, without labels"
        )
    if len(np.unique(split.labels)) < 2:
        raise DataError(f"Expected images of at least 2 classes. Received: {name}, all of one")
    return split.labels


# -- files ------------------------------------------------------------------------------------------------------------


def packed(network) -> bytes:
    """The weights of a network as the bytes of an .npz of float16 arrays, the same bytes for the same weights."""
    buffer = io.BytesIO()
    np.savez(buffer, **{f"{i:02d}": weights.astype(np.float16) for i, weights in enumerate(network.get_weights())})
    return buffer.getvalue()


def unpack(content: bytes, network) -> None:
    """Set a network's weights from `packed` bytes. Raises ValueError or KeyError where they do not fit it."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        network.set_weights([arrays[f"{i:02d}"].astype(np.float32) for i in range(len(network.weights))])


def save(path: str | Path, content: bytes, card: dict[str, Any]) -> None:
    """Write `packed` weights to `path` and the card, with their hash, beside it."""
    from tfgen.files import replacing, write_json

    path = Path(path)
    with replacing(path) as fresh:
        fresh.write_bytes(content)
    write_json(path.with_suffix(".json"), {**card, "sha256": hashlib.sha256(content).hexdigest()})


def load(path: str | Path) -> Classifier:
    """Read a classifier written by `tfgen.metrics.train_classifier`.

    Args:
        path: of the .npz; its .json lies beside it.

    Raises:
        DataError: if a file is missing or damaged, or the weights are not those whose hash the .json states.
    """
    path = Path(path)
    card_file = path.with_suffix(".json")
    for file in (path, card_file):
        if not file.is_file():
            raise DataError(
                f"Expected a classifier's weights and their .json, {path} and {card_file.name}, as python -m "
                f"tfgen.metrics.train_classifier writes them. There is no file {file}"
            )
    content = path.read_bytes()
    try:
        card = json.loads(card_file.read_text())
        stated = card["sha256"]
        event_shape, classes, filters = tuple(map(int, card["event_shape"])), int(card["classes"]), int(card["filters"])
        _ = card["levels"], card["labels"], card["test_accuracy"], card["data"]
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{card_file}: expected what belongs to a classifier's weights. Received: {error!r}") from None
    found = hashlib.sha256(content).hexdigest()
    if found != stated:
        raise DataError(
            f"{path}: expected the weights of SHA-256 {stated}, which {card_file.name} states. Received: {found}. One "
            "of the two files was changed; what is measured with it could not be compared with anything"
        )
    network = build_network(event_shape, classes, filters)
    try:
        unpack(content, network)
    except (ValueError, KeyError) as error:
        raise DataError(f"{path}: expected the weights of a {classes}-way classifier. Received: {error}") from None
    network.trainable = False
    return Classifier(network, card, path.stem)


def classifier_for(data: str, event_shape, levels: int | None, file: str | Path | None = None) -> Classifier:
    """The classifier for a data set: from `file`, or the one that comes with the package.

    Args:
        data: the data set's name as `tfgen.data.load` takes it.
        event_shape: shape of its examples.
        levels: intensity levels of its pixels, None for points.
        file: .npz of a classifier.

    Raises:
        UndefinedError: for points, and for data without a classifier; the message says how to train one.
        DataError: see `load`; and if the classifier is one of other pictures.
    """
    if levels is None:
        raise UndefinedError("Points have no classifier: sample quality is measured of images")
    if file is None:
        if not is_shipped(data, event_shape):
            raise UndefinedError(
                f"There is no classifier for {data} to measure samples with. If its images have labels, train one: "
                f"tfgen train-classifier --data {data} --out FILE.npz, and pass --classifier FILE.npz"
            )
        file = FOLDER / f"{data}.npz"
    found = load(file)
    expected, received = (tuple(event_shape), levels), (tuple(found.card["event_shape"]), found.card["levels"])
    if expected != received:
        raise DataError(
            f"{file}: expected a classifier of images of shape {list(expected[0])} and {expected[1]} levels. "
            f"Received: one of shape {list(received[0])} and {received[1]} levels"
        )
    return found


def shipped() -> tuple[str, ...]:
    """The data sets whose classifier comes with the package."""
    return tuple(sorted(file.stem for file in FOLDER.glob("*.json")))


def is_shipped(data: str, event_shape) -> bool:
    """Whether the package brings a classifier for that data set in that size. Reads no weights."""
    if data not in shipped():
        return False
    card = json.loads((FOLDER / f"{data}.json").read_text())
    return tuple(card["event_shape"]) == tuple(event_shape)
