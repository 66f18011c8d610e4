"""The built web page: TypeScript sources, compiled once with npm, in the user's cache folder."""

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import platformdirs

import tfgen
from tfgen.errors import ConfigError

#: The page's sources, part of the installed package.
SOURCES = Path(__file__).parent
PATTERNS = ("index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.js", ".npmrc", "src/*")


def cache_folder() -> Path:
    """Return the folder for built pages: `tfgen/web` in the cache folder of the user (Linux: ~/.cache)."""
    return platformdirs.user_cache_path("tfgen") / "web"


def page_folder() -> Path:
    """Return the folder of the page built from the installed sources, whether or not it exists.

    Its name contains the version of tfgen and a digest of the sources, so that an update builds a new page.
    """
    files = sorted(path for pattern in PATTERNS for path in SOURCES.glob(pattern))
    digest = hashlib.sha256(b"\0".join(path.name.encode() + b"\0" + path.read_bytes() for path in files)).hexdigest()
    return cache_folder() / f"{tfgen.__version__}-{digest[:16]}"


def build_page(report: Callable[[str], Any] = print) -> Path:
    """Return the folder of the built page. The first call builds the page; later calls need neither npm nor a network.

    The page is built in a temporary folder and moved into the cache in one step, so that an interrupted build leaves
    nothing and two builds at the same time do not disturb each other.

    Args:
        report: called with a line of text before the page is built.

    Raises:
        ConfigError: if npm is missing or fails, or the cache folder is not writable.
    """
    page = page_folder()
    if page.is_dir():
        return page
    npm = shutil.which("npm")
    if npm is None:
        raise ConfigError("Expected npm (Node.js 20.19 or newer), which builds the page once. Received: no npm on PATH")
    report("building the page (first start only)")
    try:
        page.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".build-", dir=page.parent) as folder:
            _copy_sources(Path(folder))
            for command in (["ci"], ["run", "build"]):
                _run_npm([npm, *command], folder)
            _publish(Path(folder) / "dist", page)
    except OSError as error:
        raise ConfigError(
            f"Expected a cache folder that can be written to ($XDG_CACHE_HOME or ~/.cache). Received: {page.parent}: "
            f"{error.strerror}"
        ) from None
    return page


def _copy_sources(folder: Path) -> None:
    for path in (path for pattern in PATTERNS for path in SOURCES.glob(pattern)):
        target = folder / path.relative_to(SOURCES)
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(path, target)


def _run_npm(command: list[str], folder: str) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-8:])
        raise ConfigError(f"Expected npm {' '.join(command[1:])} to succeed. Received:\n{last}")


def _publish(built: Path, page: Path) -> None:
    try:
        built.rename(page)
    except OSError:
        # Another process has built the same page in the meantime.
        if not page.is_dir():
            raise
