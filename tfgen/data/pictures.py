"""A data set from picture files: listed, checked, decoded once, and kept in the cache."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel

from tfgen.data import cache as cache_files
from tfgen.data.decoding import Decoded, Plan, Skipped, decode_all, plan
from tfgen.data.files.picture_files import PictureFiles
from tfgen.data.labels import labels_from_csv, labels_from_source
from tfgen.data.layout import Layout, layout_of
from tfgen.data.memory import check_disk, check_memory
from tfgen.data.pixels import Conversion
from tfgen.data.sets import ImageSet, counted
from tfgen.data.split import Source, hold_out, own_split
from tfgen.data.stored import IN_MEMORY_BYTES, StoredImages
from tfgen.errors import DataError
from tfgen.files import user_path

#: Share of images of one colour from which a note is given.
_MANY_PLAIN = 0.5


#: File of an entry of the cache. An entry without metadata does not exist.
METADATA = "metadata.json"


class Metadata(BaseModel):
    """What is known about decoded pictures besides their pixels, labels and names.

    Attributes:
        shape: [N, H, W, C].
        sizes: numbers of training, validation and test images, if the source has a split of its own.
        label_names: names of the classes, or None.
        notes, skipped, digest: as in `tfgen.data.sets.Dataset`.
    """

    shape: tuple[int, int, int, int]
    sizes: tuple[int, int, int] | None
    label_names: tuple[str, ...] | None
    notes: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...]
    digest: str


@dataclass(frozen=True)
class Reading:
    """How picture files are read.

    Attributes:
        conversion: size and colour.
        labels: CSV file of the labels, or None for those of the source.
        skip_broken: leave out pictures that cannot be read; otherwise the first one is an error.
        cache: keep decoded pictures in the cache.
    """

    conversion: Conversion = Conversion()
    labels: str | os.PathLike[str] | None = None
    skip_broken: bool = False
    cache: bool = True


def load_pictures(files: PictureFiles, reading: Reading, seed: int) -> Source:
    """Read pictures as images of 256 levels, split into training, validation and test images.

    `tfgen.data.layout.layout_of` says how folders are understood, `tfgen.data.picture.read_picture` how a picture
    becomes pixels. With the cache, pictures are decoded once, and sets of more than `IN_MEMORY_BYTES` stay in a file.

    Args:
        files: the picture files.
        reading: how they are read.
        seed: seed of the split, if the files have none of their own.

    Raises:
        DataError: if there are no pictures or too few for a split, if a picture cannot be read, or if sizes differ and
            no size is given. The message names the file.
    """
    try:
        if not reading.cache:
            return _in_memory(files, reading, seed)
        folder = cache_files.entry_folder(_signature(files, reading))
        if (entry := _read_entry(folder)) is None:
            with cache_files.writing(folder, lambda: _read_entry(folder) is not None) as made:
                if made is not None:
                    _write(made, files, reading)
            entry = _read_entry(folder)
            assert entry is not None
        return _source(files.name, *entry, seed)
    finally:
        files.close()


def _signature(files: PictureFiles, reading: Reading) -> Any:
    """Everything on which the decoded images depend."""
    conversion = reading.conversion
    labels = None
    if reading.labels is not None:
        path = user_path(reading.labels)
        try:
            labels = path.read_text(encoding="utf-8-sig", errors="replace")
        except OSError as error:
            raise DataError(f"{path}: expected a CSV file with the columns file and label. Received: {error}") from None
    return [
        type(files).__name__,
        files.signature,
        [conversion.size, conversion.color, conversion.fit, conversion.background],
        labels,
        reading.skip_broken,
    ]


def _read_entry(folder: Path) -> tuple[ImageSet, Metadata] | None:
    """Return the images and the metadata of an entry of the cache; None if there is none, or a damaged one."""
    try:
        metadata = Metadata.model_validate_json((folder / METADATA).read_bytes())
        path, shape = folder / "images.bin", tuple(metadata.shape)
        images: np.ndarray | StoredImages = StoredImages(path, shape)
        if images.nbytes <= IN_MEMORY_BYTES:
            images = np.fromfile(path, np.uint8).reshape(shape)
        labels = None if metadata.label_names is None else np.load(folder / "labels.npy")
        return ImageSet(images, 256, labels, np.load(folder / "files.npy")), metadata
    except (OSError, ValueError, EOFError, DataError):
        return None


def _in_memory(files: PictureFiles, reading: Reading, seed: int) -> Source:
    layout, planned = _prepare(files, reading)
    check_memory(planned.nbytes, files.where)
    images = np.empty((len(planned.rows), *planned.shape), np.uint8)
    done = 0

    def write(chunk: np.ndarray) -> None:
        nonlocal done
        images[done : done + len(chunk)] = chunk
        done += len(chunk)

    decoded = decode_all(files, planned, reading.skip_broken, write)
    metadata, labels, names = _described(files, layout, planned, decoded)
    return _source(files.name, ImageSet(images[:done], 256, labels, names), metadata, seed)


def _write(folder: Path, files: PictureFiles, reading: Reading) -> None:
    """Write an entry of the cache."""
    layout, planned = _prepare(files, reading)
    check_disk(planned.nbytes, folder, files.where)
    with (folder / "images.bin").open("wb") as out:
        decoded = decode_all(files, planned, reading.skip_broken, lambda images: out.write(images.data))
    metadata, labels, names = _described(files, layout, planned, decoded)
    np.save(folder / "files.npy", names)
    if labels is not None:
        np.save(folder / "labels.npy", labels)
    (folder / METADATA).write_text(metadata.model_dump_json())


def _prepare(files: PictureFiles, reading: Reading):
    """List the files, understand their folders and labels, and read their headers."""
    skipped = list_files(files, reading.skip_broken)
    layout = _with_labels(layout_of(files.names, files.where, files.roles), files, reading)
    planned = plan(files, layout.order, reading.conversion, reading.skip_broken)
    planned.skipped[:0] = skipped
    return layout, planned


def list_files(files: PictureFiles, skip_broken: bool) -> Skipped:
    """List picture files, and return (file, reason) of those that cannot be opened.

    Raises:
        DataError: if there are no pictures, or one cannot be opened and `skip_broken` is false.
    """
    files.scan()
    if files.unreadable and not skip_broken:
        path, reason = next(iter(files.unreadable.items()))
        raise DataError(
            f"{files.where}/{path}: expected a picture that Pillow reads. Received: {reason}. Convert or remove it, or "
            f"pass --skip-broken to leave out {counted(len(files.unreadable), 'such picture')}"
        )
    return [(f"{files.where}/{path}", reason) for path, reason in files.unreadable.items()]


def _with_labels(layout: Layout, files: PictureFiles, reading: Reading) -> Layout:
    """The layout with the labels of a CSV file or of the source itself, which come before those of the folders."""
    given = labels_from_csv(reading.labels, files) if reading.labels is not None else labels_from_source(files)
    if given is None:
        return layout
    notes = tuple(note for note in layout.notes if "not read as classes" not in note)
    if not isinstance(given, tuple):
        return Layout(layout.order, layout.sizes, None, None, (*notes, "The file dataset.json says: no labels."))
    labels, names = given
    return Layout(layout.order, layout.sizes, labels[layout.order], names, notes)


def _described(
    files: PictureFiles, layout: Layout, planned: Plan, decoded: Decoded
) -> tuple[Metadata, np.ndarray | None, np.ndarray]:
    """Metadata, labels and names of the images that were decoded."""
    # Position in the layout of each image; pictures that were skipped are missing.
    position = np.empty(len(layout.order), np.int64)
    position[layout.order] = np.arange(len(layout.order))
    kept = position[decoded.rows]
    labels = None if layout.labels is None else layout.labels[kept]
    digest = hashlib.sha256(decoded.digest.encode())
    if labels is not None:
        digest.update(labels.tobytes())
    sizes = None
    if layout.sizes is not None:
        first, second, third = np.histogram(kept, np.cumsum([0, *layout.sizes]) - 0.5)[0].tolist()
        sizes = (first, second, third)
        if not sizes[0] or not sizes[2]:
            raise DataError(f"{files.where}: expected pictures for training and test. Received: {sizes}")
    metadata = Metadata(
        shape=(len(kept), *planned.shape),
        sizes=sizes,
        label_names=None if labels is None else tuple(map(_printable, layout.label_names or ())),
        notes=tuple(map(_printable, (*_notes(files, layout, decoded), *planned.notes))),
        skipped=tuple((_printable(file), _printable(reason)) for file, reason in decoded.skipped),
        digest=digest.hexdigest(),
    )
    return metadata, labels, np.array([os.fsencode(files.names[i]) for i in decoded.rows.tolist()])


def _notes(files: PictureFiles, layout: Layout, decoded: Decoded) -> list[str]:
    notes = list(layout.notes)
    left_out = Counter({suffix: count for suffix, count in files.left_out.items() if count > 0})
    if left_out:
        kinds = ", ".join(f"{count:,} {suffix}" for suffix, count in left_out.most_common(5))
        more = ", …" if len(left_out) > 5 else ""
        notes.append(f"Left out: {counted(left_out.total(), 'file')} of other types than pictures ({kinds}{more}).")
    if decoded.skipped:
        file, reason = decoded.skipped[0]
        notes.append(f"Left out: {counted(len(decoded.skipped), 'broken picture')}, for example {file}: {reason}.")
    if decoded.plain > _MANY_PLAIN * len(decoded.rows):
        notes.append(
            f"{decoded.plain:,} of {len(decoded.rows):,} images have one colour only. Drawings in the colour of the "
            "background on a transparent ground need another --background."
        )
    return notes


def _source(name: str, images: ImageSet, metadata: Metadata, seed: int) -> Source:
    """The split of images."""
    if metadata.sizes is None:
        source = hold_out(name, images, metadata.label_names, seed)
    else:
        source = own_split(name, images, metadata.sizes, metadata.label_names, seed)
    return replace(source, notes=metadata.notes, skipped=metadata.skipped, digest=metadata.digest)


def _printable(text: str) -> str:
    """Return a text whose characters can be written in UTF-8, which the names of some files cannot."""
    return text.encode("utf-8", "backslashreplace").decode()
