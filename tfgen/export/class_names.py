"""The names of a conditional model's classes in an export: a file `labels.txt` with one name in each line.

| format | place of `labels.txt` |
|---|---|
| SavedModel | in the folder `assets.extra` of the version |
| TFLite | inside the .tflite file, which is also a zip archive: an associated file of TensorFlow Lite's metadata |
| ONNX | beside the .onnx files |

An exported model takes the index of a class, which is the number of its line, counted from 0.

Source: TensorFlow Lite, "Adding metadata to TensorFlow Lite models", section on associated files.
"""

import zipfile
from collections.abc import Sequence
from pathlib import Path

from tfgen.errors import ConfigError, did_you_mean

FILE = "labels.txt"
#: What a user writes in place of a class for the label −1, with which the model draws the class by the seed.
ANY = "any"
#: Names listed in an error message.
LISTED = 12


def write_class_names(classes: Sequence[str], folder: Path) -> None:
    """Write `labels.txt` into a folder. A model without classes has no such file; one that exists is deleted."""
    if classes:
        (folder / FILE).write_text(_lines(classes), encoding="utf-8")
    else:
        (folder / FILE).unlink(missing_ok=True)


def add_class_names(classes: Sequence[str], file: Path) -> None:
    """Append `labels.txt` to a .tflite file as a zip archive. Without classes, the file stays as it is."""
    if classes:
        with zipfile.ZipFile(file, "a") as archive:
            archive.writestr(zipfile.ZipInfo(FILE), _lines(classes))


def read_class_names(path: Path) -> tuple[str, ...]:
    """Read the names from a folder or a .tflite file. () if there are none: the model has no labels."""
    if path.is_dir():
        file = path / FILE
        return _names(file.read_bytes()) if file.is_file() else ()
    if not zipfile.is_zipfile(path):
        return ()
    with zipfile.ZipFile(path) as archive:
        return _names(archive.read(FILE)) if FILE in archive.namelist() else ()


def label_of(name: str, classes: Sequence[str]) -> int:
    """Return the label of a class that a user gives by its name, its index as text, or `ANY`, which is −1.

    Raises:
        ConfigError: if there is no such class.
    """
    if name in classes:
        return list(classes).index(name)
    if name in (ANY, "-1"):
        return -1
    if name.isdecimal() and int(name) < len(classes):
        return int(name)
    listed = ", ".join(classes[:LISTED]) + (", …" if len(classes) > LISTED else "")
    raise ConfigError(
        f"label: expected one of {listed}, an index from 0 to {len(classes) - 1}, or {ANY}. Received: {name!r}."
        f"{did_you_mean(name, classes)}"
    )


def _lines(classes: Sequence[str]) -> str:
    # A line break within a name would shift the index of every class after it.
    return "".join(f"{' '.join(name.splitlines())}\n" for name in classes)


def _names(content: bytes) -> tuple[str, ...]:
    return tuple(content.decode("utf-8").split("\n")[:-1])
