"""Pictures on their way to the page: crisp, and under a name that says what they are."""

import base64
import contextlib
import hashlib
import io
import os
import re
import tempfile
from pathlib import Path

import numpy as np
from gradio.processing_utils import encode_pil_to_bytes
from gradio.utils import get_upload_folder
from PIL import Image

from tfgen.plots.grid import TARGET, enlarged, image_grid, to_bytes


def as_picture(pixels: np.ndarray, target: int = TARGET) -> Image.Image:
    """Bytes [H, W, 1 or 3] as a picture of about `target` pixels a side, each pixel an exact square.

    Browsers blur what they enlarge themselves.
    """
    pixels = enlarged(pixels, max(1, round(target / max(pixels.shape[:2]))))
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def grid_picture(images, columns: int | None = None, target: int = TARGET) -> Image.Image:
    """Images in rows, floats [n, H, W, 1 or 3] in [0, 1]; a single one without a border."""
    images = np.asarray(images)
    return as_picture(to_bytes(images)[0] if len(images) == 1 else image_grid(images, columns), target)


def kept(picture: Image.Image, name: str) -> str:
    """Path of the picture as a PNG in Gradio's cache, from where alone the page is served.

    What has become old there is deleted (`tidying`).

    Args:
        picture: any.
        name: what a download is called, without a suffix.
    """
    return _kept(encode_pil_to_bytes(picture, "png"), f"{_file_name(name)}.png")


def _kept(content: bytes, file: str) -> str:
    path = Path(get_upload_folder(), hashlib.sha256(content).hexdigest(), file).resolve()
    # Never written in place, as Gradio's own function does: somebody may be reading it, who asked the same.
    while True:
        # Deleted by another thread just now; `mkdir` itself finds that a folder is there, and then that it is not.
        with contextlib.suppress(FileNotFoundError, FileExistsError):
            if path.exists():
                os.utime(path)
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as fresh:
                    fresh.write(content)
                os.replace(fresh.name, path)
            return str(path)


def data_address(picture: Image.Image) -> str:
    """The picture itself as a data address."""
    return "data:image/png;base64," + base64.b64encode(encode_pil_to_bytes(picture, "png")).decode()


def animation(images, name: str, milliseconds: int = 80, target: int = 280) -> str:
    """Path of an animated WebP, without loss, that runs through images and back again, for ever.

    Args:
        images: floats [n, H, W, 1 or 3] in [0, 1].
        name: of the download.
        milliseconds: for each image; the two ends stay six times as long.
        target: side of the picture, about.
    """
    frames = [as_picture(pixels, target).convert("RGB") for pixels in to_bytes(np.asarray(images))]
    frames, stays = frames + frames[-2:0:-1], [milliseconds] * (2 * len(frames) - 2)
    stays[0] = stays[len(images) - 1] = 6 * milliseconds
    file = io.BytesIO()
    frames[0].save(file, "webp", save_all=True, append_images=frames[1:], duration=stays, loop=0, lossless=True)
    return _kept(file.getvalue(), f"{_file_name(name)}.webp")


def _file_name(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-.")[:80] or "picture"
