"""What every source of data gives back: indexable sets of images or of points, with a fixed split."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tfgen.errors import DataError


@dataclass(frozen=True, eq=False)
class ImageSet:
    """Images as they were measured: integer pixels, not yet scaled, binarized or dequantized.

    Attributes:
        images: uint8 [N, H, W, C] with N ≥ 1, every value below `levels`.
        levels: number of values a pixel can take, 2 to 256 (256 for 8-bit pictures, 17 for `digits`).
        labels: integer array [N], or None where the source has none.

    Raises:
        DataError: if the arrays do not have these shapes, types and values.
    """

    images: np.ndarray
    levels: int
    labels: np.ndarray | None = None

    def __post_init__(self) -> None:
        images = self.images
        if not isinstance(images, np.ndarray) or images.dtype != np.uint8:
            raise DataError(f"Expected images of type uint8. Received: {_describe(images)}")
        if images.ndim != 4 or 0 in images.shape:
            raise DataError(f"Expected images of shape [N, H, W, C], none of them 0. Received: {_describe(images)}")
        if not 2 <= self.levels <= 256:
            raise DataError(f"Expected 2 to 256 levels for uint8 images. Received: levels={self.levels}")
        brightest = int(images.max())
        if brightest >= self.levels:
            raise DataError(
                f"Expected pixel values 0 to {self.levels - 1} (levels={self.levels}). Received a pixel of {brightest}"
            )
        labels = self.labels
        if labels is None:
            return
        if not isinstance(labels, np.ndarray) or labels.dtype.kind not in "iu":
            raise DataError(f"Expected integer labels. Received: {_describe(labels)}")
        if labels.shape != images.shape[:1]:
            raise DataError(
                f"Expected one label for each of {len(images)} images. Received labels of shape {list(labels.shape)}"
            )

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, rows: slice | np.ndarray) -> ImageSet:
        """The set of the examples in `rows` (a slice or an array of positions), in that order."""
        return ImageSet(self.images[rows], self.levels, None if self.labels is None else self.labels[rows])

    @property
    def examples(self) -> np.ndarray:
        """The images, uint8 [N, H, W, C]."""
        return self.images

    @property
    def event_shape(self) -> tuple[int, ...]:
        """(H, W, C)."""
        return self.images.shape[1:]


@dataclass(frozen=True, eq=False)
class PointSet:
    """Points of a two-dimensional density.

    Attributes:
        points: float32 [N, 2] with N ≥ 1, all finite.
        log_prob: the true log-density in nats, from points [M, 2] to float64 [M] (NumPy in, NumPy out), or None where
            it is not known.

    Raises:
        DataError: if the array does not have this shape and type.
    """

    points: np.ndarray
    log_prob: Callable[[np.ndarray], np.ndarray] | None = None

    def __post_init__(self) -> None:
        points = self.points
        if not isinstance(points, np.ndarray) or points.dtype != np.float32:
            raise DataError(f"Expected points of type float32. Received: {_describe(points)}")
        if points.ndim != 2 or points.shape[1] != 2 or not len(points):
            raise DataError(f"Expected points of shape [N, 2] with N ≥ 1. Received: {_describe(points)}")
        if not np.isfinite(points).all():
            raise DataError("Expected finite points. Received: NaN or infinite coordinates")

    def __len__(self) -> int:
        return len(self.points)

    def __getitem__(self, rows: slice | np.ndarray) -> PointSet:
        """The set of the examples in `rows` (a slice or an array of positions), in that order."""
        return PointSet(self.points[rows], self.log_prob)

    @property
    def examples(self) -> np.ndarray:
        """The points, float32 [N, 2]."""
        return self.points

    @property
    def event_shape(self) -> tuple[int, ...]:
        """(2,)."""
        return self.points.shape[1:]

    @property
    def levels(self) -> None:
        """None: points are continuous."""
        return None

    @property
    def labels(self) -> None:
        """None: points carry no labels."""
        return None


@dataclass(frozen=True, eq=False)
class Modes:
    """Where the modes of a mixture of equally likely, equally wide round Gaussians are.

    Attributes:
        centres: float64 [K, 2].
        std: the standard deviation of each in every direction.
    """

    centres: np.ndarray
    std: float


@dataclass(frozen=True, eq=False)
class Dataset:
    """A named data set in its fixed split.

    Attributes:
        name: what `load` was asked for; for a file or folder, its name without suffix.
        train: the examples to learn from.
        validation: the examples to choose by, or None where all were kept for training.
        test: the examples to report on.
        label_names: the name of label 0, 1, …, or None where labels are numbers or absent.
        modes: those of a mixture of Gaussians, None for other data.
        channels_of: for images whose channels are images of another data set, its name.

    Raises:
        DataError: if the splits differ in kind, event shape or levels.
    """

    name: str
    train: ImageSet | PointSet
    validation: ImageSet | PointSet | None
    test: ImageSet | PointSet
    label_names: tuple[str, ...] | None = None
    modes: Modes | None = None
    channels_of: str | None = None

    def __post_init__(self) -> None:
        for split_name, split in (("validation", self.validation), ("test", self.test)):
            if split is None:
                continue
            expected, received = _kind(self.train), _kind(split)
            if expected != received:
                raise DataError(
                    f"{self.name}: expected the {split_name} split to be like the training split, {expected}. "
                    f"Received: {received}"
                )

    @property
    def event_shape(self) -> tuple[int, ...]:
        """(H, W, C) of an image or (2,) of a point."""
        return self.train.event_shape

    @property
    def levels(self) -> int | None:
        """Number of values a pixel can take, None for points."""
        return self.train.levels

    @property
    def is_images(self) -> bool:
        """True for images, False for points."""
        return isinstance(self.train, ImageSet)


def _kind(examples: ImageSet | PointSet) -> str:
    shape = "×".join(map(str, examples.event_shape))
    return (
        f"{shape} images of {examples.levels} levels" if isinstance(examples, ImageSet) else f"points of size {shape}"
    )


def _describe(array: object) -> str:
    if isinstance(array, np.ndarray):
        return f"{array.dtype} {list(array.shape)}"
    return type(array).__name__
