"""Reading and writing of classifiers: an .npz of float16 weights, and next to it a .json with the card."""

import dataclasses
import hashlib
import io
import json
import zipfile
import zlib
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from tfgen.errors import DataError
from tfgen.evaluation.classifier import Classifier, ClassifierCard
from tfgen.evaluation.classifier_recipes import build_classifier_network
from tfgen.files import atomic_write, write_json

#: What NumPy and zipfile raise for a damaged .npz.
_DAMAGED = (ValueError, KeyError, OSError, EOFError, RuntimeError, MemoryError, zipfile.BadZipFile, zlib.error)


def _reason(error: Exception) -> str:
    """The reason of an error in one line, with the place in the card that a check of its types names."""
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        return f"{place}: {first['msg']}" if place else first["msg"]
    return (str(error).splitlines() or [""])[0][:200] or type(error).__name__


def weights_to_bytes(network) -> bytes:
    """Return the weights of a network as the bytes of an .npz of float16 arrays. Equal weights give equal bytes."""
    buffer = io.BytesIO()
    np.savez(buffer, **{f"{i:02d}": weights.astype(np.float16) for i, weights in enumerate(network.get_weights())})
    return buffer.getvalue()


def set_weights(network, content: bytes) -> None:
    """Set the weights of a network from the bytes that `weights_to_bytes` returned.

    Raises:
        ValueError, KeyError: if the arrays do not have the shapes of the network's weights.
    """
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        network.set_weights([arrays[f"{i:02d}"].astype(np.float32) for i in range(len(network.weights))])


def save_classifier(path: str | Path, content: bytes, card: ClassifierCard) -> None:
    """Write the weights to `path` and the card, with the SHA-256 of the weights, to the .json next to `path`.

    Args:
        path: file to write, ending in .npz.
        content: the bytes that `weights_to_bytes` returned.
        card: the description; its SHA-256 is replaced.
    """
    path = Path(path)
    with atomic_write(path) as temporary:
        temporary.write_bytes(content)
    card = dataclasses.replace(card, sha256=hashlib.sha256(content).hexdigest())
    write_json(path.with_suffix(".json"), card.to_dict())


def load_classifier(path: str | Path) -> Classifier:
    """Read a classifier that `save_classifier` wrote.

    Args:
        path: the .npz; the .json lies next to it.

    Raises:
        DataError: if a file is missing or damaged, or the SHA-256 of the weights is not the card's.
    """
    path = Path(path)
    card_file = path.with_suffix(".json")
    for file in (path, card_file):
        if not file.is_file():
            raise DataError(
                f"Expected a classifier: its weights {path} and its card {card_file.name}, as tfgen train-classifier "
                f"writes them. There is no file {file}"
            )
    content = path.read_bytes()
    try:
        card = ClassifierCard.from_dict(json.loads(card_file.read_text()))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{card_file}: expected the card of a classifier. Received: {_reason(error)}") from None
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 != card.sha256:
        raise DataError(
            f"{path}: expected the weights of SHA-256 {card.sha256}, as {card_file.name} states. Received: {sha256}. "
            "One of the two files was changed, so measurements in these features would be comparable with no others"
        )
    network = build_classifier_network(card.architecture, card.event_shape, card.classes, card.filters)
    try:
        set_weights(network, content)
    except _DAMAGED as error:
        raise DataError(
            f"{path}: expected the weights of a {card.classes}-way classifier. Received: {_reason(error)}"
        ) from None
    network.trainable = False
    return Classifier(network, card, path.stem)
