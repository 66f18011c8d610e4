"""Pictures of images or points in a notebook."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from tfgen.errors import DataError
from tfgen.files import atomic_write
from tfgen.plots import style
from tfgen.plots.grid import enlarged, image_grid, scale_for, to_picture
from tfgen.plots.points import draw_points


class Picture:
    """A picture that a notebook displays.

    Attributes:
        image: the picture as a `PIL.Image.Image`.
    """

    def __init__(self, image: Image.Image) -> None:
        self.image = image

    def save(self, path: str | Path) -> None:
        """Write the picture as PNG. Raises OSError if the file cannot be written."""
        with atomic_write(path) as temporary:
            temporary.write_bytes(self._repr_png_())

    def _repr_png_(self) -> bytes:
        """Return the content of a PNG file. Jupyter calls this method to display the object."""
        file = io.BytesIO()
        self.image.save(file, format="PNG")
        return file.getvalue()

    def __repr__(self) -> str:
        return f"Picture({self.image.width}×{self.image.height} pixels; a notebook displays it, save(path) writes it)"


def show(images, columns: int | None = None) -> Picture:
    """Draw images as a grid, or points as a scatter plot, for display in a notebook.

    Small images are enlarged by nearest neighbour, so that every pixel stays a sharp square.

    Args:
        images: one of

            - floats [n, H, W, C] or [H, W, C] in [0, 1], C = 1 or 3, as a model's `sample` returns them,
            - bytes (uint8) of these shapes, 0 to 255,
            - points [n, 2],
            - a set of `tfgen.load_data(…)`, such as its `test`. The first 100 images or all points are drawn.
        columns: images per row. None: ⌈√n⌉. Not used for points.

    Raises:
        DataError: if the array has another shape or type, or values that are not finite or outside of their range.

    Example:
        >>> picture = tfgen.show(model.sample(16))
        >>> picture.save("samples.png")
    """
    if hasattr(images, "examples") and hasattr(images, "levels"):
        levels = images.levels
        images = images.examples if levels is None else images.examples[:100] / np.float32(levels - 1)
    array = np.asarray(images)
    if array.ndim == 2:
        return Picture(style.picture(draw_points(array, label="points")))
    if array.ndim == 3:
        array = array[None]
    if array.ndim != 4:
        raise DataError(
            "Expected images of shape [n, H, W, C] or [H, W, C], or points of shape [n, 2]. "
            f"Received: {array.dtype} {list(array.shape)}"
        )
    if array.dtype == np.uint8:
        array = array / np.float32(255)
    if columns is not None and columns < 1:
        raise DataError(f"Expected at least 1 column. Received: columns={columns}")
    grid = image_grid(array, columns)
    return Picture(to_picture(enlarged(grid, scale_for(grid))))
