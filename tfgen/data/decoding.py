"""From picture files to images of one size: headers first, then pixels."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tfgen.data.files.picture_files import PictureFiles
from tfgen.data.parallel import CHUNK, in_chunks
from tfgen.data.picture import Header, decode, read_header, white_of
from tfgen.data.pixels import Conversion
from tfgen.errors import DataError

#: Bytes of the images of one task, of which several are in memory.
CHUNK_BYTES = 2**23

Skipped = list[tuple[str, str]]


@dataclass(frozen=True, eq=False)
class Plan:
    """What the headers of N pictures say, and how they become images.

    Attributes:
        rows: positions of the pictures that can be read.
        shape: [H, W, C] of an image.
        conversion: with a colour.
        skipped: (file, reason) of pictures that cannot be read.
        notes: sentences about what was understood and may surprise.
    """

    rows: np.ndarray
    shape: tuple[int, int, int]
    conversion: Conversion
    skipped: Skipped
    notes: tuple[str, ...] = ()

    @property
    def nbytes(self) -> int:
        """Bytes of all images."""
        return len(self.rows) * int(np.prod(self.shape))


def read_headers(files: PictureFiles, rows: np.ndarray) -> Iterator[Header | DataError]:
    """Yield the header of each picture, or the error that it gives, in the order of `rows`."""

    def work(positions: range) -> list[Header | DataError]:
        found: list[Header | DataError] = []
        for position in positions:
            index = int(rows[position])
            try:
                with files.open(index) as file:
                    found.append(read_header(file, files.full_name(index)))
            except (DataError, OSError) as error:  # OSError: of the source itself
                found.append(_as_data_error(error, files.full_name(index)))
        return found

    for chunk in in_chunks(work, len(rows), "reading headers"):
        yield from chunk


def plan(files: PictureFiles, rows: np.ndarray, conversion: Conversion, skip_broken: bool) -> Plan:
    """Read the headers of pictures, and refuse pictures that do not make a set before any is decoded.

    Args:
        files: the picture files.
        rows: positions of the pictures in `files`.
        conversion: the user's choices.
        skip_broken: leave out pictures that cannot be read.

    Raises:
        DataError: on a picture that cannot be read, or pictures of different sizes without a size to convert them to.
            The message names the file.
    """
    good, skipped, sizes = [], [], Counter[tuple[int, int]]()
    first: dict[tuple[int, int], int] = {}
    any_color, largest = False, 0
    for index, header in zip(rows.tolist(), read_headers(files, rows), strict=True):
        if isinstance(header, DataError):
            if not skip_broken:
                raise _with_hint(header)
            skipped.append((files.full_name(index), _reason(header, files.full_name(index))))
            continue
        good.append(index)
        any_color |= header.is_color
        largest = max(largest, header.largest)
        size = header.height, header.width
        sizes[size] += 1
        first.setdefault(size, index)
    if not good:
        raise DataError(f"{files.where}: expected a picture that can be read. Received: {len(skipped)} broken ones")
    if conversion.size is None and len(sizes) > 1:
        (usual, number), *_ = sizes.most_common(1)
        other = next(size for size in first if size != usual)
        smallest = min(min(size) for size in sizes)
        raise DataError(
            f"{files.full_name(first[other])}: expected a picture of {usual[1]}×{usual[0]} pixels like "
            f"{files.full_name(first[usual])}. Received: {other[1]}×{other[0]}. {number:,} of {len(good):,} pictures "
            f"have that size, the others {len(sizes) - 1:,} other sizes. Pass --image-size N (the shortest side is "
            f"{smallest}) to resize all pictures to one size"
        )
    height, width = conversion.size or next(iter(sizes))
    color = conversion.color or ("rgb" if any_color else "grey")
    # One value of white for all pictures, so that a dark picture stays darker than a bright one.
    chosen = replace(conversion, color=color, white=white_of(largest))
    notes: tuple[str, ...] = ()
    if largest and chosen.white != 2**16 - 1:
        notes = (f"Pictures of 16 bits have values up to {largest:,}. White is the value {chosen.white:,}.",)
    return Plan(np.array(good), (height, width, 3 if color == "rgb" else 1), chosen, skipped, notes)


@dataclass(eq=False)
class Decoded:
    """What is known about images after they were decoded.

    Attributes:
        rows: positions of the pictures that became images.
        skipped: (file, reason) of all pictures that did not.
        plain: number of images whose pixels all have one value.
        digest: hexadecimal SHA-256 of all pixels.
    """

    rows: np.ndarray
    skipped: Skipped
    plain: int
    digest: str


def decode_all(files: PictureFiles, planned: Plan, skip_broken: bool, write: Callable[[np.ndarray], Any]) -> Decoded:
    """Decode pictures in several threads.

    Args:
        files: the picture files.
        planned: see `plan`.
        skip_broken: leave out pictures that cannot be decoded.
        write: called with consecutive images, uint8 [n, H, W, C].

    Raises:
        DataError: on a picture that cannot be decoded. The message names the file.
    """

    def work(positions: range) -> tuple[np.ndarray, list[int], list[DataError]]:
        images = np.empty((len(positions), *planned.shape), np.uint8)
        good: list[int] = []
        errors = []
        for position in positions:
            index = int(planned.rows[position])
            try:
                with files.open(index) as file:
                    pixels = decode(file, planned.conversion, files.full_name(index))
                if pixels.shape != planned.shape:
                    raise DataError(
                        f"{files.full_name(index)}: expected {planned.shape[1]}×{planned.shape[0]} pixels as its "
                        f"header says. Received: {pixels.shape[1]}×{pixels.shape[0]}"
                    )
                images[len(good)] = pixels
                good.append(index)
            except (DataError, OSError) as error:
                errors.append(_as_data_error(error, files.full_name(index)))
                if not skip_broken:
                    break
        return images[: len(good)], good, errors

    rows: list[int] = []
    skipped = list(planned.skipped)
    plain, digest = 0, hashlib.sha256()
    size = max(1, min(CHUNK, CHUNK_BYTES // int(np.prod(planned.shape))))
    for images, good, errors in in_chunks(work, len(planned.rows), "decoding pictures", size):
        if errors and not skip_broken:
            raise _with_hint(errors[0])
        skipped += [_file_and_reason(error) for error in errors]
        rows += good
        plain += int((images == images[:, :1, :1]).all(axis=(1, 2, 3)).sum())
        digest.update(images.data)
        write(images)
    if not rows:
        raise DataError(f"{files.where}: expected a picture that can be read. Received: {len(skipped)} broken ones")
    return Decoded(np.array(rows), skipped, plain, digest.hexdigest())


def _as_data_error(error: DataError | OSError, name: str) -> DataError:
    if isinstance(error, DataError):
        return error
    return DataError(f"{name}: expected a readable picture. Received: {error.strerror or error}")


def _with_hint(error: DataError | OSError) -> DataError:
    """The error about a broken picture, with the option that leaves such pictures out."""
    return DataError(f"{error}. --skip-broken leaves out pictures that cannot be read")


def _reason(error: DataError, name: str) -> str:
    return str(error).removeprefix(f"{name}: ")


def _file_and_reason(error: DataError) -> tuple[str, str]:
    name, _, reason = str(error).partition(": ")
    return name, reason
