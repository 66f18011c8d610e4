"""Conversion of size and colour, with the same arithmetic for all sources of images."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
from PIL import Image

from tfgen.data.sets import ImageSet
from tfgen.data.split import Source


def crop_and_resize(picture: Image.Image, size: int) -> Image.Image:
    """Crop a picture (mode L or RGB) to its central square and resize it to `size` × `size` with a Lanczos filter."""
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    picture = picture.crop((left, top, left + side, top + side))
    return picture if side == size else picture.resize((size, size), Image.Resampling.LANCZOS)


def convert(source: Source, image_size: int | None, color: Literal["grey", "rgb"] | None) -> Source:
    """Return the source with its images in another size or colour; None keeps the size or the colour.

    Grey is ITU-R 601 luma, as in Pillow. Conversion to rgb repeats the grey channel. The number of levels does not
    change: the Lanczos filter can exceed the largest level, and such values are clipped.
    """
    test = None if source.test is None else _convert(source.test, image_size, color)
    return replace(source, pool=_convert(source.pool, image_size, color), test=test)


def _convert(examples: ImageSet, image_size: int | None, color: Literal["grey", "rgb"] | None) -> ImageSet:
    images = examples.images
    if image_size is not None and images.shape[1:3] != (image_size, image_size):
        resized = np.empty((len(images), image_size, image_size, images.shape[3]), np.uint8)
        for image, out in zip(images, resized, strict=True):
            picture = Image.fromarray(image[..., 0] if images.shape[3] == 1 else image)
            out[...] = np.asarray(crop_and_resize(picture, image_size)).reshape(out.shape)
        images = np.minimum(resized, np.uint8(examples.levels - 1))
    if color == "rgb" and images.shape[3] == 1:
        images = np.repeat(images, 3, axis=3)
    if color == "grey" and images.shape[3] == 3:
        # Pillow's integer arithmetic: weights 0.299, 0.587 and 0.114 in units of 2⁻¹⁶, rounded to the nearest level.
        luma = images.astype(np.uint32) @ np.array([19595, 38470, 7471], np.uint32)
        images = ((luma + 0x8000) >> 16).astype(np.uint8)[..., None]
    return ImageSet(images, examples.levels, examples.labels)
