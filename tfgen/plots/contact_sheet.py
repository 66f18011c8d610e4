"""Contact sheets: the first images of a data set, or of each class of a data set."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tfgen.plots.grid import save_grid

if TYPE_CHECKING:
    from tfgen.data.stored import StoredImages

#: With more classes than this, the sheet is not arranged by class.
MOST_CLASSES = 20


def contact_sheet(
    images: "np.ndarray | StoredImages", levels: int, labels: np.ndarray | None = None, count: int = 100
) -> tuple[np.ndarray, np.ndarray | None]:
    """Select images for a contact sheet.

    With labels, each row contains the first images of one class, and the rows are in the order of the labels. Without
    labels, or with more than `MOST_CLASSES` classes, the sheet contains the first images of all.

    Args:
        images: integer levels [N, H, W, C], C = 1 or 3, in memory or stored.
        levels: number of levels.
        labels: integers [N], or None.
        count: number of images, at least 1. With labels: rounded down to the same number for each class, at least 1.

    Returns:
        The images, float32 [n, H, W, C] in [0, 1], and the row of each image on the sheet, integers [n]; None if the
        sheet is not arranged by class.
    """
    scale = np.float32(levels - 1)
    classes = np.array([]) if labels is None else np.unique(labels)
    if labels is None or len(classes) > MOST_CLASSES:
        return images[:count] / scale, None
    columns = max(1, count // len(classes))
    found = [np.flatnonzero(labels == k)[:columns] for k in classes]
    rows = np.repeat(np.arange(len(classes)), [len(positions) for positions in found])
    return images[np.concatenate(found)] / scale, rows


def save_contact_sheet(
    images: "np.ndarray | StoredImages",
    levels: int,
    path: str | Path,
    labels: np.ndarray | None = None,
    count: int = 100,
    names: Sequence[str] = (),
) -> None:
    """Write `contact_sheet` as PNG.

    Args:
        images, levels, labels, count: see `contact_sheet`.
        path: PNG file to write.
        names: names of the classes 0, 1, …, which are written beside the rows. () writes none.

    Raises:
        OSError: if the file cannot be written.
    """
    chosen, rows = contact_sheet(images, levels, labels, count)
    save_grid(chosen, path, rows=rows, names=row_names(rows, labels, names))


def row_names(rows: np.ndarray | None, labels: np.ndarray | None, names: Sequence[str]) -> list[str]:
    """Return the name of each row of a contact sheet; [] without names, or for a sheet that is not arranged by class.

    Args:
        rows: as `contact_sheet` returns it.
        labels: as `contact_sheet` takes it.
        names: names of the classes 0, 1, …
    """
    return [] if rows is None or labels is None or not names else [names[k] for k in np.unique(labels)]
