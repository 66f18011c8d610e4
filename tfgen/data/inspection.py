"""What picture files are like before they are read, and what a data set repeats."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from dataclasses import dataclass

import numpy as np

from tfgen.data.decoding import read_headers
from tfgen.data.files.picture_files import PictureFiles
from tfgen.data.sets import Dataset, ImageSet, counted
from tfgen.data.stored import chunks_of
from tfgen.errors import DataError


@dataclass(frozen=True, eq=False)
class Inspection:
    """What the headers of picture files say.

    Attributes:
        pictures: number of files of pictures.
        sizes: (height, width) → number of pictures.
        modes: Pillow's mode → number of pictures.
        transparent: number of pictures that declare transparent pixels.
        broken: errors of pictures whose header cannot be read, and of formats that are not read.
        left_out: suffix → number of files that are no pictures.
    """

    pictures: int
    sizes: Counter[tuple[int, int]]
    modes: Counter[str]
    transparent: int
    broken: list[str]
    left_out: Counter[str]

    @property
    def usual_size(self) -> tuple[int, int] | None:
        """The most frequent (height, width); None if no header can be read."""
        return self.sizes.most_common(1)[0][0] if self.sizes else None


def inspect(files: PictureFiles) -> Inspection:
    """List picture files and read their headers."""
    files.scan()
    sizes, modes = Counter[tuple[int, int]](), Counter[str]()
    transparent, broken = 0, [f"{files.where}/{path}: {reason}" for path, reason in files.unreadable.items()]
    for header in read_headers(files, np.arange(len(files.names))):
        if isinstance(header, DataError):
            broken.append(str(header))
            continue
        sizes[header.height, header.width] += 1
        modes[header.mode] += 1
        transparent += header.has_transparency
    return Inspection(
        len(files.names) + len(files.unreadable), sizes, modes, transparent, broken, Counter(files.left_out)
    )


def describe(found: Inspection) -> list[str]:
    """The lines of `tfgen data show` about picture files."""
    lines = [_line("files", counted(found.pictures, "picture"))]
    if found.left_out:
        lines.append(_line("left out", left_out_text(found)))
    lines.append(_line("sizes", sizes_text(found)))
    lines.append(_line("modes", modes_text(found)))
    if found.broken:
        lines.append(_line("broken", f"{len(found.broken):,}"))
        lines += [f"  {error}" for error in found.broken[:10]]
        lines += [f"  and {len(found.broken) - 10:,} more"] if len(found.broken) > 10 else []
    return lines


def left_out_text(found: Inspection) -> str:
    """Return the number of files that are no pictures, and their most frequent types."""
    kinds = ", ".join(f"{count:,} {suffix}" for suffix, count in found.left_out.most_common(8))
    return f"{counted(found.left_out.total(), 'file')} of other types than pictures: {kinds}"


def sizes_text(found: Inspection) -> str:
    """Return the most frequent sizes of the pictures, and the range of the sizes if there are many."""
    common = ", ".join(f"{height}×{width} ({count:,})" for (height, width), count in found.sizes.most_common(4))
    if len(found.sizes) > 4:
        sides = np.array(list(found.sizes))
        low, high = sides.min(axis=0), sides.max(axis=0)
        common = (
            f"{len(found.sizes):,} sizes, {low[0]} to {high[0]} rows and {low[1]} to {high[1]} columns; most often "
            f"{common}"
        )
    return f"{common or 'none'} (rows × columns)"


def modes_text(found: Inspection) -> str:
    """Return Pillow's modes of the pictures, and the number of pictures that may be transparent."""
    modes = ", ".join(f"{mode} ({count:,})" for mode, count in found.modes.most_common())
    transparent = f"; {found.transparent:,} may have transparent pixels" if found.transparent else ""
    return f"{modes or 'none'}{transparent}"


@dataclass(frozen=True)
class Duplicates:
    """Images of a data set that are equal in every pixel to an earlier one.

    Attributes:
        repeated: number of such images.
        example: such an image and the earlier one, each by its file or its position; None if there is none.
        leaked: "validation" or "test" → number of its images that equal a training image.
    """

    repeated: int
    example: tuple[str, str] | None
    leaked: Counter[str]


def find_duplicates(dataset: Dataset) -> Duplicates:
    """Compare all images of a data set, in the order training, validation, test."""
    parts = {"training": dataset.train, "validation": dataset.validation, "test": dataset.test}
    seen: dict[bytes, str] = {}
    of_training: set[bytes] = set()
    repeated, leaked, example = 0, Counter[str](), None
    for name, part in parts.items():
        if not isinstance(part, ImageSet):
            continue
        position = 0
        for chunk in chunks_of(part.images):
            for image in np.ascontiguousarray(chunk):
                digest = hashlib.blake2b(image, digest_size=16).digest()
                label = _label(part, position, name)
                position += 1
                if digest in seen:
                    repeated += 1
                    example = example or (label, seen[digest])
                    leaked[name] += digest in of_training and name != "training"
                else:
                    seen[digest] = label
                if name == "training":
                    of_training.add(digest)
    return Duplicates(repeated, example, +leaked)


def describe_duplicates(dataset: Dataset) -> list[str]:
    """The lines of `tfgen data show` about images that are equal in every pixel."""
    found = find_duplicates(dataset)
    if found.example is None:
        return [_line("duplicates", "none")]
    first, second = found.example
    repeated = counted(found.repeated, "image")
    lines = [_line("duplicates", f"{repeated} equal to an earlier one, for example {first} and {second}")]
    if found.leaked:
        lines.append(_line("", leaked_text(found)))
    return lines


def leaked_text(found: Duplicates) -> str:
    """Return how many of the duplicates equal a training image."""
    counts = " and ".join(f"{count:,} {name}" for name, count in found.leaked.items())
    return f"{counts} images of these equal a training image"


def _label(part: ImageSet, position: int, name: str) -> str:
    """The file of an image, or its position in the split."""
    if part.files is None:
        return f"{name} image {position}"
    return os.fsdecode(bytes(part.files[position]))


def _line(title: str, text: str) -> str:
    return f"{title:<12}{text}"
