"""Picture files of a user, wherever they lie: in a folder, in a .zip, in a .tar or in WebDataset shards."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfgen.data.files.picture_files import PictureFiles


def find_files(path: Path) -> PictureFiles | None:
    """Return the pictures of a folder, .zip or .tar or of shards; None if the path is none of these.

    Args:
        path: an existing path, or a pattern of shards such as `name-{000..003}.tar` or `name-*.tar`.
    """
    import tarfile
    import zipfile

    from tfgen.data.files.folder import FolderFiles
    from tfgen.data.files.tar import TarFiles, shards
    from tfgen.data.files.zipped import ZipFiles

    if found := shards(path):
        return TarFiles(found, path)
    if path.is_dir():
        return FolderFiles(path)
    if not path.is_file() or path.suffix.lower() in (".npz", ".npy"):
        return None
    if zipfile.is_zipfile(path) or path.suffix.lower() == ".zip":
        return ZipFiles(path)
    if tarfile.is_tarfile(path) or path.suffix.lower() == ".tar":
        return TarFiles([path], path)
    return None
