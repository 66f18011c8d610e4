"""Preprocessing of uploaded and drawn pictures into examples of a model."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageOps

from tfgen.data.picture import read_header, read_picture
from tfgen.errors import DataError

if TYPE_CHECKING:
    from tfgen.models.contract import GenerativeModel
    from tfgen.runs.run import Run

#: Length of a digit's longer side as a share of the picture in MNIST: the digits were scaled into 20 of 28 pixels.
DIGIT_SHARE = 20 / 28
#: A pixel is ink if it differs from the paper by more than this share of the range of grey levels.
INK_CONTRAST = 0.15
#: Larger pictures are first scaled down to this length of the longer side, in pixels.
MAX_SIDE = 1024
#: Pixels of the largest picture that is decoded. One of them takes up to 16 bytes while it is converted.
MAX_PIXELS = 32_000_000


def as_example(upload: dict[str, Any] | None, model: "GenerativeModel", fit: bool) -> np.ndarray:
    """Convert an uploaded or drawn picture to an example of a model.

    Args:
        upload: {"path": …, "name": …} as `components.upload` and `components.drawing_pad` return it. "name" is the
            user's name of the file. A path of None stands for a file that was never uploaded.
        model: a model of images.
        fit: whether to crop, centre and invert the picture as in MNIST (see `fit_digit`). Ignored for colour models.

    Returns:
        float32 [1, H, W, C] in [0, 1].

    Raises:
        DataError: if the picture is missing or cannot be read.
    """
    if upload is None:
        raise DataError("Expected a picture. Received: none yet; draw or upload one")
    path, name = upload["path"], upload.get("name") or "the picture"
    height, width, channels = model.event_shape
    if path is None:
        raise DataError(f"{name}: expected an uploaded file. Received: none of that name")
    try:
        header = read_header(Path(path))
        if header.width * header.height > MAX_PIXELS:
            raise DataError(
                f"{name}: expected at most {MAX_PIXELS / 1e6:.0f} megapixels. Received: {header.width}×{header.height}"
            )
        pixels = read_picture(Path(path), None, "grey" if channels == 1 else "rgb")
    except DataError as error:
        # The path is a file of Gradio's cache. The user knows the picture by its own name.
        raise DataError(str(error).replace(str(path), str(name))) from None
    picture = Image.fromarray(pixels[..., 0] if channels == 1 else pixels)
    # `fit_digit` makes a square as long as the longer side, so a very long and flat picture would need much memory.
    picture.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.BOX)
    if fit and channels == 1:
        # The digits of 8×8 pixels fill their pictures; the digits of 28×28 pixels have a margin.
        share = DIGIT_SHARE if min(height, width) >= 16 else 1.0
        picture = Image.fromarray(fit_digit(np.asarray(picture), name, share))
    # Bilinear, because Lanczos overshoots: a faint shadow around each stroke, on a background that is 0 in the data.
    resized = ImageOps.fit(picture, (width, height), Image.Resampling.BILINEAR)
    return np.asarray(resized, np.float32).reshape(1, height, width, channels) / 255.0


def fit_digit(grey: np.ndarray, name: str = "the picture", share: float = DIGIT_SHARE) -> np.ndarray:
    """Return the ink of a picture as light on black, scaled and centred in a square as in MNIST.

    The bounding box of the ink gets the given share of the square. The centre of mass of the ink goes to the middle of
    the square, as far as the bounding box stays inside the square.

    Args:
        grey: uint8 [H, W]. The median of the border is the paper; ink may be darker or lighter than the paper.
        name: name of the picture for the error message.
        share: longer side of the bounding box as a share of the square's side.

    Returns:
        uint8 [S, S].

    Raises:
        DataError: if the picture has no ink.

    Source: LeCun, Cortes, Burges: the MNIST database, section on the preprocessing of NIST's digits.
    """
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    paper = float(np.median(border))
    ink = np.abs(grey.astype(np.float64) - paper)
    ink[ink < INK_CONTRAST * 255.0] = 0.0
    if not ink.any():
        raise DataError(f"{name}: expected something drawn. Received: an empty page")
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] * (255.0 / ink.max())
    side = round(max(ink.shape) / share)
    mass = ink.sum()
    top, left = (
        int(np.clip(round(side / 2 - (positions * ink.sum(axis=1 - axis)).sum() / mass), 0, side - ink.shape[axis]))
        for axis, positions in enumerate((np.arange(ink.shape[0]) + 0.5, np.arange(ink.shape[1]) + 0.5))
    )
    page = np.zeros((side, side), np.uint8)
    page[top : top + ink.shape[0], left : left + ink.shape[1]] = np.round(ink)
    return page


def has_fitted_digits(run: "Run") -> bool:
    """Return whether the data of the run are digits scaled and centred as in MNIST, so that `fit_digit` is useful."""
    return run.config.data.data in ("mnist", "digits")
