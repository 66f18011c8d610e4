"""The sources of data sets: built-in names, folders of pictures and .npz files."""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tfgen.errors import DataError

if TYPE_CHECKING:
    from tfgen.data.sets import Dataset
    from tfgen.data.split import Source

IMAGE_NAMES = ("digits", "mnist", "fashion_mnist", "stacked_mnist")
POINT_NAMES = ("bimodal", "moons", "checkerboard", "rings", "ring8", "grid25")
NAMES = IMAGE_NAMES + POINT_NAMES


def load(
    name: str | os.PathLike[str],
    *,
    data_dir: str | os.PathLike[str] | None = None,
    image_size: int | None = None,
    color: Literal["grey", "rgb"] | None = None,
    train_size: int | None = None,
    validation_size: int | None = None,
    seed: int = 0,
) -> Dataset:
    """Load a data set, split into training, validation and test examples.

    | name | examples | training / validation / test |
    |---|---|---|
    | digits | 8×8×1, 17 levels | 1,297 / 200 / 300 |
    | mnist, fashion_mnist | 28×28×1, 256 levels | 55,000 / 5,000 / 10,000 |
    | stacked_mnist | 28×28×3, 256 levels: each channel is a digit of mnist | 128,000 / 2,000 / 26,000 |
    | bimodal, moons, checkerboard, rings, ring8, grid25 | points in the plane | 10,000 / 2,000 / 10,000 |
    | path of a folder of pictures | H×W×1 or H×W×3, 256 levels | 80 % / 10 % / 10 %, or the folder's own split |
    | path of an .npz file | H×W×1 or H×W×3 | 80 % / 10 % / 10 %, or the file's own split |

    Args:
        name: one of `NAMES`, or a path. A built-in name has priority over a path of the same spelling: write `./digits`
            for a folder called digits.
        data_dir: for mnist, fashion_mnist and stacked_mnist, the folder of the idx files; see
            `tfgen.data.mnist.load_mnist`.
        image_size: side in pixels. Images are cropped to their central square and resized. None keeps the size.
        color: "grey" or "rgb" converts the images. None keeps their colours.
        train_size: number of training examples: the first ones of those that are available. None takes all that the
            validation split leaves.
        validation_size: number of validation examples: those that follow the training examples. None takes the number
            in the table, 0 makes no validation split.
        seed: seed of the points of a toy density, of the digits of stacked_mnist, and of the split of a folder or .npz
            file that has no split of its own. The other data sets have one split for all seeds. This seed is not the
            seed of the training: runs can be compared only if they share the test split.

    Returns:
        The data set. `validation` is None if its size is 0.

    Raises:
        DataError: if the name is unknown, the data is missing or damaged, or an argument does not fit the data set.

    Example:
        >>> tutorial = load("mnist", train_size=45000, validation_size=5000)
        >>> len(tutorial.train), tutorial.event_shape, tutorial.levels
        (45000, (28, 28, 1), 256)
    """
    name = os.fspath(name)
    _check(name, data_dir, image_size, color)
    if name in POINT_NAMES:
        from tfgen.data.toys import load_toy

        return load_toy(name, train_size, validation_size, seed)
    if name == "stacked_mnist":
        from tfgen.data.stacked import load_stacked

        return load_stacked(data_dir, train_size, validation_size, seed)

    from tfgen.data.split import split

    return split(_source(name, data_dir, image_size, color, seed), train_size, validation_size)


def _check(
    name: str,
    data_dir: str | os.PathLike[str] | None,
    image_size: int | None,
    color: Literal["grey", "rgb"] | None,
) -> None:
    """Raise `DataError` if an argument of `load` is out of range or has no effect on this data set."""
    if image_size is not None and image_size < 1:
        raise DataError(f"Expected an image size of at least 1. Received: image_size={image_size}")
    if color not in (None, "grey", "rgb"):
        raise DataError(f"Expected the colour grey or rgb. Received: color={color!r}")
    if data_dir is not None and name not in ("mnist", "fashion_mnist", "stacked_mnist"):
        raise DataError(
            "Expected data_dir with mnist, fashion_mnist or stacked_mnist only. Received: "
            f"data_dir={os.fspath(data_dir)!r} with {name!r}. To use your own pictures, pass their folder as the name "
            "of the data"
        )
    if image_size is not None or color is not None:
        received = f"Received: image_size={image_size}, color={color}"
        if name in POINT_NAMES:
            raise DataError(
                f"Expected no image_size or color with {name}, which is made of points, not of images. {received}"
            )
        if name == "stacked_mnist":
            raise DataError(f"Expected no image_size or color with {name}, whose colours are digits. {received}")


def _source(
    name: str,
    data_dir: str | os.PathLike[str] | None,
    image_size: int | None,
    color: Literal["grey", "rgb"] | None,
    seed: int,
) -> Source:
    """Read the images of a built-in name, a folder or a file."""
    from tfgen.data.pixels import convert

    if name == "digits":
        from tfgen.data.digits import load_digits

        return convert(load_digits(), image_size, color)
    if name in ("mnist", "fashion_mnist"):
        from tfgen.data.mnist import load_mnist

        return convert(load_mnist(name, data_dir), image_size, color)
    path = Path(name).expanduser()
    if path.is_dir():
        from tfgen.data.folder import load_folder

        return load_folder(path, image_size, color, seed)
    if path.is_file():
        from tfgen.data.npz import load_npz

        return convert(load_npz(path, seed), image_size, color)
    close = difflib.get_close_matches(name, NAMES, n=1)
    suggestion = f" Did you mean {close[0]}?" if close else ""
    raise DataError(
        f"Expected one of {', '.join(NAMES)}, or the path of a folder of pictures or of an .npz. "
        f"Received: {name!r}, which is neither.{suggestion}"
    )
