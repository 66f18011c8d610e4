"""The built web page: part of an installed wheel; for other installations compiled once, in the user's cache folder."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import platformdirs

import tfgen
from tfgen.errors import ConfigError
from tfgen.ondevice.web import npm

#: The page's sources, part of the installed package.
SOURCES = Path(__file__).parent


def shipped_page() -> Path:
    """Return the folder of the page in the installed package. It exists if the package was built with the page."""
    return SOURCES / "page"


def cache_folder() -> Path:
    """Return the folder for built pages: `tfgen/web` in the cache folder of the user (Linux: ~/.cache)."""
    return platformdirs.user_cache_path("tfgen") / "web"


def page_folder() -> Path:
    """Return the folder in the cache of the page built from the installed sources, whether or not it exists.

    Its name contains the version of tfgen and a digest of the sources, so that an update builds a new page.
    """
    files = npm.source_files(SOURCES)
    digest = hashlib.sha256(b"\0".join(path.name.encode() + b"\0" + path.read_bytes() for path in files)).hexdigest()
    return cache_folder() / f"{tfgen.__version__}-{digest[:16]}"


def build_page(report: Callable[[str], Any] = print) -> Path:
    """Return the folder of the built page: the one of the installed package, or else one in the cache.

    Without either, the page is built into the cache; later calls need neither npm nor a network.

    Args:
        report: called with a line of text before the page is built.

    Raises:
        ConfigError: if npm is missing or fails, or the cache folder is not writable.
    """
    for page in (shipped_page(), page_folder()):
        if page.is_dir():
            return page
    report("building the page (first start only)")
    try:
        npm.build(SOURCES, page)
    except npm.NpmError as error:
        raise ConfigError(str(error)) from None
    except OSError as error:
        raise ConfigError(
            f"Expected a cache folder that can be written to ($XDG_CACHE_HOME or ~/.cache). Received: {page.parent}: "
            f"{error.strerror}"
        ) from None
    return page
