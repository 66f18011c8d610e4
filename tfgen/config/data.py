"""The options of the data set."""

from typing import Annotated, Any, Literal

from pydantic import field_validator, model_validator

from tfgen.config.image_size import checked_size
from tfgen.config.option import Bounds, option
from tfgen.config.schema import Options
from tfgen.errors import ConfigError

#: Names of the data sets of two-dimensional points, as in `tfgen.data`, which is a floor above this one.
POINT_DATA = ("bimodal", "moons", "checkerboard", "rings", "ring8", "grid25")


def is_point_data(name: str) -> bool:
    """Whether a data set consists of points and not of images."""
    return name in POINT_DATA


class DataConfig(Options):
    """The data set, and the part of it that is used."""

    data: str = option(
        "digits",
        "Data set: digits, mnist, fashion_mnist, kmnist, emnist, cifar10, cifar100 or stacked_mnist (images); bimodal, "
        "moons, checkerboard, rings, ring8 or grid25 (2-D points); the path of a folder, a .zip or a .tar of pictures, "
        "of WebDataset shards (name-{000..003}.tar), or of an .npz or .npy file; tfds:NAME or hf:NAME",
    )
    data_dir: str | None = option(
        None,
        "Folder with the files of mnist, fashion_mnist, kmnist, emnist, cifar10, cifar100 or stacked_mnist, or of "
        "tfds:NAME",
        default_text="$TFGEN_DATA, else Keras downloads them",
    )
    split: Literal["tutorial"] | None = option(
        None,
        "Named split of mnist and fashion_mnist; tutorial takes the first 45,000 images for training and the next "
        "5,000 for validation",
        default_text="as the data set is split",
    )
    image_size: int | str | None = option(
        None,
        "Size of the images: N for N×N pixels, or HxW for H rows of W pixels, such as 48x64, 4 to 1024 a side. Each "
        "picture is resized as --fit says",
        default_text="the size of the files",
        metavar="SIZE",
    )
    fit: Literal["crop", "pad"] = option(
        "crop",
        "With --image-size: crop cuts a picture to the shape of the images, pad keeps all of it and fills the rest "
        "with --background",
    )
    background: str = option(
        "white",
        "Colour behind transparent pixels and of the border of --fit pad: a name as in CSS or #rrggbb",
        metavar="COLOR",
    )
    color: Literal["grey", "rgb"] | None = option(
        None, "Convert all pictures to grey or to RGB", default_text="as the files are"
    )
    labels: str | None = option(
        None,
        "CSV file with the columns file and label, the class of each picture",
        default_text="the sub-folders, or the labels in the file of the data",
        metavar="FILE",
    )
    skip_broken: bool = option(False, "Leave out pictures that cannot be read; without it, the first one is an error")
    cache: bool = option(
        True, "Keep decoded pictures in the cache folder of the user, so that the next start does not decode them again"
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

    clusters: Annotated[int, Bounds(low=2, limit=1000)] | None = option(
        None,
        "With --conditional: group the pictures into N clusters of similar pictures and take the cluster as the class, "
        "in place of labels",
        default_text="the labels are the classes",
        metavar="N",
    )

    @field_validator("image_size", mode="before")
    @classmethod
    def _check_image_size(cls, size: Any) -> Any:
        return checked_size(size, 4, 1024)

    @field_validator("background")
    @classmethod
    def _check_background(cls, color: str) -> str:
        if color != "white":
            from PIL import ImageColor

            try:
                ImageColor.getrgb(color)
            except ValueError:
                raise ConfigError(
                    f"background: expected the name of a colour or #rrggbb. Received: {color!r}"
                ) from None
        return color

    @model_validator(mode="after")
    def _clusters_take_the_place_of_labels(self):
        if self.clusters is not None and not self.conditional:
            raise ConfigError("clusters: expected --conditional beside it. Received: no --conditional")
        if self.clusters is not None and self.labels is not None:
            raise ConfigError(f"labels, clusters: expected one of them. Received: {self.labels} and {self.clusters}")
        return self
