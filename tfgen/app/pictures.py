"""Pictures for the page: enlarged without blur, and stored as files under a descriptive name.

This module does not import Gradio.
"""

import base64
import contextlib
import hashlib
import io
import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from tfgen.plots.grid import TARGET, enlarged, image_grid, position_at, scale_for, to_bytes, to_picture, with_row_names

#: Folder in the cache whose files are never deleted: pictures that belong to the page itself.
KEPT = "kept"


def as_picture(pixels: np.ndarray, target: int = TARGET) -> Image.Image:
    """Enlarge pixels to a picture in which every pixel is an exact square. A browser would blur an enlarged picture.

    Args:
        pixels: bytes [H, W, 1 or 3].
        target: approximate length of the longer side in pixels.
    """
    return to_picture(enlarged(pixels, scale_for(pixels, target)))


def grid_picture(
    images, columns: int | None = None, target: int = TARGET, rows=None, names: Sequence[str] = ()
) -> Image.Image:
    """Draw images as a grid. A single image has no border.

    Args:
        images: floats [n, H, W, 1 or 3] in [0, 1].
        columns: number of columns. None: about as many as rows.
        target: approximate length of the longer side in pixels.
        rows, names: row of each image, and names of the rows (see `tfgen.plots.grid.save_grid`).
    """
    images = np.asarray(images)
    if len(images) == 1:
        return as_picture(to_bytes(images)[0], target)
    grid = image_grid(images, columns, rows=rows)
    return to_picture(with_row_names(enlarged(grid, scale_for(grid, target)), names))


def position_in_grid(
    pixel: tuple[int, int], shape: tuple[int, int, int], rows=None, names: Sequence[str] = ()
) -> int | None:
    """Return which image has a pixel of the picture that `grid_picture` draws; None if no image has the pixel.

    Args:
        pixel: (column, row) of the pixel, from 0 at the upper left corner.
        shape: (n, H, W), the number of images and their size.
        rows, names: as for `grid_picture`, whose other arguments have their usual values.
    """
    if shape[0] == 1:
        return position_at(pixel, shape, border=0)
    return position_at(pixel, shape, rows=rows, names=names)


def png_bytes(picture: Image.Image) -> bytes:
    """Encode a picture as PNG."""
    file = io.BytesIO()
    picture.save(file, "png")
    return file.getvalue()


def data_url(picture: Image.Image) -> str:
    """Return the picture as a data URL: a PNG in base64."""
    return "data:image/png;base64," + base64.b64encode(png_bytes(picture)).decode()


def cache_image(picture: Image.Image, name: str, keep: bool = False) -> str:
    """Store a picture as PNG in Gradio's cache and return its path. The page serves files from this folder only.

    `cache_cleanup` deletes old files of the cache.

    Args:
        picture: the picture to store.
        name: name of the file without suffix, under which a browser saves a download.
        keep: never delete the picture, which belongs to the page.
    """
    return _store(png_bytes(picture), f"{_file_name(name)}.png", KEPT if keep else "")


def cache_animation(images, name: str, milliseconds: int = 80, target: int = 280) -> str:
    """Store an endless animation through the images and back as a lossless WebP, and return its path.

    Args:
        images: floats [n, H, W, 1 or 3] in [0, 1].
        name: name of the file without suffix.
        milliseconds: duration of an image. The first and the last image last six times as long.
        target: approximate length of the longer side in pixels.
    """
    frames = [as_picture(pixels, target).convert("RGB") for pixels in to_bytes(np.asarray(images))]
    frames, durations = frames + frames[-2:0:-1], [milliseconds] * (2 * len(frames) - 2)
    durations[0] = durations[len(images) - 1] = 6 * milliseconds
    file = io.BytesIO()
    frames[0].save(file, "webp", save_all=True, append_images=frames[1:], duration=durations, loop=0, lossless=True)
    return _store(file.getvalue(), f"{_file_name(name)}.webp")


def cache_bytes(content: bytes, name: str, suffix: str) -> str:
    """Store a file in Gradio's cache and return its path. `name` is the name of the file without its suffix."""
    return _store(content, f"{_file_name(name)}.{suffix}")


def cache_folder() -> Path:
    """Return the folder from which Gradio serves files: GRADIO_TEMP_DIR, or Gradio's default."""
    return Path(os.environ.get("GRADIO_TEMP_DIR") or Path(tempfile.gettempdir()).resolve() / "gradio")


def _store(content: bytes, file: str, folder: str = "") -> str:
    """Write a file into a folder named after the hash of the content, and return its path."""
    path = Path(cache_folder(), folder, hashlib.sha256(content).hexdigest(), file).resolve()
    # Each attempt writes a new file and renames it, so that a reader of the same picture never sees half a file. The
    # cleanup thread may delete the folder during an attempt; then the next attempt makes the folder again.
    while True:
        with contextlib.suppress(FileNotFoundError, FileExistsError):
            if path.exists():
                os.utime(path)
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as fresh:
                    fresh.write(content)
                os.replace(fresh.name, path)
            return str(path)


def _file_name(text: str) -> str:
    """Return the text with everything but letters, digits, dot, hyphen and underscore replaced by hyphens."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-.")[:80] or "picture"
