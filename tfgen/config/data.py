"""The options of the data set."""

from typing import Annotated, Literal

from tfgen.config.option import Bounds, option
from tfgen.config.schema import Options

#: Names of the data sets of two-dimensional points, as in `tfgen.data`, which is a floor above this one.
POINT_DATA = ("bimodal", "moons", "checkerboard", "rings", "ring8", "grid25")


def is_point_data(name: str) -> bool:
    """Whether a data set consists of points and not of images."""
    return name in POINT_DATA


class DataConfig(Options):
    """The data set, and the part of it that is used."""

    data: str = option(
        "digits",
        "Data set: digits, mnist, fashion_mnist or stacked_mnist (images); bimodal, moons, checkerboard, rings, ring8 "
        "or grid25 (2-D points); the path of a folder of pictures; or the path of an .npz file",
    )
    data_dir: str | None = option(
        None,
        "Folder with the four idx files of mnist, fashion_mnist or stacked_mnist",
        default_text="$TFGEN_DATA, else Keras downloads them",
    )
    image_size: Annotated[int, Bounds(low=4, high=1024)] | None = option(
        None,
        "Folder of pictures: crop each picture to a square and resize the square to N×N pixels",
        default_text="the size of the files",
    )
    color: Literal["grey", "rgb"] | None = option(
        None, "Folder of pictures: convert all pictures to grey or to RGB", default_text="as the files are"
    )
    train_size: Annotated[int, Bounds(low=1, limit=2**31 - 1)] | None = option(
        None, "Number of training examples, taken from the beginning of the data", default_text="all of the split"
    )
    validation_size: Annotated[int, Bounds(low=0, limit=2**31 - 1)] | None = option(
        None,
        "Number of validation examples, taken after the training examples; 0 trains without validation",
        default_text="as the data set is split",
    )
    conditional: bool = option(
        False, "Train a class-conditional model, which learns the distribution of each class from the labels"
    )
