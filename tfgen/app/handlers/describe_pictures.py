"""What training would see of pictures of the user, as a table and a contact sheet."""

import os
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from tfgen.app.context import Context
from tfgen.app.handlers.own_pictures import FITS, SMALLEST_SIZE, reading_options, source_of
from tfgen.app.pictures import cache_image, grid_picture
from tfgen.app.training_history import escaped
from tfgen.data.inspection import Inspection, find_duplicates, leaked_text, left_out_text, modes_text, sizes_text
from tfgen.data.memory import in_gigabytes
from tfgen.data.preview import inspect_files, load_preview
from tfgen.data.sets import Dataset, ImageSet, counted
from tfgen.data.summary import LISTED_CLASSES
from tfgen.errors import DataError
from tfgen.markdown import markdown_table
from tfgen.plots.contact_sheet import contact_sheet, row_names

#: Largest side of the images that is proposed for pictures of several sizes, in pixels.
LARGEST_PROPOSED_SIZE = 128
#: Number of pictures on the contact sheet, and of a class in its row, at most.
SHEET_PICTURES, SHEET_COLUMNS = 64, 16
#: Pixels of all pictures on the sheet: of large images, the sheet has fewer.
SHEET_PIXELS = 2**22
#: Most bytes of a file in an uploaded .zip, and of all images of an upload in memory or in the cache.
UPLOAD_FILE_BYTES, UPLOAD_BYTES = 2**27, 2**31
#: Number of broken files that are named.
NAMED_FILES = 10
#: Longest name of a class beside its row, in characters.
LONGEST_NAME = 24


@dataclass(frozen=True)
class Description:
    """What training would see of pictures.

    Attributes:
        text: the description, as Markdown.
        sheet: path of the contact sheet.
        proposed_size: side of the images in pixels, if training needs an image size and none is given; else None.
    """

    text: str
    sheet: str
    proposed_size: int | None


def describe_pictures(
    context: Context,
    pictures: Any = None,
    folder: str = "",
    image_size: int | None = None,
    fit: str = FITS[0],
    skip_broken: bool = False,
) -> tuple[str, str]:
    """Describe pictures of yours as training would see them: sizes, colours, classes, duplicates and broken files.

    Args:
        pictures: a .zip of pictures, at least ten. Sub-folders are the classes.
        folder: instead of a .zip, the path of a folder or archive on the machine of the app, which has to be yours.
        image_size: side of the images in pixels. 0 or None: that of the files; if they have several, one is proposed.
        fit: with an image size, "crop" cuts a picture to a square, "pad" keeps all of it and adds a white border.
        skip_broken: whether training leaves out files that cannot be read.

    Returns:
        The description as Markdown, and a contact sheet of training pictures, with a row for each class.
    """
    found = description_of(context, pictures, folder, image_size, fit, skip_broken)
    return found.text, found.sheet


def description_of(
    context: Context, pictures: Any, folder: str | None, image_size: int | None, fit: str, skip_broken: bool
) -> Description:
    """Return the description of pictures. Arguments: see `describe_pictures`.

    Raises:
        TfgenError: if an argument is out of range, or no training is possible with the pictures.
    """
    options = reading_options(image_size, fit, skip_broken)
    path, name = source_of(context, pictures, folder)
    if pictures:
        _check_upload(path, name)
    try:
        return _described(path, name, options, None if folder else UPLOAD_BYTES)
    except DataError as error:
        # The user knows the pictures by their own name.
        raise DataError(str(error).replace(str(path), name)) from None


def _check_upload(path: Path, name: str) -> None:
    """Raise `DataError` if an upload is no .zip, or has a file that would take much memory.

    Training, which runs in a process of its own, reads every upload as a .zip, and larger files.
    """
    if path.suffix.lower() != ".zip" and not zipfile.is_zipfile(path):
        raise DataError(f"{name}: expected a .zip of pictures. Received: a file of another type")
    try:
        with zipfile.ZipFile(path) as archive:
            largest = max((info.file_size for info in archive.infolist()), default=0)
    except Exception:  # `inspect_files` says what is wrong with a damaged file, which can raise almost any error.
        return
    if largest > UPLOAD_FILE_BYTES:
        limit, received = in_gigabytes(UPLOAD_FILE_BYTES), in_gigabytes(largest)
        raise DataError(f"{name}: expected files of at most {limit} in the .zip, to show them. Received: {received}")


def _described(path: Path, name: str, options: dict[str, Any], limit: int | None) -> Description:
    """Return the description of pictures whose images take at most `limit` bytes."""
    data = os.fspath(path)
    found = inspect_files(data)
    proposed = _proposed_size(found) if "image_size" not in options else None
    if found is not None and limit is not None:
        side = options.get("image_size") or proposed
        height, width = (side, side) if side else found.usual_size or (0, 0)
        nbytes = found.pictures * height * width * 3
        if nbytes > limit:
            raise DataError(
                f"{name}: expected pictures of at most {in_gigabytes(limit)}, to show them. Received: "
                f"{found.pictures:,} pictures, {in_gigabytes(nbytes)} at {height}×{width} pixels. A smaller image size "
                "takes less"
            )
    dataset, refusal = load_preview(data, found, proposed, **options)
    if not isinstance(dataset.train, ImageSet):
        raise DataError(f"{name}: expected pictures. Received: points in the plane")
    broken = [_inside(file, path) for file, _ in dataset.skipped]
    problems = [] if refusal is None else [*_size_problem(found, proposed), *_broken_problem(broken)]
    notes = [escaped(note) for note in dataset.notes if not note.startswith("Left out: ")]
    table = markdown_table(("fact", "value"), [*_of_files(found), *_of_images(dataset), *_of_broken(broken, found)])
    sheet = cache_image(_sheet(dataset), f"{PurePath(name).stem}-training-pictures")
    return Description("\n\n".join([*problems, table, *notes]), sheet, proposed)


