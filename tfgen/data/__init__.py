"""Data sets of images and of points, each in a fixed split.

Importing this package loads neither TensorFlow nor NumPy, so that `--help` can list the names at once. The types live
in `tfgen.data.sets`, batches in `tfgen.data.batches`.
"""

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

__all__ = ["IMAGE_NAMES", "NAMES", "POINT_NAMES", "load"]


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
    """Load a data set in its split.

    | name | examples | training / validation / test |
    |---|---|---|
    | digits | 8×8×1, 17 levels | 1,297 / 200 / 300 |
    | mnist, fashion_mnist | 28×28×1, 256 levels | 55,000 / 5,000 / 10,000 |
    | stacked_mnist | 28×28×3, 256 levels: three digits of mnist | 128,000 / 2,000 / 26,000 |
    | bimodal, moons, checkerboard, rings, ring8, grid25 | points of the plane | 10,000 / 2,000 / 10,000 |
    | path of a folder of pictures | H×W×1 or H×W×3, 256 levels | 80 % / 10 % / 10 %, or its own |
    | path of an .npz | H×W×1 or H×W×3 | 80 % / 10 % / 10 %, or its own |

    Args:
        name: one of `NAMES`, or a path. A name goes before a path of the same spelling: write `./digits` for a folder.
        data_dir: for mnist, fashion_mnist and stacked_mnist, the folder of the idx files; see
            `tfgen.data.idx.load_mnist`.
        image_size: crop images to their central square and resize it to this many pixels a side. None keeps the size.
        color: "grey" or "rgb" converts images; None keeps them as they are.
        train_size: train on this many of the training examples, the first ones. None for all that validation leaves.
        validation_size: validate on this many, those that follow. None for the table's; 0 for no validation split.
        seed: draws the points of a toy density, the digits of stacked_mnist, and the split of a folder or .npz that
            comes without one. The other splits never change. Keep it apart from the seed of the training: runs that
            are to be compared need one test split.

    Returns:
        The data set. `validation` is None where its size is 0.

    Raises:
        DataError: if the name is unknown, the data is missing or damaged, or an argument does not fit it.

    Example:
        >>> practical = load("mnist", train_size=45000, validation_size=5000)
        >>> len(practical.train), practical.event_shape, practical.levels
        (45000, (28, 28, 1), 256)
    """
    name = os.fspath(name)
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
    if name in POINT_NAMES:
        if image_size is not None or color is not None:
            raise DataError(f"Expected no image_size or color with {name}, which is made of points, not of images")
        from tfgen.data.toys import load_toy

        return load_toy(name, train_size, validation_size, seed)

    if name == "stacked_mnist":
        if image_size is not None or color is not None:
            raise DataError(f"Expected no image_size or color with {name}, whose colours are digits")
        from tfgen.data.stacked import load_stacked

        return load_stacked(data_dir, train_size, validation_size, seed)

    from tfgen.data.split import split

    return split(_source(name, data_dir, image_size, color, seed), train_size, validation_size)


def _source(
    name: str,
    data_dir: str | os.PathLike[str] | None,
    image_size: int | None,
    color: Literal["grey", "rgb"] | None,
    seed: int,
) -> Source:
    from tfgen.data.pixels import convert

    if name == "digits":
        from tfgen.data.digits import load_digits

        return convert(load_digits(), image_size, color)
    if name in ("mnist", "fashion_mnist"):
        from tfgen.data.idx import load_mnist

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
