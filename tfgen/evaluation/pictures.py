"""New pictures for a trained model: a file, folder or archive becomes named images of the model's shape."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tfgen.errors import DataError

if TYPE_CHECKING:
    from tfgen.models.contract import GenerativeModel


@dataclass(frozen=True, eq=False)
class Pictures:
    """Images with the names of their files.

    Attributes:
        images: uint8 [n, H, W, C] with the model's shape and levels.
        names: name of each file inside the source, or the position in an array.
        classes: name of the class of each picture, from the sub-folders; None if there are none.
    """

    images: np.ndarray
    names: tuple[str, ...]
    classes: tuple[str, ...] | None = None


def read_pictures(source: str | Path, model: "GenerativeModel") -> Pictures:
    """Read pictures in the shape and levels of a model.

    Picture files are cropped to the shape of the model's images and resized, as `tfgen train --image-size` does.

    Args:
        source: a picture file; a folder, .zip or .tar of pictures; an .npz or .npy of images of the model's shape; or
            the name of a data set, whose test images are taken.
        model: a model of images.

    Raises:
        DataError: if the model is of points, there is no such source, a picture cannot be read, or an array has another
            shape.
    """
    from tfgen.data import NAMES, load
    from tfgen.data.files import find_files

    if not model.is_image:
        raise DataError(f"Expected a model of images. Received: one of points of shape {list(model.event_shape)}")
    path = Path(source).expanduser()
    if str(source) in NAMES:
        test = load(str(source)).test
        return _of_array(np.asarray(test.examples), model, str(source))
    if not path.exists():
        raise DataError(f"Expected a picture, a folder or archive of pictures, or an .npz. There is no file {path}")
    if path.suffix.lower() in (".npz", ".npy"):
        return _of_array(_array(path), model, str(path))
    if (files := find_files(path)) is not None:
        return _of_files(files, model)
    return Pictures(_read(path, path.name, model)[None], (path.name,))


def _of_files(files, model: "GenerativeModel") -> Pictures:
    """Read the pictures of a folder or archive."""
    from tfgen.data.layout import layout_of

    try:
        files.scan()
        files.check_not_empty()
        images = np.empty((len(files.names), *model.event_shape), np.uint8)
        for index in range(len(images)):
            with files.open(index) as file:
                images[index] = _read(file, files.full_name(index), model)
        layout = layout_of(files.names, files.where, files.roles)
    finally:
        files.close()
    names = tuple(files.names[index] for index in layout.order)
    classes = None
    if layout.labels is not None and layout.label_names is not None:
        classes = tuple(layout.label_names[label] for label in layout.labels)
    return Pictures(images[layout.order], names, classes)


def _read(file, name: str, model: "GenerativeModel") -> np.ndarray:
    """Read one picture in the model's shape and levels."""
    from tfgen.data.picture import read_picture

    height, width, channels = model.event_shape
    pixels = read_picture(file, (height, width), "grey" if channels == 1 else "rgb", name=name)
    if model.levels == 256:
        return pixels
    return np.round(pixels * ((model.levels - 1) / 255.0)).astype(np.uint8)


def _array(path: Path) -> np.ndarray:
    """Return the images of an .npy, or the array "images" or "x_test" of an .npz."""
    try:
        content = np.load(path, allow_pickle=False)
        if isinstance(content, np.ndarray):
            return content
        with content:
            for name in ("images", "x_test"):
                if name in content:
                    return content[name]
    except (OSError, ValueError, EOFError, KeyError) as error:
        raise DataError(f"{path}: expected an array file of NumPy. Received: {error}") from None
    raise DataError(f"{path}: expected an array called images or x_test. Received: others")


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
