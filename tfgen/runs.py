"""A run is a folder: writing it, reading it, loading its model. Nothing here knows how to train.

config.json        everything that determines the run        versions.json    the packages it ran with
metrics.jsonl      one line an epoch                          evaluation.json  what `tfgen.evaluate` found
model.keras        the best model                             checkpoints/     to go on training
samples/           pictures from fixed seeds                  curves.png       metrics over the epochs
diverged.json      where and how a loss ceased to be finite, if it did; going on removes it

A packed model's folder (`tfgen.pretrained`) is a run too, from which nothing can be gone on with.
"""

import contextlib
import importlib.metadata
import json
import os
import platform
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tfgen import pretrained
from tfgen.config import RunConfig
from tfgen.errors import ConfigError, DataError, RunError
from tfgen.files import replacing, write_json

if TYPE_CHECKING:
    from tfgen.data.sets import Dataset
    from tfgen.models.contract import GenerativeModel

PACKAGES = ("tfgen", "tensorflow", "keras", "tensorflow-probability", "tf_keras", "numpy")


def versions() -> dict[str, str]:
    """The versions of Python and of the packages on which a run's numbers depend."""

    def version(package: str) -> str:
        try:
            return importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            return "not installed"

    return {"python": platform.python_version(), **{package: version(package) for package in PACKAGES}}


