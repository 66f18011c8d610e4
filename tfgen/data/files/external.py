"""What the data sets of other packages have in common: splits with names, rows with numbers, labels beside the rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np

from tfgen.data.files.picture_files import PictureFiles
from tfgen.data.layout import role_of


class ExternalFiles(PictureFiles):
    """The pictures of splits of a data set of another package.

    Attributes:
        splits: names of the splits that are used, in order.
        positions: after `scan`, the position in its split of each picture.
    """

    splits: list[str]
    positions: list[tuple[str, int]]

    def _use_splits(self, available: Iterable[str]) -> None:
        """Choose the splits: those for training, validation and test if there are such; else all."""
        names = list(available)
        known = {name: role for name in names if (role := role_of(name)) is not None}
        if "train" in known.values():
            self.splits = [name for name in names if name in known]
        else:
            self.splits = names
        self._known = known

    def _use_rows(self, counts: dict[str, int]) -> None:
        """Set what `scan` has to set, for a number of rows in each split."""
        self.positions = [(split, row) for split in self.splits for row in range(counts[split])]
        self.names = [f"{row:08d}" for _, row in self.positions]
        self.unreadable, self.left_out = {}, Counter()
        if len({self._known.get(split) for split in self.splits}) > 1:
            self.roles = [self._known[split] for split, _ in self.positions]
        self.check_not_empty()

    def full_name(self, index: int) -> str:
        split, row = self.positions[index]
        return f"{self.where}, {split} {row}"

    def side_file(self, name: str) -> bytes | None:
        return None


def checked_labels(labels: list[int], names: list[str]) -> tuple[np.ndarray, tuple[str, ...]] | None:
    """Labels and names of classes; None if a row has no label (−1 in both packages)."""
    found = np.array(labels, np.int64)
    return None if not len(found) or found.min() < 0 else (found, tuple(names))
