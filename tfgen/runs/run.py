"""A run folder: one training, with everything that other commands need to know about it.

config.json        every option of the run                versions.json    the packages that the run used
metrics.jsonl      one line for each epoch                evaluation.json  the measurements of `tfgen evaluate`
model.keras        the best model                         checkpoints/     the state from which training resumes
samples/           images from fixed seeds                curves.png       metrics over the epochs
diverged.json      where a loss became infinite or NaN; a resumed training removes the file
favourites.json    views of the app that a visitor saved

Hidden files are locks (`tfgen.runs.lock`). The folder of a packed model (`tfgen.pretrained`) is a run too; its training
cannot be resumed.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tfgen import pretrained
from tfgen.config import RunConfig
from tfgen.errors import ConfigError, RunError, did_you_mean
from tfgen.files import read_json, write_json
from tfgen.runs.lock import LOCK_TIMEOUT, run_lock
from tfgen.runs.metrics_file import append_row, keep_rows, read_metrics
from tfgen.runs.model_file import load_keras_model, load_packed_model
from tfgen.runs.versions import versions

if TYPE_CHECKING:
    from tfgen.data.sets import Dataset
    from tfgen.models.contract import GenerativeModel


@dataclass(frozen=True)
class Run:
    """A run folder and its configuration.

    Attributes:
        path: the folder.
        config: the content of `config.json`.
        by_name: whether the run is a pretrained model that was opened by its name. Commands write nothing into such a
            folder, because the folder belongs to the installed package.
    """

    path: Path
    config: RunConfig
    by_name: bool = False

    @classmethod
    def create(cls, root: str | Path, config: RunConfig) -> "Run":
        """Create the folder `<root>/<data>-<model>-<n>` with the smallest free number n ≥ 1.

        Raises:
            RunError: if the folder cannot be created.
        """
        data = Path(config.data.data).stem or "data"
        root = Path(root)
        with _run_error_if_not_writable(root):
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
        """Create a run in the folder `path`. The folder may exist but must not hold a run.

        Raises:
            RunError: if the folder holds a run, or cannot be written.
        """
        path = _folder(path)
        with _run_error_if_not_writable(path):
            path.mkdir(parents=True, exist_ok=True)
            # Two programs may be asked for the same folder at the same time.
            with run_lock(path, "training", LOCK_TIMEOUT):
                if (path / "config.json").exists():
                    raise RunError(f"Expected a folder without a run. Received: {path}")
                (path / "samples").mkdir(exist_ok=True)
                write_json(path / "versions.json", versions())
                # Written last: a folder with config.json is a complete run folder.
                write_json(path / "config.json", config.to_dict())
        return cls(path, config)

    @classmethod
    def open(cls, path: str | Path) -> "Run":
        """Open an existing run.

        Args:
            path: folder of the run, name of a pretrained model, or `.keras` file of a model. A name takes precedence
                over a folder of the same spelling; `./digits-vae` and every `Path` are folders.

        Raises:
            RunError: if the folder or its configuration is missing or cannot be read.
        """
        by_name = pretrained.is_name(path)
        path = pretrained.FOLDER / path if by_name else _folder(path)
        file = path / "config.json"
        if path.suffix == ".keras" and path.is_file():
            from tfgen.runs.keras_run import KerasRun

            return KerasRun.of_file(path)
        if not path.is_dir():
            known = f" or one of the pretrained models {', '.join(names)}" if (names := pretrained.names()) else ""
            state = "is a file" if path.exists() else "does not exist"
            hint = did_you_mean(path, names)
            raise RunError(
                f"Expected the folder of a run{known}. Received: {path}, which {state}{'.' if hint else ''}{hint}"
            )
        if not file.is_file():
            raise RunError(f"Expected a run's config.json in {path}. Found: {_first_names(path)}")
        try:
            return cls(path, RunConfig.from_dict(read_json(file, RunError)), by_name)
        except ConfigError as error:
            raise RunError(f"{file}: {error}") from None

    @classmethod
    def exists(cls, path: str | Path) -> bool:
        """Whether `path` is the folder of a run or the name of a pretrained model. The files are not checked."""
        return pretrained.is_name(path) or (Path(path) / "config.json").exists()

    @classmethod
    def reopen(cls, path: str | Path) -> "Run":
        """Open an existing run to resume its training.

        Raises:
            RunError: as `open` does, and for a packed model, which cannot be trained.
        """
        run = cls.open(path)
        if run.model_file == run.path:
            raise RunError(f"Expected the folder of a run to resume. Received: {path}, the file of a model")
        if run.is_packed:
            folder = f" (./{path} would be a folder)" if run.by_name else ""
            raise RunError(
                f"Expected the folder of a run to resume. Received: {path}{folder}, a pretrained model, which has "
                "no optimizer's state and cannot be trained further"
            )
        return run

    @property
    def is_packed(self) -> bool:
        """Whether the folder is a packed model: rounded weights without checkpoints."""
        return pretrained.is_packed(self.path)

    @property
    def model_file(self) -> Path:
        """Path of the best model. The file does not exist before the first epoch is complete."""
        return self.path / (pretrained.WEIGHTS if self.is_packed else "model.keras")

    @property
    def metrics_file(self) -> Path:
        """Path of `metrics.jsonl`."""
        return self.path / "metrics.jsonl"

    def metrics(self, *, skip_damaged: bool = False) -> list[dict[str, Any]]:
        """The rows of `metrics.jsonl`, one for each epoch.

        Args:
            skip_damaged: whether rows end at a damaged line, instead of raising.

        Raises:
            RunError: if the file cannot be read, or a line is damaged.
        """
        return read_metrics(self.metrics_file, skip_damaged=skip_damaged)

    def add_metrics(self, row: dict[str, Any]) -> None:
        """Append the row of one epoch to `metrics.jsonl`."""
        append_row(self.metrics_file, row)

    def keep_metrics(self, epochs: int) -> None:
        """Keep the rows of the first `epochs` epochs. A resumed training computes the later ones again."""
        keep_rows(self.metrics_file, epochs)

    @property
    def epoch(self) -> int | None:
        """Number of complete epochs according to `metrics.jsonl`; None without that file."""
        return self.last_epoch()

    def last_epoch(self, *, skip_damaged: bool = False) -> int | None:
        """Number of complete epochs, as `epoch`. For `skip_damaged` and errors, see `metrics`."""
        rows = self.metrics(skip_damaged=skip_damaged)
        if rows:
            return rows[-1]["epoch"]
        return 0 if self.metrics_file.exists() else None

    @property
    def divergence_file(self) -> Path:
        """Path of the file that says where a loss became infinite or NaN."""
        return self.path / "diverged.json"

    @property
    def state(self) -> Literal["finished", "unfinished", "diverged"]:
        """State of the training. A model without `metrics.jsonl` counts as finished."""
        if self.divergence_file.exists():
            return "diverged"
        epoch = self.last_epoch(skip_damaged=True)
        finished = self.model_file.exists() if epoch is None else epoch >= self.config.train.epochs
        return "finished" if finished else "unfinished"

    @cached_property
    def dataset(self) -> "Dataset":
        """The data with which the run was trained. Raises `DataError` if they are missing, damaged or changed."""
        return self._checked(self.current_dataset)

    @cached_property
    def current_dataset(self) -> "Dataset":
        """The run's data as they are now. Raises `DataError` if they are missing or damaged."""
        return self._load_data(download=True)

    @property
    def local_dataset(self) -> "Dataset":
        """As `dataset`, without a download. Raises `DataError` if the data would have to be downloaded."""
        return self._checked(self._load_data(download=False))

    def _checked(self, dataset: "Dataset") -> "Dataset":
        """Test examples of changed data may have been trained on, so that no measurement of them would be right."""
        from tfgen.runs.data_record import check_data

        check_data(self, dataset)
        return dataset

    def _load_data(self, download: bool) -> "Dataset":
        from tfgen import data

        options = self.config.data.to_dict()
        return data.load(options.pop("data"), **options, download=download)

    def load_model(self) -> "GenerativeModel":
        """Load the best model, ready to sample.

        Raises:
            RunError: if the run has no model yet, or its file cannot be read.
        """
        if self.is_packed:
            return load_packed_model(self.path, self.config)
        return load_keras_model(self.model_file, self.config)


def load(run: str | Path) -> "GenerativeModel":
    """Load the best model of a run folder, or a pretrained model by its name, ready to sample.

    Raises:
        RunError: if there is no such run, or the run has no model yet.
    """
    return Run.open(run).load_model()


@contextlib.contextmanager
def _run_error_if_not_writable(path: Path) -> Iterator[None]:
    """Turn an `OSError` of the `with` block into a `RunError` that names the folder."""
    try:
        yield
    except OSError as error:
        raise RunError(f"Expected a folder that can be written, {path}. Received: {error.strerror}") from None


def _folder(path: str | Path) -> Path:
    """The path of a run folder. A relative path spelled like a pretrained model is made absolute.

    A `Path` drops a leading `./`, so that the relative path would be read as the name when it is opened again.
    """
    path = Path(path)
    return path.absolute() if str(path) in pretrained.names() else path


def _first_names(folder: Path) -> str:
    """The first names of a folder's content, for a message."""
    return ", ".join(sorted(entry.name for entry in folder.iterdir() if entry.name[0] != ".")[:8]) or "nothing"