def _proposed_size(found: Inspection | None) -> int | None:
    """Return the shorter side of the most frequent size, within limits, if pictures have several sizes; else None."""
    if found is None or found.usual_size is None or len(found.sizes) == 1:
        return None
    return max(SMALLEST_SIZE, min(*found.usual_size, LARGEST_PROPOSED_SIZE))


# -- text -------------------------------------------------------------------------------------------------------------


def _size_problem(found: Inspection | None, proposed: int | None) -> list[str]:
    if found is None or proposed is None:
        return []
    return [
        f"**Training needs an image size**, because the pictures have {len(found.sizes):,} sizes. Proposed: "
        f"**{proposed}**; the page fills it in. The sheet shows {proposed}×{proposed} pixels."
    ]


def _broken_problem(broken: list[str]) -> list[str]:
    if not broken:
        return []
    return [
        f"**Training refuses {counted(len(broken), 'broken file')}**, which the table names. Choose “Leave out broken "
        "files”, or repair or remove them."
    ]


def _of_files(found: Inspection | None) -> list[tuple[str, str]]:
    """Return the rows of the table about the files of pictures."""
    if found is None:
        return []
    transparency = ", which become white" if found.transparent else ""
    return [
        ("Pictures", f"{found.pictures:,}"),
        ("Sizes of the files", sizes_text(found)),
        ("Colour modes", f"{modes_text(found)}{transparency}"),
    ]


def _of_images(dataset: Dataset) -> list[tuple[str, str]]:
    """Return the rows of the table about the images that training would see."""
    height, width, channels = dataset.event_shape
    parts = {"training": dataset.train, "validation": dataset.validation, "test": dataset.test}
    sizes = {name: len(part) for name, part in parts.items() if part is not None}
    duplicates = find_duplicates(dataset)
    repeated = "none"
    if duplicates.example is not None:
        first, second = map(escaped, duplicates.example)
        repeated = f"{counted(duplicates.repeated, 'image')} equal to an earlier one, for example {first} and {second}"
    if duplicates.leaked:
        repeated += f"; {leaked_text(duplicates)}"
    return [
        ("Images for training", f"{height}×{width} pixels, {'grey' if channels == 1 else 'colour'}"),
        ("Split", ", ".join(f"{size:,} {name}" for name, size in sizes.items())),
        ("Classes", _classes(dataset, [part.labels for part in parts.values() if part is not None])),
        ("Duplicates", repeated),
    ]


def _classes(dataset: Dataset, labels: Iterable[np.ndarray | None]) -> str:
    """Return the number of classes and the number of pictures of each; of many classes, the range of these numbers."""
    known = [each for each in labels if each is not None]
    if not known:
        return "none; sub-folders would be the classes"
    classes, counts = np.unique(np.concatenate(known), return_counts=True)
    if len(classes) > LISTED_CLASSES:
        return f"{len(classes):,}, with {counts.min():,} to {counts.max():,} pictures each"
    names = [str(k) if dataset.label_names is None else dataset.label_names[k] for k in classes]
    listed = ", ".join(f"{escaped(name)} ({count:,})" for name, count in zip(names, counts, strict=True))
    return f"{len(classes)}: {listed}"


def _of_broken(broken: list[str], found: Inspection | None) -> list[tuple[str, str]]:
    """Return the rows of the table about broken files and files of other types."""
    rows = []
    if broken:
        names = ", ".join(map(escaped, broken[:NAMED_FILES]))
        more = f" and {len(broken) - NAMED_FILES:,} more" if len(broken) > NAMED_FILES else ""
        rows.append(("Broken files", f"{len(broken):,}: {names}{more}"))
    if found is not None and found.left_out:
        rows.append(("Left out", escaped(left_out_text(found))))
    return rows


def _inside(file: str, path: Path) -> str:
    """Return the path of a file inside a folder or archive.

    The cache may have the file of another folder with the same content; then the name of the file is returned.
    """
    inside = file.removeprefix(f"{path}/")
    return PurePath(inside).name if inside == file else inside


# -- contact sheet ----------------------------------------------------------------------------------------------------


def _sheet(dataset: Dataset):
    """Return the contact sheet of a data set of images as a picture."""
    train = dataset.train
    height, width, _ = train.event_shape
    count = max(1, min(SHEET_PICTURES, SHEET_PIXELS // (height * width)))
    if train.labels is not None:
        count = min(count, SHEET_COLUMNS * len(np.unique(train.labels)))
    images, rows = contact_sheet(train.examples, train.levels, train.labels, count)  # type: ignore[arg-type]
    names = [" ".join(name.split()) for name in row_names(rows, train.labels, dataset.classes)]
    short = [name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…" for name in names]
    return grid_picture(images, rows=rows, names=short)
