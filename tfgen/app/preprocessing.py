"""Pictures that come in, uploaded or drawn, as a model sees them."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageOps

from tfgen.data.folder import read_picture
from tfgen.errors import DataError

if TYPE_CHECKING:
    from tfgen.models.contract import GenerativeModel
    from tfgen.runs.run import Run

#: Share of a picture's side that MNIST's digits fill: they were fitted into 20 of 28 pixels.
FILLED = 20 / 28
#: Ink is what differs from the paper by more than this share of the range.
INK = 0.15
#: Sides of larger pictures are made this long before anything else.
LARGEST = 1024


def as_example(upload: dict[str, Any] | None, model: "GenerativeModel", fit: bool) -> np.ndarray:
    """A picture that came in, as an example of a model.

    Args:
        upload: what `components.upload` or `components.pad` passes on, the path and own name of a file; a path of None
            for one that was never uploaded.
        model: one of images.
        fit: cut out, centre and, if it is dark on light, invert the picture as MNIST's digits are (`fitted`); only for
            models of grey images.

    Returns:
        float32 [1, H, W, C] in [0, 1].

    Raises:
        DataError: if there is none, or no picture that can be read.
    """
    if upload is None:
        raise DataError("Expected a picture. Received: none yet; draw or upload one")
    path, name = upload["path"], upload.get("name") or "the picture"
    height, width, channels = model.event_shape
    if path is None:
        raise DataError(f"{name}: expected an uploaded file. Received: none of that name")
    try:
        pixels = read_picture(Path(path), None, "grey" if channels == 1 else "rgb")
    except DataError as error:
        # The path is Gradio's; whoever sent the picture knows it by its own name.
        raise DataError(str(error).replace(str(path), str(name))) from None
    picture = Image.fromarray(pixels[..., 0] if channels == 1 else pixels)
    # What follows costs as much as its square has pixels, however flat it is.
    picture.thumbnail((LARGEST, LARGEST), Image.Resampling.BOX)
    if fit and channels == 1:
        # Where a digit has eight pixels, it fills them.
        filled = FILLED if min(height, width) >= 16 else 1.0
        picture = Image.fromarray(fitted(np.asarray(picture), name, filled))
    # Not Lanczos, whose overshoot would leave the ghost of a stroke on paper that is 0 in all of the data.
    resized = ImageOps.fit(picture, (width, height), Image.Resampling.BILINEAR)
    return np.asarray(resized, np.float32).reshape(1, height, width, channels) / 255.0


def fitted(grey: np.ndarray, name: str = "the picture", filled: float = FILLED) -> np.ndarray:
    """Light ink on black, its bounding box scaled into the middle of a square and moved to its centre of mass.

    Args:
        grey: uint8 [H, W], ink on paper, either of them the lighter one; paper is what the border shows.
        name: for the error.
        filled: side of the ink's bounding box as a share of the square's.

    Returns:
        uint8 [S, S].

    Raises:
        DataError: if there is no ink.

    Source: LeCun, Cortes, Burges: the MNIST database, on how its digits were made of NIST's.
    """
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    paper = float(np.median(border))
    ink = np.abs(grey.astype(np.float64) - paper)
    ink[ink < INK * 255.0] = 0.0
    if not ink.any():
        raise DataError(f"{name}: expected something drawn. Received: an empty page")
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] * (255.0 / ink.max())
    side = round(max(ink.shape) / filled)
    mass = ink.sum()
    # The centre of mass goes to the middle, as far as the box stays inside.
    top, left = (
        int(np.clip(round(side / 2 - (positions * ink.sum(axis=1 - axis)).sum() / mass), 0, side - ink.shape[axis]))
        for axis, positions in enumerate((np.arange(ink.shape[0]) + 0.5, np.arange(ink.shape[1]) + 0.5))
    )
    page = np.zeros((side, side), np.uint8)
    page[top : top + ink.shape[0], left : left + ink.shape[1]] = np.round(ink)
    return page


def looks_like_digits(run: "Run") -> bool:
    """Whether the run's data are digits fitted as MNIST's are, so that a drawing should be too."""
    return run.config.data.data in ("mnist", "digits")
