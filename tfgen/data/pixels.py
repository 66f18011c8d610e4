"""Conversion of size and colour, with the same arithmetic for all sources of images."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from PIL import Image, ImageColor

from tfgen.data.sets import ImageSet
from tfgen.data.split import Source
from tfgen.data.stored import StoredImages
from tfgen.errors import DataError


@dataclass(frozen=True)
class Conversion:
    """How a picture becomes an image of the set.

    Attributes:
        size: (height, width) in pixels, or None for the size of the picture.
        color: "grey" for one channel, "rgb" for three, or None as the source is.
        fit: "crop" cuts a picture to the shape of the image, "pad" keeps all of it and fills the rest.
        background: colour behind transparent pixels and of the border of "pad", as Pillow's `ImageColor` reads it.
        white: value of white in 16-bit grey; None for the one that fits each picture.
    """

    size: tuple[int, int] | None = None
    color: Literal["grey", "rgb"] | None = None
    fit: Literal["crop", "pad"] = "crop"
    background: str = "white"
    white: int | None = None

    def resize(self, picture: Image.Image) -> Image.Image:
        """Return a picture (mode L or RGB) in the size of the images."""
        if self.size is None:
            return picture
        if self.fit == "crop":
            return crop_and_resize(picture, *self.size)
        return pad_and_resize(picture, *self.size, fill=background_color(self.background, picture.mode))


def background_color(text: str, mode: str) -> int | tuple[int, ...]:
    """Return a colour in the mode of a picture, L, RGB or RGBA. Raises `DataError` if it is no colour."""
    try:
        return ImageColor.getcolor(text, mode)
    except ValueError:
        raise DataError(f"background: expected the name of a colour or #rrggbb. Received: {text!r}") from None


def crop_and_resize(picture: Image.Image, height: int, width: int) -> Image.Image:
    """Crop a picture (mode L or RGB) to its central part of the shape height : width and resize it by Lanczos."""
    # The largest part of that shape: all rows or all columns.
    if picture.width * height >= picture.height * width:
        rows, columns = picture.height, max(1, picture.height * width // height)
    else:
        rows, columns = max(1, picture.width * height // width), picture.width
    left, top = (picture.width - columns) // 2, (picture.height - rows) // 2
    if (rows, columns) != (picture.height, picture.width):
        picture = picture.crop((left, top, left + columns, top + rows))
    return picture if picture.size == (width, height) else picture.resize((width, height), Image.Resampling.LANCZOS)


def pad_and_resize(picture: Image.Image, height: int, width: int, fill: int | tuple[int, ...]) -> Image.Image:
    """Resize a whole picture by Lanczos so that it fits into height × width, and centre it on a page of one colour."""
    scale = min(height / picture.height, width / picture.width)
    rows, columns = max(1, round(picture.height * scale)), max(1, round(picture.width * scale))
    if (rows, columns) != (picture.height, picture.width):
        picture = picture.resize((columns, rows), Image.Resampling.LANCZOS)
    if (rows, columns) == (height, width):
        return picture
    page = Image.new(picture.mode, (width, height), fill)
    page.paste(picture, ((width - columns) // 2, (height - rows) // 2))
    return page


def convert(source: Source, conversion: Conversion) -> Source:
    """Return the source with its images in another size or colour; None keeps the size or the colour.

    Grey is ITU-R 601 luma, as in Pillow. Conversion to rgb repeats the grey channel. The number of levels does not
    change: the Lanczos filter can exceed the largest level, and such values are clipped.
    """
    test = None if source.test is None else _convert(source.test, conversion)
    pool = _convert(source.pool, conversion)
    return replace(source, pool=pool, test=test, digest=source.digest if pool is source.pool else None)


def _convert(examples: ImageSet, conversion: Conversion) -> ImageSet:
    images, (size, color) = examples.images, (conversion.size, conversion.color)
    channels = images.shape[3]
    resized = size is not None and images.shape[1:3] != size
    recolored = color is not None and channels != {"grey": 1, "rgb": 3}[color]
    if not resized and not recolored:
        return examples
    if isinstance(images, StoredImages):
        raise DataError(
            f"{images.path}: expected no --image-size or --color with an array that is not read into memory. "
            f"Received: {list(images.shape)}"
        )
    if resized:
        assert size is not None
        out = np.empty((len(images), *size, channels), np.uint8)
        for image, target in zip(images, out, strict=True):
            picture = Image.fromarray(image[..., 0] if channels == 1 else image)
            target[...] = np.asarray(conversion.resize(picture)).reshape(target.shape)
        images = np.minimum(out, np.uint8(examples.levels - 1))
    if color == "rgb" and channels == 1:
        images = np.repeat(images, 3, axis=3)
    if color == "grey" and channels == 3:
        # Pillow's integer arithmetic: weights 0.299, 0.587 and 0.114 in units of 2⁻¹⁶, rounded to the nearest level.
        luma = images.astype(np.uint32) @ np.array([19595, 38470, 7471], np.uint32)
        images = ((luma + 0x8000) >> 16).astype(np.uint8)[..., None]
    return ImageSet(images, examples.levels, examples.labels, examples.files)
