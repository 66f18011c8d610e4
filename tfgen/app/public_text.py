"""Texts as every visitor of the page may read them: without the folders of the machine.

A message about a file says where the file lies, which helps the user of a command line. A visitor of the page may be
somebody else, who learns the name of the file only.
"""

import re
import tempfile
from collections.abc import Iterable
from pathlib import Path, PurePath

from tfgen.data import NAMES

#: An absolute path of at least one folder, up to the last name. An address of the web has a colon and two slashes.
_FOLDERS = re.compile(r"(?<![\w./:~-])/(?:[^/\s'\"`<>|,;:()\[\]{}]+/)+(?=[^/\s])")


def without_folders(text: str, *folders: Path) -> str:
    """Return a text in which a path inside of `folders` is relative, and any other absolute path is its last name."""
    for folder in _names(folders):
        text = _replaced(text.replace(f"{folder}/", ""), folder)
    # These names may contain spaces, at which the pattern below would end.
    for folder in _names((Path.home(), Path.cwd(), Path(tempfile.gettempdir()))):
        text = _replaced(text.replace(f"{folder}/", "/-/"), folder)
    return _FOLDERS.sub("", text)


def _names(folders: Iterable[Path]) -> list[str]:
    """Return the absolute paths of folders, with links and without, the longest first."""
    names = {str(path) for folder in folders for path in (folder.absolute(), folder.resolve())}
    return sorted(names - {"/"}, key=len, reverse=True)


def _replaced(text: str, folder: str) -> str:
    """Replace the path of a folder by its name."""
    return re.sub(rf"{re.escape(folder)}(?![\w.-])", lambda _: PurePath(folder).name, text)


def data_name(data: str) -> str:
    """Return the name of a data set as the page shows it: of a file or folder, the last part of its path."""
    return data if data in NAMES or data.startswith(("tfds:", "hf:")) else PurePath(data).name or data
