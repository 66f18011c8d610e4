"""Labels of pictures from a CSV file, a `dataset.json`, or the .cls and .json files of a WebDataset."""

from __future__ import annotations

import csv
import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated

import numpy as np
from pydantic import BaseModel, Field, StrictInt, StrictStr, ValidationError

from tfgen.data.files.picture_files import PictureFiles
from tfgen.data.files.tar import sample_key
from tfgen.data.sets import MAX_LABEL
from tfgen.errors import DataError
from tfgen.files import user_path


class _DatasetJson(BaseModel):
    """The part of a `dataset.json` that is read."""

    labels: list[tuple[StrictStr, Annotated[StrictInt, Field(ge=0, le=MAX_LABEL)]]] | None


Labels = tuple[np.ndarray, tuple[str, ...]]
#: Entries of a sample's .json file that are read as its label, the first that exists.
_JSON_KEYS = ("label", "class", "cls")


def labels_from_csv(path: str | os.PathLike[str], files: PictureFiles) -> Labels:
    """Read the label of each picture from a CSV file with the columns file and label.

    `file` is the path of a picture inside the source, or its name if no other picture has that name.

    Returns:
        Labels int64 [N] in the order of `files.names`, and their names in alphabetical order; integers are ordered by
        their values.

    Raises:
        DataError: if the file cannot be read, has other columns, or lacks a picture.
    """
    path = user_path(path)
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            columns = [column.strip() for column in reader.fieldnames or []]
            if not {"file", "label"} <= set(columns):
                received = " ".join(", ".join(columns).split())[:200] or "none"
                raise DataError(f"{path}: expected the columns file and label. Received: {received}")
            reader.fieldnames = columns
            table = {(row["file"] or "").strip(): (row["label"] or "").strip() for row in reader}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: expected a CSV file with the columns file and label. Received: {error}") from error
    return _numbered(_look_up(table, files, str(path)))


def labels_from_source(files: PictureFiles) -> Labels | bool | None:
    """Read the labels that the source itself contains beside its pictures.

    Returns:
        Labels and their names. False if the source says that it has no labels; None if it says nothing.

    Raises:
        DataError: if the labels cannot be read or lack a picture.
    """
    if (own := files.own_labels()) is not None:
        return own
    for name in _json_names(files):
        content = files.side_file(name)
        if content is not None:
            files.left_out[".json"] -= 1
            return _from_dataset_json(content, f"{files.where}/{name}", files)
    side = files.side_files()
    return _from_samples(side, files) if side else None


def _json_names(files: PictureFiles) -> list[str]:
    """Where `dataset.json` may lie: at the top, or in a folder that contains everything."""
    first = {name.split("/")[0] for name in files.names if "/" in name}
    return ["dataset.json", *(f"{folder}/dataset.json" for folder in first if len(first) == 1)]


def _from_dataset_json(content: bytes, where: str, files: PictureFiles) -> Labels | bool:
    """Labels in the format of StyleGAN2-ADA and EDM: {"labels": [[file, integer], …]}; null stands for none."""
    expected = f'{where}: expected {{"labels": [[file, integer], …]}} or {{"labels": null}}'
    try:
        entries = _DatasetJson.model_validate_json(content).labels
    except ValidationError as error:
        first = error.errors()[0]
        raise DataError(f"{expected}. Received: {' '.join(map(str, first['loc']))} {first['msg']}") from error
    if entries is None:
        return False
    return _numbered(_look_up({name: str(label) for name, label in entries}, files, where))


def _from_samples(side: Mapping[str, bytes], files: PictureFiles) -> Labels | None:
    """Labels of a WebDataset: the text of `KEY.cls`, or an entry of `KEY.json`."""
    table: dict[str, str] = {}
    for path, content in side.items():
        try:
            if path.endswith(".cls"):
                table[sample_key(path)] = content.decode().strip()
            else:
                entries = json.loads(content)
                for key in _JSON_KEYS:
                    if isinstance(entries, dict) and isinstance(entries.get(key), int | str):
                        table.setdefault(sample_key(path), str(entries[key]))
                        break
        except (ValueError, RecursionError) as error:
            raise DataError(f"{files.where}: expected a readable {path}. Received: {error}") from error
    if not table:
        return None
    values = [table.get(files.sample_key(i)) for i in range(len(files.names))]
    if None in values:
        missing = values.index(None)
        raise DataError(
            f"{files.where}: expected a label (.cls, or .json with {', '.join(_JSON_KEYS)}) for each picture. "
            f"Received none for {values.count(None):,} of {len(values):,}, for example {files.names[missing]}"
        )
    return _numbered([str(value) for value in values])


def _look_up(table: Mapping[str, str], files: PictureFiles, where: str) -> list[str]:
    """The entry of each picture, by its path, the end of its path, or its name."""
    last = Counter(name.rsplit("/", 1)[-1] for name in files.names)
    labels = []
    for name in files.names:
        parts = name.split("/")
        ends = ["/".join(parts[i:]) for i in range(len(parts))]
        # The name alone is ambiguous if two folders have a picture of that name.
        found = next((end for end in ends if end in table and ("/" in end or len(ends) == 1 or last[end] == 1)), None)
        if found is None:
            raise DataError(f"{where}: expected a label for each picture. Received none for {name}")
        labels.append(table[found])
    return labels


def _numbered(values: Sequence[str]) -> Labels:
    """Number labels: integers by their value, others in alphabetical order."""
    names = sorted(set(values))
    if all(name.isdecimal() for name in names):
        names.sort(key=int)
    numbers = {name: i for i, name in enumerate(names)}
    return np.array([numbers[value] for value in values], np.int64), tuple(names)
