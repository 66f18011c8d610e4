"""The newest versions of an exported model, loaded, and exchanged for newer ones while a server runs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, TypeVar

from tfgen.errors import RunError
from tfgen.serving.saved_model import newest_version, version_folders

Loaded = TypeVar("Loaded")

#: Seconds between two looks at the folder, as in TensorFlow Serving (`file_system_poll_wait_seconds`).
POLL = 1.0
#: Number of versions. With the one before the newest, clients that name a version have time to move.
KEEP = 2


class Versions(Generic[Loaded]):
    """The loaded versions of an export.

    A newer version replaces the oldest one after it is loaded, so that there is always one to answer. A version that
    cannot be read is reported once and left out. Requests that an old version is computing end normally.

    Args:
        export: see `saved_model.newest_version`. If it is one version, only that one is loaded.
        load: returns the model of a version folder; raises `RunError` if it cannot be read.
        keep: number of versions.
        report: called with a sentence about each version that `update` loads, drops or cannot read.

    Raises:
        RunError: if there is no version, or the newest one cannot be read.
    """

    def __init__(
        self,
        export: str | Path,
        load: Callable[[Path], Loaded],
        keep: int = KEEP,
        report: Callable[[str], Any] = lambda text: None,
    ):
        self._export, self._load, self._keep = Path(export), load, keep
        newest = newest_version(export)
        #: Version → model, the oldest first. Replaced as a whole, so that other threads can read it.
        self.loaded: dict[str, Loaded] = {newest.name: load(newest)}
        self._problems: dict[str, str] = {}
        self._report: Callable[[str], Any] = lambda text: None
        self.update()
        self._report = report

    @property
    def newest(self) -> Loaded:
        """The model of the newest version."""
        return next(reversed(self.loaded.values()))

    def get(self, version: str | None) -> Loaded | None:
        """Return the model of a version, or of the newest one for None; None if the version is not loaded."""
        return self.newest if version is None else self.loaded.get(version)

    def update(self) -> None:
        """Load the versions that have been added since the last call, and drop those that are too old."""
        kept: dict[str, Loaded] = {}
        try:
            folders = version_folders(self._export)
        except OSError:
            # The folder is on a disk that is away for a while: what is loaded stays.
            return
        for folder in reversed(folders):
            if len(kept) == self._keep:
                break
            if model := self.loaded.get(folder.name) or self._try(folder):
                kept[folder.name] = model
        # A folder without versions may be one that is being copied anew.
        if not kept:
            return
        dropped = self.loaded.keys() - kept.keys()
        self.loaded = dict(reversed(kept.items()))
        for version in sorted(dropped):
            self._report(f"version {version} is no longer served")

    def _try(self, folder: Path) -> Loaded | None:
        try:
            model = self._load(folder)
        except RunError as error:
            # The files of a version may still be on their way: the next call tries again.
            if self._problems.get(folder.name) != str(error):
                self._problems[folder.name] = str(error)
                self._report(f"version {folder.name} is not served: {error}")
            return None
        self._problems.pop(folder.name, None)
        self._report(f"version {folder.name} is served")
        return model
