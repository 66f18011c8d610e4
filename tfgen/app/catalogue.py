"""What there is to look at: the pretrained models, and the runs of a folder, each usable or with the reason why not."""

import zipfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tfgen import pretrained
from tfgen.errors import RunError
from tfgen.runs.run import Run


@dataclass(frozen=True)
class Entry:
    """One model or run of the catalogue.

    Attributes:
        name: by which it is chosen.
        run: the run; None where its configuration cannot be read.
        reason: why it has no model to compute with; empty where it has one.
    """

    name: str
    run: Run | None
    reason: str = ""


class Catalogue:
    """The pretrained models and the runs in a folder, read anew at every question: runs come and go.

    A run's name is that of its folder, with "./" before it where a pretrained model has that name. Nothing outside of
    the folder can be named.

    Args:
        root: the folder of the runs; it need not exist.
    """

    def __init__(self, root: str | Path):
        self.root = Path(root)

    def entries(self) -> list[Entry]:
        """The pretrained models, then the runs, the latest first."""
        known = [Entry(name, Run.open(name)) for name in pretrained.names()]
        folders = [path for path in self._folders() if not path.name.startswith(".")]
        return known + [self._entry(path) for path in sorted(folders, key=_age, reverse=True)]

    def usable(self) -> list[str]:
        """Names of those that have a model."""
        return [entry.name for entry in self.entries() if not entry.reason]

    def trained(self) -> list[str]:
        """Names of those whose training can be looked at, with a model or not yet."""
        return [entry.name for entry in self.entries() if entry.run is not None]

    def run(self, name: str) -> Run:
        """The run of that name, which need not have a model yet.

        Raises:
            RunError: if there is none of that name, or its configuration cannot be read.
        """
        if name in pretrained.names():
            return Run.open(name)
        for path in self._folders():
            if name in (path.name, self._name(path)):
                # By the path of the folder, never by the text that came in.
                return self._open(path)
        names = ", ".join(entry.name for entry in self.entries()) or "nothing"
        raise RunError(f"Expected one of {names}. Received: {name!r}, which is not there, or not there any more")

    def model_run(self, name: str) -> Run:
        """The run of that name, for its model. Raises `RunError` where it has none, with the reason."""
        run = self.run(name)
        if reason := _reason(run):
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
            return Entry(name, None, str(error))
        return Entry(name, run, _reason(run))

    def _open(self, path: Path) -> Run:
        if not path.resolve().is_relative_to(self.root.resolve()):
            raise RunError(f"Expected a folder in {self.root}. Received: {path.name}, a link that leads out of it")
        return Run.open(path.resolve())


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _reason(run: Run) -> str:
    """Why the run has no model to load; empty where it has one that looks whole."""
    try:
        if run.is_packed:
            pretrained.read(run.path)
        state = run.model_file.stat()
    except RunError as error:
        return str(error)
    except OSError:
        return "its weights are not there" if run.is_packed else "it has not finished an epoch, and has no model yet"
    return _damage(run.model_file, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=256)
def _damage(file: Path, modified: int, size: int) -> str:
    """What is wrong with an archive; read again when its time or size has changed."""
    try:
        with zipfile.ZipFile(file) as archive:
            broken = archive.testzip()
    except Exception as error:
        # Of any kind: a byte says how the following ones are to be taken, as compressed, encrypted or of another file.
        return f"its {file.name} cannot be read ({error})"
    return f"its {file.name} is damaged (in {broken})" if broken else ""
