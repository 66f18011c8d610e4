"""New pictures for a trained model: a file, folder or archive becomes named images of the model's shape."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tfgen.errors import DataError
from tfgen.files import user_path

if TYPE_CHECKING:
    from tfgen.data.files.picture_files import PictureFiles
    from tfgen.data.pixels import Conversion
    from tfgen.models.contract import GenerativeModel


@dataclass(frozen=True, eq=False)
class Pictures:
    """Images with the names of their files.

    Attributes:
        images: uint8 [n, H, W, C] with the model's shape and levels.
        names: name of each file inside the source, or the position in an array.
        classes: name of the class of each picture, from the sub-folders; None if there are none.
        skipped: (file, reason) of each broken picture that was left out.
    """

    images: np.ndarray
    names: tuple[str, ...]
    classes: tuple[str, ...] | None = None
    skipped: tuple[tuple[str, str], ...] = ()

    @property
    def note(self) -> str:
        """A sentence about the pictures that were left out; empty if there are none."""
        if not self.skipped:
            return ""
        file, reason = self.skipped[0]
        return f"Left out: {len(self.skipped):,} broken, for example {file}: {reason}."


def read_pictures(source: str | Path, model: "GenerativeModel", skip_broken: bool = False) -> Pictures:
    """Read pictures in the shape and levels of a model.

    Picture files are cropped to the shape of the model's images and resized, as `tfgen train --image-size` does.

    Args:
        source: a picture file; a folder, .zip or .tar of pictures; an .npz or .npy of images of the model's shape; or
            the name of a data set, whose test images are taken.
        model: a model of images.
        skip_broken: leave out pictures of a folder or archive that cannot be read.

    Raises:
        DataError: if the model is of points, there is no such source, a picture cannot be read, or an array has another
            shape.
    """
    from tfgen.data import NAMES, load
    from tfgen.data.files import find_files

    if not model.is_image:
        raise DataError(f"Expected a model of images. Received: one of points of shape {list(model.event_shape)}")
    path = user_path(source)
    if str(source) in NAMES:
        test = load(str(source)).test
        return _of_array(np.asarray(test.examples), model, str(source))
    if not path.exists():
        raise DataError(f"Expected a picture, a folder or archive of pictures, or an .npz. There is no file {path}")
    if path.suffix.lower() in (".npz", ".npy"):
        return _of_array(_array(path), model, str(path))
    if (files := find_files(path)) is not None:
        return _of_files(files, model, skip_broken)
    if not path.is_file():
        raise DataError(f"{path}: expected a file or a folder. Received: a pipe, a socket or a device")
    from tfgen.data.picture import decode

    return Pictures(_as_levels(decode(path, _conversion(model), path.name)[None], model.levels), (path.name,))


def _of_files(files: "PictureFiles", model: "GenerativeModel", skip_broken: bool) -> Pictures:
    """Read the pictures of a folder or archive."""
    from tfgen.data.decoding import decode_all, plan
    from tfgen.data.layout import layout_of
    from tfgen.data.pictures import list_files

    try:
        skipped = list_files(files, skip_broken)
        layout = layout_of(files.names, files.where, files.roles)
        planned = plan(files, layout.order, _conversion(model), skip_broken)
        chunks: list[np.ndarray] = []
        decoded = decode_all(files, planned, skip_broken, chunks.append)
    finally:
        files.close()
    rows = decoded.rows.tolist()
    classes = None
    if layout.labels is not None and layout.label_names is not None:
        class_of = dict(zip(layout.order.tolist(), layout.labels.tolist(), strict=True))
        classes = tuple(layout.label_names[class_of[row]] for row in rows)
    images = _as_levels(np.concatenate(chunks), model.levels)
    return Pictures(images, tuple(files.names[row] for row in rows), classes, (*skipped, *decoded.skipped))


def _conversion(model: "GenerativeModel") -> "Conversion":
    from tfgen.data.pixels import Conversion

    height, width, channels = model.event_shape
    return Conversion((height, width), "grey" if channels == 1 else "rgb")


def _as_levels(pixels: np.ndarray, levels: int) -> np.ndarray:
    """Round 8-bit pixels to the levels of a model."""
    return pixels if levels == 256 else np.round(pixels * ((levels - 1) / 255.0)).astype(np.uint8)


def _array(path: Path) -> np.ndarray:
    """Return the images of an .npy, or the array "images" or "x_test" of an .npz."""
    from tfgen.data.arrays import read_arrays, reason
    from tfgen.data.memory import check_memory
    from tfgen.data.stored import StoredImages

    if path.suffix.lower() == ".npy":
        try:
            stored = StoredImages.from_npy(path)
        except Exception as error:  # a damaged header can raise almost any error
            raise DataError(f"{path}: expected an array file of NumPy. Received: {reason(error)}") from None
        check_memory(stored.nbytes, str(path), "A file with fewer images takes less")
        return stored[:]
    arrays, names = read_arrays(path, ("images", "x_test"))
    if not arrays:
        raise DataError(
            f"{path}: expected an array called images or x_test. Received: {', '.join(names) or 'no arrays'}"
        )
    return arrays["images" if "images" in arrays else "x_test"]


def _of_array(images: np.ndarray, model: "GenerativeModel", where: str) -> Pictures:
    if images.ndim == 3:
        images = images[..., None]
    shape = list(model.event_shape)
    if images.dtype != np.uint8 or list(images.shape[1:]) != shape or not len(images):
        raise DataError(
            f"{where}: expected uint8 images of shape {['n', *shape]}. Received: {images.dtype} {list(images.shape)}"
        )
    if int(images.max()) >= model.levels:
        raise DataError(
            f"{where}: expected pixels of {model.levels} levels, as the model was trained with. Received: a pixel of "
            f"{int(images.max())}"
        )
    return Pictures(images, tuple(map(str, range(len(images)))))
