"""What the folders of pictures mean: a split into training, validation and test, classes, or nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tfgen.errors import DataError

#: Name of a folder, without regard to upper case → the split that it contains. Data sets also call their folders
#: train_set, test-images or val2017.
_ROLES = {
    "train": r"train(ing)?",
    "validation": r"val(id(ation)?)?|dev(elopment)?|eval(uation)?",
    "test": r"test(ing)?",
}
_ENDING = r"([-_ ]?(set|data|images|pictures|split|\d{4}))?"
_ORDER = ("train", "validation", "test")


def role_of(name: str) -> str | None:
    """Return the split that a name of a folder stands for: "train", "validation" or "test"; None for another name."""
    found = (role for role, names in _ROLES.items() if re.fullmatch(f"({names}){_ENDING}", name, re.IGNORECASE))
    return next(found, None)


@dataclass(frozen=True, eq=False)
class Layout:
    """The meaning of the paths of N pictures.

    Attributes:
        order: positions of the pictures in the order training, validation, test; else 0 … N − 1.
        sizes: numbers of training, validation and test pictures; None if the folders are no split.
        labels: integers [N] in the order of `order`; None if the folders are no classes.
        label_names: names of the labels, or None.
        notes: sentences about what was understood and may surprise.
    """

    order: np.ndarray
    sizes: tuple[int, int, int] | None
    labels: np.ndarray | None
    label_names: tuple[str, ...] | None
    notes: tuple[str, ...] = ()


def layout_of(names: Sequence[str], where: str, roles: Sequence[str] | None = None) -> Layout:
    """Understand the paths of pictures.

    A folder that contains all others is no class and no split. Folders called train and test (also training, testing,
    with or without val, valid or validation, in any case of letters) are a split. Without a test folder, the validation
    folder is the test split. The folders below are classes, if every picture lies in one and there are several.

    Args:
        names: paths of the pictures inside the source, with "/".
        where: path of the source, for messages.
        roles: "train", "validation" or "test" of each picture, if it is known; None if folders may say it.

    Raises:
        DataError: if a picture lies outside of the folders of the split, or two folders stand for one split.
    """
    parts = _without_common([tuple(name.split("/")) for name in names])
    notes: list[str] = []
    if roles is None:
        roles, parts = _roles(parts, where, notes)
    order, sizes = np.arange(len(parts)), None
    if roles is not None:
        found = set(roles)
        if "test" not in found:
            notes.append("There is no folder for the test: the validation folder is the test split.")
            roles = ["test" if role == "validation" else role for role in roles]
        ranks = np.array([_ORDER.index(role) for role in roles])
        order = np.argsort(ranks, kind="stable")
        counts = np.bincount(ranks, minlength=3).tolist()
        sizes = (counts[0], counts[1], counts[2])
        parts = _without_common(parts)
    labels, label_names = _classes([parts[i] for i in order], notes)
    return Layout(order, sizes, labels, label_names, tuple(notes))


def _without_common(parts: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Remove the folders that contain all pictures."""
    while parts and all(len(part) > 1 for part in parts) and len({part[0] for part in parts}) == 1:
        parts = [part[1:] for part in parts]
    return parts


def _roles(
    parts: list[tuple[str, ...]], where: str, notes: list[str]
) -> tuple[list[str] | None, list[tuple[str, ...]]]:
    """The split of each picture by its first folder, and the paths below; (None, parts) if the folders are no split."""
    folders = sorted({part[0] for part in parts if len(part) > 1})
    roles = {folder: role for folder in folders if (role := role_of(folder)) is not None}
    if "train" not in roles.values() or len(set(roles.values())) < 2:
        return None, parts
    if others := [folder for folder in folders if folder not in roles]:
        notes.append(
            f"The folders {', '.join(roles)} are read as classes and not as a split, because {others[0]} lies beside "
            "them."
        )
        return None, parts
    if len(set(roles.values())) < len(roles):
        raise DataError(f"{where}: expected one folder for each split. Received: {', '.join(roles)}")
    if strays := ["/".join(part) for part in parts if len(part) == 1]:
        raise DataError(
            f"{where}: expected all pictures in the folders {', '.join(roles)}, which are the split. Received "
            f"{len(strays):,} outside of them: {strays[0]}"
        )
    return [roles[part[0]] for part in parts], [part[1:] for part in parts]


def _classes(parts: list[tuple[str, ...]], notes: list[str]) -> tuple[np.ndarray | None, tuple[str, ...] | None]:
    """The classes by the first folder."""
    inside = [part[0] for part in parts if len(part) > 1]
    folders = set(inside)
    if len(inside) < len(parts):
        if folders:
            strays = ["/".join(part) for part in parts if len(part) == 1]
            notes.append(
                f"The {len(folders)} folders are not read as classes, because {len(strays):,} of {len(parts):,} "
                f"pictures lie outside of them, for example {strays[0]}. Move or delete these pictures for classes."
            )
        return None, None
    if len(folders) < 2:
        return None, None
    names, labels = np.unique(inside, return_inverse=True)
    return labels.astype(np.int64), tuple(str(name) for name in names)
