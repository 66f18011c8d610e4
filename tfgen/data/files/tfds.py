"""Pictures of TensorFlow Datasets (extra `tfds`)."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from tfgen.data.files.external import ExternalFiles, checked_labels
from tfgen.errors import DataError
from tfgen.files import user_path


class TfdsFiles(ExternalFiles):
    """The pictures of a data set of the package `tensorflow-datasets`.

    The package reads a split from its beginning only. `scan` therefore copies the encoded pictures into a temporary
    file.

    Args:
        name: a folder that the package has written (with dataset_info.json), or a name such as "mnist" or
            "NAME/CONFIG:VERSION", which is downloaded if it is not in `data_dir`.
        data_dir: folder of the package's data sets; None for its own.
        download: False makes an error of a data set that is not in the folder yet.

    Raises:
        DataError: if the package is missing, or there is no such data set or no pictures in it.
    """

    def __init__(self, name: str, data_dir: str | os.PathLike[str] | None = None, download: bool = True) -> None:
        try:
            import tensorflow_datasets as tfds
        except ImportError:
            raise DataError(
                f"tfds:{name}: expected the package tensorflow-datasets. Received: it is not installed. "
                'Install it with: pip install "tfgen[tfds]"'
            ) from None
        self.where = f"tfds:{name}"
        try:
            folder = _folder_of(user_path(name))
            if folder is not None:
                self._builder: Any = tfds.builder_from_directory(folder)
            else:
                self._builder = tfds.builder(name, data_dir=data_dir)
                if not download and not Path(self._builder.data_dir).is_dir():
                    raise DataError(f"tfds:{name}: expected a data set on this machine. Received: one to download")
                self._builder.download_and_prepare()
        except DataError:
            raise
        except Exception as error:  # the package raises many kinds of errors, also those of requests
            message = " ".join(str(error).split())[:300]
            raise DataError(f"tfds:{name}: expected a data set of tensorflow-datasets. Received: {message}") from error
        info = self._builder.info
        self.name = info.name
        if not hasattr(info.features, "items"):
            raise DataError(f"tfds:{name}: expected named features. Received: {info.features}")
        images = [key for key, kind in info.features.items() if isinstance(kind, tfds.features.Image)]
        if not images:
            raise DataError(f"tfds:{name}: expected a feature of pictures. Received: {', '.join(info.features)}")
        labels = [key for key, kind in info.features.items() if isinstance(kind, tfds.features.ClassLabel)]
        self._image = images[0]
        self._label = "label" if "label" in labels else (labels[0] if labels else None)
        self._label_names = [] if self._label is None else list(info.features[self._label].names)
        self._use_splits(info.splits)
        files = sorted(path for path in Path(info.data_dir).iterdir() if path.is_file())
        states = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files]
        self.signature = [info.full_name, self.splits, states]
        self._spool: BinaryIO | None = None

    def scan(self) -> None:
        import tensorflow_datasets as tfds

        self._spool = tempfile.TemporaryFile()  # type: ignore[assignment]  # noqa: SIM115
        assert self._spool is not None
        self._places: list[tuple[int, int]] = []
        self._labels: list[int] = []
        counts = {}
        place = 0
        for split in self.splits:
            rows = self._builder.as_dataset(
                split=split, shuffle_files=False, decoders={self._image: tfds.decode.SkipDecoding()}
            )
            count = 0
            for row in tfds.as_numpy(rows):
                content = row[self._image]
                self._spool.write(content)
                self._places.append((place, len(content)))
                place += len(content)
                if self._label is not None:
                    self._labels.append(int(row[self._label]))
                count += 1
            counts[split] = count
        self._spool.flush()
        self._use_rows(counts)

    def open(self, index: int) -> contextlib.AbstractContextManager[BinaryIO]:
        place, size = self._places[index]
        assert self._spool is not None
        return io.BytesIO(os.pread(self._spool.fileno(), size, place))

    def close(self) -> None:
        if self._spool is not None:
            self._spool.close()

    def own_labels(self) -> tuple[np.ndarray, tuple[str, ...]] | None:
        return checked_labels(self._labels, self._label_names)


def _folder_of(path: Path) -> Path | None:
    """The folder with dataset_info.json at or below a path, the last version; None if the path is no folder."""
    if not path.is_dir():
        return None
    found = sorted(path.rglob("dataset_info.json"))
    if not found:
        raise DataError(f"tfds:{path}: expected a folder with dataset_info.json. Received: none below it")
    return found[-1].parent
