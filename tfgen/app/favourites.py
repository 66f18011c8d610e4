"""Favourites of a model: views with a name, in a JSON file beside the run.

The file of a run is `favourites.json` in its folder. The folder of a pretrained model belongs to the installed package,
so its file is `.favourites/NAME.json` in the folder of the runs. This module imports neither Gradio nor TensorFlow.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, StringConstraints, ValidationError, model_validator

from tfgen.app.catalogue import Catalogue
from tfgen.app.query import MAX_LENGTH
from tfgen.errors import RunError
from tfgen.files import read_json, write_json
from tfgen.runs.lock import LOCK_TIMEOUT, run_lock
from tfgen.runs.records import Record

#: Name of the file in the folder of a run.
FILE_NAME = "favourites.json"
#: Hidden folder in the folder of the runs, with the lock and the files of the pretrained models.
FOLDER = ".favourites"
#: Largest number of favourites of a model, and of characters of a name.
MOST, LONGEST_NAME = 200, 80
#: Largest number of characters of a view. The link of a favourite also has the name of the model.
LONGEST_VIEW = MAX_LENGTH - 1000


class Favourite(Record):
    """A view with a name.

    Attributes:
        name: one line of 1 to 80 characters.
        view: the values of the view as a query, without those of the model and of Gradio.
    """

    name: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_NAME, pattern=r"^\P{Cc}*$")
    ]
    view: str = Field(max_length=LONGEST_VIEW)


class _File(Record):
    """The content of a file of favourites."""

    favourites: list[Favourite] = Field(max_length=MOST)

    @model_validator(mode="after")
    def _has_each_name_once(self) -> Self:
        if len({favourite.name for favourite in self.favourites}) < len(self.favourites):
            raise ValueError("two favourites have the same name")
        return self


def read_favourites(catalogue: Catalogue, model: str) -> list[Favourite]:
    """Return the favourites of a model, in the order in which they were saved.

    Raises:
        RunError: if no model has that name, or the file is damaged.
    """
    return _read(_file(catalogue, model)).favourites


@contextlib.contextmanager
def changing_favourites(catalogue: Catalogue, model: str) -> Iterator[list[Favourite]]:
    """Yield the favourites of a model, and write the list as the `with` block leaves it. Nobody else writes meanwhile.

    If the block raises, the file stays unchanged.

    Raises:
        RunError: if no model has that name, the file is damaged or cannot be written, or another process holds the lock
            for `LOCK_TIMEOUT` seconds.
    """
    file, folder = _file(catalogue, model), catalogue.root.absolute() / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # One lock for all models: the folder of a packed run may go into a package, where a lock file would be litter.
        with run_lock(folder, "favourites", LOCK_TIMEOUT):
            content = _read(file)
            favourites = list(content.favourites)
            yield favourites
            with _same_time(file.parent):
                write_json(file, content.model_copy(update={"favourites": favourites}).to_json())
    except OSError as error:
        raise RunError(f"Expected a file that can be written, {error.filename}. Received: {error.strerror}") from None


def _file(catalogue: Catalogue, model: str) -> Path:
    run = catalogue.run(model)
    # The name of a pretrained model is one of a fixed list and never a path.
    return catalogue.root.absolute() / FOLDER / f"{model}.json" if run.by_name else run.path / FILE_NAME


def _read(file: Path) -> _File:
    """Return the content of a file of favourites. Without a file, there are none."""
    if not os.path.lexists(file):
        return _File(favourites=[])
    try:
        return _File.model_validate(read_json(file, RunError))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(map(str, first["loc"])) or "the file"
        received = "nothing" if first["type"] == "missing" else repr(first["input"])[:80]
        reason = first["msg"].removeprefix("Value error, ")
        raise RunError(
            f"Expected favourites as tfgen writes them in {file}. Received for {field}: {received} "
            f"({reason[0].lower()}{reason[1:]})"
        ) from None


@contextlib.contextmanager
def _same_time(folder: Path) -> Iterator[None]:
    """Keep the time of the last change of a folder: the catalogue sorts the runs by it."""
    state = folder.stat()
    try:
        yield
    finally:
        # Only the owner of a folder may set its time.
        with contextlib.suppress(PermissionError):
            os.utime(folder, ns=(state.st_atime_ns, state.st_mtime_ns))
