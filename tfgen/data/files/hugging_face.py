"""Pictures of Hugging Face Datasets (extra `hf`)."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from tfgen.data.files.external import ExternalFiles, checked_labels
from tfgen.errors import DataError
from tfgen.files import user_path

#: Columns of labels that are preferred where a data set has several.
_LABEL_COLUMNS = ("label", "labels", "fine_label")


class HuggingFaceFiles(ExternalFiles):
    """The pictures of a data set of the package `datasets`.

    Args:
        name: a folder that `save_to_disk` has written, another folder or file that `load_dataset` reads, or the name of
            a data set on the Hugging Face Hub, which is downloaded.
        download: False makes an error of a data set on the Hub.

    Raises:
        DataError: if the package is missing, or there is no such data set or no column of pictures in it.
    """

    def __init__(self, name: str, download: bool = True) -> None:
        try:
            import datasets
        except ImportError:
            raise DataError(
                f"hf:{name}: expected the package datasets. Received: it is not installed. "
                'Install it with: pip install "tfgen[hf]"'
            ) from None
        self.where = f"hf:{name}"
        self.name = Path(name).name
        path = user_path(name)
        if not download and not path.exists():
            raise DataError(f"hf:{name}: expected a data set on this machine. Received: the name of one to download")
        try:
            if (path / "dataset_dict.json").is_file() or (path / "state.json").is_file():
                found = datasets.load_from_disk(str(path))
            else:
                found = datasets.load_dataset(str(path) if path.exists() else name)
        except Exception as error:  # the package raises many kinds of errors, also those of requests
            raise DataError(f"hf:{name}: expected a data set of the package datasets. Received: {error}") from error
        self._sets: dict[str, Any] = dict(found) if isinstance(found, dict) else {"train": found}
        self._use_splits(self._sets)
        features = self._sets[self.splits[0]].features
        images = [key for key, kind in features.items() if isinstance(kind, datasets.Image)]
        if not images:
            raise DataError(f"hf:{name}: expected a column of pictures. Received: {', '.join(features)}")
        self._image = images[0]
        labels = [key for key, kind in features.items() if isinstance(kind, datasets.ClassLabel)]
        self._label = next((key for key in (*_LABEL_COLUMNS, *labels) if key in labels), None)
        self._label_names = [] if self._label is None else list(features[self._label].names)
        for split in self.splits:
            self._sets[split] = self._sets[split].cast_column(self._image, datasets.Image(decode=False))
        # The fingerprint of the package covers the content and all changes of it.
        self.signature = [(split, len(self._sets[split]), self._sets[split]._fingerprint) for split in self.splits]

    def scan(self) -> None:
        self._use_rows({split: len(self._sets[split]) for split in self.splits})

    def open(self, index: int) -> contextlib.AbstractContextManager[BinaryIO]:
        split, row = self.positions[index]
        picture = self._sets[split][row][self._image]
        if picture is None:
            raise DataError(f"{self.full_name(index)}: expected a picture. Received none")
        return io.BytesIO(picture["bytes"]) if picture["bytes"] is not None else open(picture["path"], "rb")

    def own_labels(self) -> tuple[np.ndarray, tuple[str, ...]] | None:
        if self._label is None:
            return None
        labels = [label for split in self.splits for label in self._sets[split][self._label]]
        return checked_labels([-1 if label is None else label for label in labels], self._label_names)
