"""What training would see of data, also of pictures that training refuses."""

from __future__ import annotations

from typing import Any

from tfgen.data.files import find_files
from tfgen.data.inspection import Inspection, inspect
from tfgen.data.sets import Dataset
from tfgen.data.sources import NAMES, load
from tfgen.errors import DataError
from tfgen.files import user_path


def inspect_files(data: str) -> Inspection | None:
    """Return what the headers of picture files say; None if the data are no picture files.

    Args:
        data: name or path of the data, as `tfgen.data.load` takes it.

    Raises:
        DataError: if there are no pictures, or the folder or archive is damaged.
    """
    if data in NAMES or data.startswith(("tfds:", "hf:")):
        return None
    files = find_files(user_path(data))
    if files is None:
        return None
    try:
        return inspect(files)
    finally:
        files.close()


def load_preview(
    data: str, found: Inspection | None, size: tuple[int, int] | int | None, **options: Any
) -> tuple[Dataset, DataError | None]:
    """Load a data set as `tfgen.data.load` does; if training refuses picture files, then what is left of them.

    Args:
        data: name or path of the data.
        found: what `inspect_files` has returned for the data.
        size: size of the images, if training refuses the files and the options have no `image_size`; None keeps the
            size of the files.
        options: further options of `tfgen.data.load`.

    Returns:
        The data set, and the error with which training refuses the files, else None. In the case of an error, broken
        files are left out and the images have the size `size`.

    Raises:
        DataError: if nothing can be loaded.
    """
    try:
        return load(data, **options), None
    except DataError as refusal:
        if found is None:
            raise
        changes = {"skip_broken": True, "image_size": options.get("image_size") or size}
        return load(data, **{**options, **changes}), refusal
