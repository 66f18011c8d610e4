"""Pictures on their way to the page: crisp, and under a name that says what they are."""

import base64
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from gradio.processing_utils import encode_pil_to_bytes, save_pil_to_cache
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


def kept(picture: Image.Image, name: str, format: str = "png") -> str:
    """Path of the picture in Gradio's cache, from where alone the page is served; `name` is what a download is called.

    What has become old there is deleted (`tidying`).
    """
    return save_pil_to_cache(picture, get_upload_folder(), _file_name(name), format)


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
    return _kept_frames(frames, stays, name)


def _kept_frames(frames: Sequence[Image.Image], stays: list[int], name: str) -> str:
    import hashlib

    digest = hashlib.sha256(b"".join(frame.tobytes() for frame in frames)).hexdigest()
    path = Path(get_upload_folder(), digest, f"{_file_name(name)}.webp").resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=stays, loop=0, lossless=True)
    return str(path)


def _file_name(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-.")[:80] or "picture"
