"""The types of data sets: indexable sets of images or points, and a named data set with its split."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tfgen.data.stored import StoredImages, chunks_of, select
from tfgen.errors import DataError

#: Largest number of a class. Models take one weight or more for each class up to the largest.
MAX_LABEL = 2**16 - 1


@dataclass(frozen=True, eq=False, repr=False)
class ImageSet:
    """Images with integer pixels. Models scale, binarize or dequantize them; the set does not.

    Attributes:
        images: uint8 [N, H, W, C] with N ≥ 1, every value below `levels`: an array, or `StoredImages` if the set is
            larger than memory. Both are indexed by slices and arrays of positions.
        levels: number of values that a pixel can have, 2 to 256 (256 for 8-bit pictures, 17 for `digits`).
        labels: integers [N] from 0 to `MAX_LABEL`, or None if the source has no labels.
        files: names of the pictures' files, an array of bytes [N] in UTF-8, or None if the source has no files.

    Raises:
        DataError: if an array has a wrong shape, type or value.
    """

    images: np.ndarray | StoredImages
    levels: int
    labels: np.ndarray | None = None
    files: np.ndarray | None = None

    def __post_init__(self) -> None:
        images = self.images
        if not isinstance(images, np.ndarray | StoredImages) or images.dtype != np.uint8:
            raise DataError(f"Expected images of type uint8. Received: {_describe(images)}")
        if images.ndim != 4 or 0 in images.shape:
            raise DataError(f"Expected images of shape [N, H, W, C], none of them 0. Received: {_describe(images)}")
        if not 2 <= self.levels <= 256:
            raise DataError(f"Expected 2 to 256 levels for uint8 images. Received: levels={self.levels}")
        # A byte is below 256 in any case, and a stored set is not read for it.
        brightest = 0 if self.levels == 256 else max(int(chunk.max()) for chunk in chunks_of(images))
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
        if int(labels.min()) < 0 or int(labels.max()) > MAX_LABEL:
            raise DataError(
                f"Expected labels from 0 to {MAX_LABEL}, the numbers of the classes. Received: "
                f"{labels.min()} to {labels.max()}"
            )

    def __len__(self) -> int:
        return len(self.images)

    def __repr__(self) -> str:
        """Return one line, as `ImageSet(1,297 images of 8×8×1 pixels, 17 levels, 10 classes)`."""
        classes = "no labels" if self.labels is None else counted(len(np.unique(self.labels)), "class", "classes")
        return f"ImageSet({counted(len(self), 'image')} of {_shape(self)} pixels, {self.levels} levels, {classes})"

    def __getitem__(self, rows: slice | np.ndarray) -> ImageSet:
        """Return the set of the examples in `rows` (a slice or an array of positions), in that order.

        Stored images are not copied.
        """
        labels = None if self.labels is None else self.labels[rows]
        return ImageSet(
            select(self.images, rows), self.levels, labels, None if self.files is None else self.files[rows]
        )

    @property
    def examples(self) -> np.ndarray | StoredImages:
        """The images, uint8 [N, H, W, C], under the name that image and point sets share."""
        return self.images

    @property
    def event_shape(self) -> tuple[int, ...]:
        """(H, W, C)."""
        return self.images.shape[1:]


@dataclass(frozen=True, eq=False, repr=False)
class PointSet:
    """Points of a two-dimensional density.

    Attributes:
        points: float32 [N, 2] with N ≥ 1, all finite.
        log_prob: function from points [M, 2] to their true log-density in nats, float64 [M], as NumPy arrays. None if
            the density is not known.

    Raises:
        DataError: if the array has a wrong shape, type or value.
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

    def __repr__(self) -> str:
        """Return one line, as `PointSet(10,000 points in the plane, density known)`."""
        known = "unknown" if self.log_prob is None else "known"
        return f"PointSet({counted(len(self), 'point')} in the plane, density {known})"

    def __getitem__(self, rows: slice | np.ndarray) -> PointSet:
        """Return the set of the examples in `rows` (a slice or an array of positions), in that order."""
        return PointSet(self.points[rows], self.log_prob)

    @property
    def examples(self) -> np.ndarray:
        """The points, float32 [N, 2], under the name that image and point sets share."""
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
        """None: points have no labels."""
        return None


