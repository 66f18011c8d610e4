"""Picture files of a user, wherever they lie: in a folder, in a .zip, in a .tar or in WebDataset shards."""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfgen.data.files.picture_files import PictureFiles

#: Ends of the names of .tar files, plain and compressed.
TAR_SUFFIXES = (".tar", ".tgz", ".tar.gz", ".tbz2", ".tar.bz2", ".txz", ".tar.xz")


def find_files(path: Path) -> PictureFiles | None:
    """Return the pictures of a folder, .zip or .tar or of shards; None if the path is none of these.

    Args:
        path: an existing path, or a pattern of shards such as `name-{000..003}.tar` or `name-*.tar`.
    """
    from tfgen.data.files.folder import FolderFiles
    from tfgen.data.files.tar import TarFiles, shards
    from tfgen.data.files.zipped import ZipFiles

    if found := shards(path):
        return TarFiles(found, path)
    if path.is_dir():
        return FolderFiles(path)
    if not path.is_file() or path.suffix.lower() in (".npz", ".npy"):
        return None
    name = path.name.lower()
    if name.endswith(".zip"):
        return ZipFiles(path)
    if name.endswith(TAR_SUFFIXES):
        return TarFiles([path], path)
    if _recognises(zipfile.is_zipfile, path):
        return ZipFiles(path)
    return TarFiles([path], path) if _recognises(tarfile.is_tarfile, path) else None


def _recognises(test: Callable[[Path], bool], path: Path) -> bool:
    """Whether a function of Python's archive modules recognises a file; they raise almost any error on damage."""
    try:
        return test(path)
    except Exception:
        return False
