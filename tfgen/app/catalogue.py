"""The catalogue of the app: pretrained models and the runs of a folder, with the reason if a run cannot be used."""

import zipfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tfgen import pretrained
from tfgen.app.public_text import without_folders
from tfgen.errors import RunError
from tfgen.runs.run import Run


@dataclass(frozen=True)
class Entry:
    """A pretrained model or a run of the catalogue.

    Attributes:
        name: name by which the user chooses the entry.
        run: the run. None if its configuration cannot be read.
        reason: why the entry has no model that can be loaded. Empty if it has one.
    """

    name: str
    run: Run | None
    reason: str = ""


class Catalogue:
    """The pretrained models and the runs in a folder. Every call reads the folder again, because runs come and go.

    The name of a run is the name of its folder, with "./" in front if a pretrained model has the same name. No name
    leads out of the folder.

    Args:
        root: folder of the runs. The folder need not exist.
    """

    def __init__(self, root: str | Path):
        self.root = Path(root)

    def entries(self) -> list[Entry]:
        """Return the pretrained models, then the runs, latest first."""
        known = [Entry(name, Run.open(name)) for name in pretrained.names()]
        folders = [path for path in self._folders() if not path.name.startswith(".")]
        return known + [self._entry(path) for path in sorted(folders, key=_modification_time, reverse=True)]

    def usable(self) -> list[str]:
        """Return the names of the entries whose model can be loaded."""
        return [entry.name for entry in self.entries() if not entry.reason]

    def trained(self) -> list[str]:
        """Return the names of the entries that have a training history, with or without a model."""
        return [entry.name for entry in self.entries() if entry.run is not None]

    def run(self, name: str) -> Run:
        """Return the run of that name. The run need not have a model yet.

        Raises:
            RunError: if no run has that name, or its configuration cannot be read.
        """
        if name in pretrained.names():
            return Run.open(name)
        for path in self._folders():
            if name in (path.name, self._name(path)):
                # The path comes from the folder's listing and never from the text that a visitor sent.
                return self._open(path)
        names = ", ".join(entry.name for entry in self.entries()) or "nothing"
        raise RunError(f"Expected one of {names}. Received: {name!r}, which does not exist or was removed")

    def model_run(self, name: str) -> Run:
        """Return the run of that name. Raises `RunError` also if the run has no model that can be loaded."""
        run = self.run(name)
        if reason := _why_unusable(run):
            raise RunError(f"{name}: {reason}")
        return run

    def _folders(self) -> list[Path]:
        try:
            return [path for path in self.root.iterdir() if path.is_dir()]
        except OSError:
            return []

    def _name(self, path: Path) -> str:
        return f"./{path.name}" if path.name in pretrained.names() else path.name

    def _entry(self, path: Path) -> Entry:
        name = self._name(path)
        try:
            run = self._open(path)
        except RunError as error:
            return Entry(name, None, without_folders(str(error), self.root))
        return Entry(name, run, without_folders(_why_unusable(run), self.root))

    def _open(self, path: Path) -> Run:
        if not path.resolve().is_relative_to(self.root.resolve()):
            raise RunError(f"Expected a folder in {self.root}. Received: {path.name}, a link that leads out of it")
        return Run.open(path.resolve())


def _modification_time(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _why_unusable(run: Run) -> str:
    """Return why the model of the run cannot be loaded. Empty if the file of the model is undamaged."""
    try:
        if run.is_packed:
            pretrained.read(run.path)
        state = run.model_file.stat()
    except RunError as error:
        return str(error)
    except OSError:
        return "the weights are missing" if run.is_packed else "the run has not finished an epoch and has no model yet"
    return _damage(run.model_file, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=256)
def _damage(file: Path, modified: int, size: int) -> str:
    """Return how a zip archive is damaged. Empty if it is not. `modified` and `size` only key the cache."""
    try:
        with zipfile.ZipFile(file) as archive:
            broken = archive.testzip()
    except Exception as error:
        # One wrong byte can raise almost any error, because it can change the compression, encryption or format.
        return f"{file.name} cannot be read ({error})"
    return f"{file.name} is damaged (in {broken})" if broken else ""