@dataclass(frozen=True, eq=False, repr=False)
class Modes:
    """The modes of a mixture of K Gaussians with equal weights and the covariance σ² I.

    Attributes:
        centres: means of the Gaussians, float64 [K, 2].
        std: standard deviation σ.
    """

    centres: np.ndarray
    std: float

    def __repr__(self) -> str:
        """Return one line, as `Modes(8 Gaussians of standard deviation 0.02)`."""
        return f"Modes({counted(len(self.centres), 'Gaussian')} of standard deviation {self.std:g})"


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """A named data set with a fixed split.

    Attributes:
        name: name of the data set. For a file or folder: the name without suffix.
        train: training examples.
        validation: validation examples, which select the best epoch, or None for no validation split.
        test: test examples, for the reported figures.
        label_names: name of each label 0, 1, …, or None if the labels have no names or there are no labels.
        modes: modes of the density, if it is a mixture of Gaussians; else None.
        channels_of: name of another data set, if each channel of an image is an image of that data set; else None.
        notes: sentences about what a user should know: files that were left out, labels that were not found.
        skipped: (file, reason) of each broken picture that was left out.
        digest: hexadecimal digest of the content, if the source has stored one; else None.

    Raises:
        DataError: if the splits differ in type, event shape or levels.
    """

    name: str
    train: ImageSet | PointSet
    validation: ImageSet | PointSet | None
    test: ImageSet | PointSet
    label_names: tuple[str, ...] | None = None
    modes: Modes | None = None
    channels_of: str | None = None
    notes: tuple[str, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    digest: str | None = None

    def __post_init__(self) -> None:
        for split_name, split in (("validation", self.validation), ("test", self.test)):
            if split is None:
                continue
            expected, received = _kind(self.train), _kind(split)
            if expected != received:
                raise DataError(
                    f"{self.name}: expected the {split_name} split to contain {expected}, as the training split does. "
                    f"Received: {received}"
                )

    def __repr__(self) -> str:
        """Return one line, as `Dataset(digits: 1,297 training, 200 validation, 300 test 8×8×1 images of 17 levels)`."""
        sizes = [f"{len(self.train):,} training"]
        sizes += [f"{len(self.validation):,} validation"] if self.validation is not None else []
        return f"Dataset({self.name}: {', '.join(sizes)}, {len(self.test):,} test {_kind(self.train)})"

    @property
    def event_shape(self) -> tuple[int, ...]:
        """(H, W, C) of an image or (2,) of a point."""
        return self.train.event_shape

    @property
    def levels(self) -> int | None:
        """Number of values that a pixel can have; None for points."""
        return self.train.levels

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes 0, 1, …; () without labels. A class without a name is called by its number."""
        labels = self.train.labels
        if labels is None:
            return ()
        return self.label_names or tuple(map(str, range(int(labels.max()) + 1)))

    @property
    def class_frequencies(self) -> tuple[float, ...]:
        """Share of each class of `classes` in the training split; () without labels."""
        labels = self.train.labels
        if labels is None:
            return ()
        return tuple(float(count) for count in np.bincount(labels, minlength=len(self.classes)) / len(labels))

    @functools.cached_property
    def fingerprint(self) -> str:
        """Hexadecimal digest of the data: other pixels, labels, names of classes or sizes of splits give another."""
        parts = [part for part in (self.train, self.validation, self.test) if part is not None]
        if self.digest is not None:
            digest = hashlib.sha256(self.digest.encode())
        else:
            digest = hashlib.sha256()
            for part in parts:
                add_to_digest(digest, part.examples, part.labels)
        digest.update(repr((self.levels, self.label_names, [part.examples.shape for part in parts])).encode())
        return digest.hexdigest()[:32]

    @property
    def is_images(self) -> bool:
        """True for images, False for points."""
        return isinstance(self.train, ImageSet)


def add_to_digest(digest, examples: np.ndarray | StoredImages, labels: np.ndarray | None) -> None:
    """Update a digest of hashlib by examples and their labels."""
    for chunk in chunks_of(examples):
        digest.update(np.ascontiguousarray(chunk))
    if labels is not None:
        digest.update(np.ascontiguousarray(labels, np.int64))


def _kind(examples: ImageSet | PointSet) -> str:
    if isinstance(examples, ImageSet):
        return f"{_shape(examples)} images of {examples.levels} levels"
    return "points in the plane"


def _shape(examples: ImageSet) -> str:
    return "×".join(map(str, examples.event_shape))


def counted(n: int, one: str, many: str | None = None) -> str:
    """A number and its noun: "1 image", "2 images"."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def _describe(array: object) -> str:
    """Return type and shape of a value, for an error message."""
    if isinstance(array, np.ndarray):
        return f"{array.dtype} {list(array.shape)}"
    return type(array).__name__
