"""Contact sheets: the first images of a data set, or of each class of a data set."""

import math
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
) -> tuple[np.ndarray, int]:
    """Select images for a contact sheet.

    With labels, each row contains the first images of one class, and the rows are in the order of the labels. Without
    labels, or with more than `MOST_CLASSES` classes, the sheet contains the first images of all.

    Args:
        images: integer levels [N, H, W, C], C = 1 or 3, in memory or stored.
        levels: number of levels.
        labels: integers [N], or None.
        count: number of images, at least 1. With labels: rounded down to the same number for each class, at least 1.

    Returns:
        The images row by row, float32 [n, H, W, C] in [0, 1], and the number of columns. Black images fill the row of a
        class that has too few images.
    """
    scale = np.float32(levels - 1)
    classes = np.array([]) if labels is None else np.unique(labels)
    if labels is None or len(classes) > MOST_CLASSES:
        chosen = images[:count]
        return chosen / scale, math.ceil(math.sqrt(len(chosen)))
    columns = max(1, count // len(classes))
    chosen = np.zeros((len(classes), columns, *images.shape[1:]), np.float32)
    for row, k in zip(chosen, classes, strict=True):
        found = images[np.flatnonzero(labels == k)[:columns]]
        row[: len(found)] = found / scale
    return chosen.reshape(-1, *images.shape[1:]), columns


def save_contact_sheet(
    images: "np.ndarray | StoredImages",
    levels: int,
    path: str | Path,
    labels: np.ndarray | None = None,
    count: int = 100,
) -> None:
    """Write `contact_sheet` as PNG.

    Args:
        images, levels, labels, count: see `contact_sheet`.
        path: PNG file to write.

    Raises:
        OSError: if the file cannot be written.
    """
    chosen, columns = contact_sheet(images, levels, labels, count)
    save_grid(chosen, path, columns=columns)