@dataclass(frozen=True)
class Run:
    """A run's folder and its configuration.

    Attributes:
        path: the folder.
        config: what `config.json` holds.
        by_name: whether it is a pretrained model that was opened by its name: commands write nothing into its folder,
            which belongs to the installed package.
    """

    path: Path
    config: RunConfig
    by_name: bool = False

    @classmethod
    def create(cls, root: str | Path, config: RunConfig) -> "Run":
        """Make the folder `<root>/<data>-<model>-<n>` with the next free number.

        Raises:
            RunError: if the folder cannot be made.
        """
        data = Path(config.data.data).stem or "data"
        root = Path(root)
        with _writable(root):
            root.mkdir(parents=True, exist_ok=True)
            number = 1
            while True:
                path = root / f"{data}-{config.model}-{number}"
                try:
                    path.mkdir()
                    break
                except FileExistsError:
                    number += 1
        return cls.create_at(path, config)

    @classmethod
    def create_at(cls, path: str | Path, config: RunConfig) -> "Run":
        """Make a run in just this folder, which may exist but must not hold a run.

        Raises:
            RunError: if it holds one, or cannot be written.
        """
        path = _folder(path)
        if (path / "config.json").exists():
            raise RunError(f"Expected a folder without a run. Received: {path}")
        with _writable(path):
            (path / "samples").mkdir(parents=True, exist_ok=True)
            write_json(path / "versions.json", versions())
            # The last file: where it stands, the run has begun.
            write_json(path / "config.json", config.to_dict())
        return cls(path, config)

    @classmethod
    def open(cls, path: str | Path) -> "Run":
        """Read an existing run.

        Args:
            path: its folder, or the name of a pretrained model. A name goes before a folder of the same spelling: write
                `./digits-vae` for a folder, or pass a `Path`, which is always one.

        Raises:
            RunError: if the folder or its configuration is missing or cannot be read.
        """
        by_name = pretrained.is_name(path)
        path = pretrained.FOLDER / path if by_name else _folder(path)
        file = path / "config.json"
        if not path.is_dir():
            known = f" or one of the pretrained models {', '.join(names)}" if (names := pretrained.names()) else ""
            raise RunError(f"Expected the folder of a run{known}. Received: {path}, which {_what(path)}")
        if not file.is_file():
            raise RunError(f"Expected a run's config.json in {path}. Found: {_listing(path)}")
        try:
            return cls(path, RunConfig.from_dict(json.loads(file.read_text())), by_name)
        except (ValueError, OSError) as error:
            raise RunError(f"Expected a run's configuration in {file}. Received: {error}") from None
        except ConfigError as error:
            raise RunError(f"{file}: {error}") from None

    @classmethod
    def begun(cls, path: str | Path) -> bool:
        """Whether there is a run that `open` would read, if nothing in it is damaged."""
        return pretrained.is_name(path) or (Path(path) / "config.json").exists()

    @classmethod
    def reopen(cls, path: str | Path) -> "Run":
        """Read an existing run to go on with its training. Raises `RunError` as `open` does, and for a packed model."""
        run = cls.open(path)
        if run.is_packed:
            folder = f" (./{path} would be a folder)" if run.by_name else ""
            raise RunError(
                f"Expected the folder of a run to go on with. Received: {path}{folder}, a pretrained model, which has "
                "no optimizer's state and cannot be trained further"
            )
        return run

    @property
    def is_packed(self) -> bool:
        """Whether only the model is there, with rounded weights."""
        return pretrained.is_packed(self.path)

    @property
    def model_file(self) -> Path:
        """Where the best model is."""
        return self.path / (pretrained.WEIGHTS if self.is_packed else "model.keras")

    def metrics(self) -> list[dict[str, Any]]:
        """The rows of `metrics.jsonl`, one an epoch; a last line that a kill cut short is left out.

        Raises:
            RunError: if the file cannot be read.
        """
        rows: list[dict[str, Any]] = []
        try:
            lines = (self.path / "metrics.jsonl").read_text(errors="replace").splitlines()
        except FileNotFoundError:
            return rows
        except OSError as error:
            raise RunError(
                f"Expected {self.path / 'metrics.jsonl'} to be readable. Received: {error.strerror}"
            ) from None
        for line in lines:
            try:
                row = json.loads(line)
            except ValueError:
                break
            if not isinstance(row, dict) or not isinstance(row.get("epoch"), int):
                break
            rows.append(row)
        return rows

    @property
    def epoch(self) -> int | None:
        """Epochs that are complete, as `metrics.jsonl` has them; None where there is no such file."""
        rows = self.metrics()
        return rows[-1]["epoch"] if rows else 0 if (self.path / "metrics.jsonl").exists() else None

    @property
    def divergence_file(self) -> Path:
        """Where it is written that, and how, a loss became infinite or not a number."""
        return self.path / "diverged.json"

    @property
    def state(self) -> Literal["finished", "unfinished", "diverged"]:
        """Whether the training came to its end. A model that came without its training's metrics is finished."""
        if self.divergence_file.exists():
            return "diverged"
        epoch = self.epoch
        done = self.model_file.exists() if epoch is None else epoch >= self.config.train.epochs
        return "finished" if done else "unfinished"

    def keep_metrics(self, epochs: int) -> None:
        """Drop the rows after that epoch: those that a resumed run is about to compute again."""
        rows = [row for row in self.metrics() if row["epoch"] <= epochs]
        with replacing(self.path / "metrics.jsonl") as fresh:
            fresh.write_text("".join(json.dumps(row) + "\n" for row in rows))

    def add_metrics(self, row: dict[str, Any]) -> None:
        """Append one epoch's row."""
        with open(self.path / "metrics.jsonl", "a") as file:
            file.write(json.dumps(row) + "\n")
            file.flush()
            os.fsync(file.fileno())

    @cached_property
    def dataset(self) -> "Dataset":
        """The run's data. Raises `DataError` where it is missing or damaged."""
        from tfgen import data

        options = self.config.data.to_dict()
        return data.load(options.pop("data"), **options)

    @property
    def local_dataset(self) -> "Dataset":
        """`dataset`, where it is on this machine. Raises `DataError` where it would have to be downloaded."""
        from tfgen.data.idx import is_local

        wanted = self.config.data
        if wanted.data in ("mnist", "fashion_mnist") and not is_local(wanted.data_dir):
            raise DataError(f"Expected the files of {wanted.data}: their folder in TFGEN_DATA. Received: none named")
        return self.dataset

    def load_model(self) -> "GenerativeModel":
        """The best model, ready to sample.

        Raises:
            RunError: if the run has no model yet, or its file cannot be read.
        """
        file = self.model_file
        if self.is_packed:
            return self._unpacked(file)
        if not file.is_file():
            raise RunError(
                f"Expected a trained model, {file}. The run has not finished an epoch; go on with: "
                f"python train.py --resume {self.path}"
            )
        import keras

        from tfgen.models import family

        family(self.config.model)  # registers the class that the file names
        try:
            return keras.models.load_model(file, compile=False)
        except Exception as error:
            raise RunError(
                f"Expected a model saved by tfgen {versions()['tfgen']} in {file}. Received: {error}"
            ) from None

    def _unpacked(self, file: Path) -> "GenerativeModel":
        from tfgen.models import build
        from tfgen.models.weights import load_weights

        record = pretrained.read(self.path)
        # The averages are in place of the weights, and a model that is loaded computes in float32.
        config = self.config.with_options({"ema": 0.0, "precision": "float32"})
        model = build(config, tuple(record["event_shape"]), record["levels"])
        load_weights(model, file, record["weights"]["sha256"])
        return model


def load(run: str | Path) -> "GenerativeModel":
    """The best model of a run's folder or a pretrained one, ready to sample. Raises `RunError` where there is none."""
    return Run.open(run).load_model()


@contextlib.contextmanager
def _writable(path: Path):
    try:
        yield
    except OSError as error:
        raise RunError(f"Expected a folder that can be written, {path}. Received: {error.strerror}") from None


def _folder(path: str | Path) -> Path:
    """A run's folder, in full where its spelling alone would be a pretrained model's name: a `Path` drops the ./"""
    path = Path(path)
    return path.absolute() if str(path) in pretrained.names() else path


def _what(path: Path) -> str:
    return "is a file" if path.exists() else "does not exist"


def _listing(path: Path) -> str:
    return ", ".join(sorted(entry.name for entry in path.iterdir())[:8]) or "nothing"
