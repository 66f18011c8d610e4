"""Atomic publication of an export: made in a hidden folder, checked there, then moved into place."""

from contextlib import AbstractContextManager
from pathlib import Path

from tfgen.files import move_durably
from tfgen.staging import hidden_folder


def staging(out: str | Path) -> AbstractContextManager[Path]:
    """Create a hidden folder in `out` for an export; see `hidden_folder`."""
    return hidden_folder(out, ".export-")


def publish_version(source: Path, versions: Path) -> Path:
    """Move the folder `source` to `versions/<n>` in one step, n being the largest number there plus 1.

    Returns:
        The new path.
    """
    versions.mkdir(parents=True, exist_ok=True)
    while True:
        taken = [int(entry.name) for entry in versions.iterdir() if entry.name.isdigit()]
        target = versions / str(max(taken, default=0) + 1)
        try:
            move_durably(source, target)
        except OSError:
            if not target.exists():
                raise
            continue  # Another export created the same version after this one read the folder.
        return target


def publish_files(source: Path, folder: Path) -> list[Path]:
    """Move the files of `source` into `folder`, each in one step, replacing files of the same name.

    Returns:
        The new paths.
    """
    folder.mkdir(parents=True, exist_ok=True)
    targets = [folder / file.name for file in sorted(source.iterdir())]
    for target in targets:
        move_durably(source / target.name, target)
    return targets
