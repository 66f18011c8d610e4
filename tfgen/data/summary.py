"""A description of a data set in text."""

from __future__ import annotations

import math

import numpy as np

from tfgen.data.sets import Dataset, ImageSet, PointSet
from tfgen.data.stored import chunks_of

#: With more classes than this, the classes are counted and not listed.
LISTED_CLASSES = 20


def summary(dataset: Dataset) -> list[str]:
    """Describe a data set: name, shape, sizes of the splits, range of the values, and the classes.

    Args:
        dataset: the data set.

    Returns:
        Lines of text without newlines. If there are labels and at most `LISTED_CLASSES` classes, the last lines are a
        table: the name of each class, and its number of training, validation and test examples.

    Example:
        >>> print(*summary(load("digits"))[:5], sep="\\n")
        name        digits
        examples    images of 8×8 pixels, 1 channel, 17 levels (0 to 16)
        splits      1,297 training, 200 validation, 300 test
        values      0 to 16 in the training split, mean 4.89
        classes     10
    """
    splits = {"training": dataset.train, "validation": dataset.validation, "test": dataset.test}
    found = {name: split for name, split in splits.items() if split is not None}
    lines = [
        _line("name", dataset.name),
        _line("examples", _examples(dataset)),
        _line("splits", ", ".join(f"{len(split):,} {name}" for name, split in found.items())),
        _line("values", _values(dataset.train)),
    ]
    if dataset.modes is not None:
        gaussians = f"{len(dataset.modes.centres)} Gaussians of standard deviation {dataset.modes.std:g}"
        lines.append(_line("density", gaussians))
    elif isinstance(dataset.train, PointSet):
        lines.append(_line("density", "not known" if dataset.train.log_prob is None else "known"))
    if dataset.is_images:
        lines += _classes(found, dataset.label_names)
    return lines


def _line(title: str, text: str) -> str:
    return f"{title:<12}{text}"


def _examples(dataset: Dataset) -> str:
    if dataset.levels is None:
        return "points in the plane"
    height, width, channels = dataset.event_shape
    text = f"images of {height}×{width} pixels, {channels} channel{'s' * (channels > 1)}"
    text += f", {dataset.levels} levels (0 to {dataset.levels - 1})"
    return text if dataset.channels_of is None else f"{text}; each channel is an image of {dataset.channels_of}"


def _values(train: ImageSet | PointSet) -> str:
    if isinstance(train, PointSet):
        low, high = train.points.min(axis=0), train.points.max(axis=0)
        axes = (f"{name} from {a:.2f} to {b:.2f}" for name, a, b in zip("xy", low, high, strict=True))
        return f"{', '.join(axes)} in the training split"
    low, high, total = 255, 0, 0
    for chunk in chunks_of(train.images):
        low, high = min(low, int(chunk.min())), max(high, int(chunk.max()))
        total += int(chunk.sum(dtype=np.int64))
    mean = total / math.prod(train.images.shape)
    return f"{low} to {high} in the training split, mean {mean:.2f}"


def _classes(splits: dict[str, ImageSet | PointSet], label_names: tuple[str, ...] | None) -> list[str]:
    """Return the number of classes, and a table with the number of examples of each class in each split."""
    labels = {name: split.labels for name, split in splits.items() if split.labels is not None}
    if not labels:
        return [_line("classes", "no labels")]
    classes = np.unique(np.concatenate([*labels.values()]))
    counts = {name: [int((part == k).sum()) for k in classes] for name, part in labels.items()}
    if len(classes) > LISTED_CLASSES:
        ranges = (f"{min(numbers):,} to {max(numbers):,} {name}" for name, numbers in counts.items())
        return [_line("classes", f"{len(classes):,}, each with {', '.join(ranges)} examples")]
    names = [str(k) if label_names is None else label_names[k] for k in classes]
    width = max(12, *(len(name) + 2 for name in names))
    lines = [_line("classes", str(len(classes))), " " * width + "".join(f"{name:>12}" for name in counts)]
    for name, *numbers in zip(names, *counts.values(), strict=True):
        lines.append(f"{name:<{width}}" + "".join(f"{number:>12,}" for number in numbers))
    return lines
