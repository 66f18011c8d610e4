"""Compiles the page's TypeScript sources with npm.

Imports the standard library only: `setup.py` runs this file before the package is installed.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

PATTERNS = ("index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.js", ".npmrc", "src/*")


class NpmError(Exception):
    """npm is missing or failed. The message says what was expected and what was received."""


def source_files(sources: Path) -> list[Path]:
    """Return the page's source files in a folder, sorted."""
    return sorted(path for pattern in PATTERNS for path in sources.glob(pattern))


def build(sources: Path, page: Path) -> None:
    """Build the page.

    The page is built in a temporary folder beside its own and moved in one step, so that an interrupted build leaves
    nothing and two builds at the same time do not disturb each other.

    Args:
        sources: folder of the source files.
        page: folder to write; its parent folder is created.

    Raises:
        NpmError: if npm is missing or fails.
        OSError: if the folder cannot be written.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise NpmError("Expected npm (Node.js 20.19 or newer), which builds the page once. Received: no npm on PATH")
    page.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".build-", dir=page.parent) as name:
        folder = Path(name)
        for path in source_files(sources):
            target = folder / path.relative_to(sources)
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(path, target)
        for command in (["ci"], ["run", "build"]):
            _run([npm, *command], folder)
        try:
            (folder / "dist").rename(page)
        except OSError:
            # Another process has built the same page in the meantime.
            if not page.is_dir():
                raise


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-8:])
        raise NpmError(f"Expected npm {' '.join(command[1:])} to succeed. Received:\n{last}")
