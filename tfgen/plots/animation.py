"""Animations of images: GIF by Pillow, MP4 by FFmpeg."""

import importlib
from pathlib import Path

import numpy as np

from tfgen.errors import ConfigError
from tfgen.files import atomic_write
from tfgen.plots.grid import enlarged, image_grid, scale_for, to_picture

#: Approximate width or height, whichever is larger, of a frame in pixels.
TARGET = 400


def grid_frames(images, scale: int | None = None) -> np.ndarray:
    """Draw an animation of several images at a time: frame t is a grid of the images of all rows at time t.

    Args:
        images: floats [rows, frames, H, W, C] in [0, 1], C = 1 or 3.
        scale: side of the square that each pixel becomes. None makes a frame about `TARGET` pixels wide or high.

    Returns:
        uint8 [frames, height, width, C], with an even height and width, which video formats require.

    Raises:
        DataError: see `tfgen.plots.grid.to_bytes`.
    """
    images = np.asarray(images)
    border = 0 if len(images) == 1 else 1
    frames = np.stack([image_grid(images[:, time], border=border) for time in range(images.shape[1])])
    frames = enlarged(frames, scale or scale_for(frames[0], TARGET))
    padding = [(0, 0), *((0, side % 2) for side in frames.shape[1:3]), (0, 0)]
    return np.pad(frames, padding, mode="edge")


def save_animation(frames: np.ndarray, path: str | Path, frames_per_second: int = 12) -> None:
    """Write an animation that repeats without end (GIF), or a video (MP4).

    Args:
        frames: uint8 [frames, H, W, C], C = 1 or 3.
        path: file to write, ending in .gif or .mp4.
        frames_per_second: 1 to 50.

    Raises:
        ConfigError: if the file is an MP4 and imageio-ffmpeg is not installed.
        OSError: if the file cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() == ".mp4":
        _save_video(frames, path, frames_per_second)
        return
    pictures = [to_picture(frame) for frame in frames]
    with atomic_write(path) as temporary:
        pictures[0].save(
            temporary,
            format="GIF",
            save_all=True,
            append_images=pictures[1:],
            # In milliseconds; GIF stores hundredths of a second.
            duration=10 * round(100 / frames_per_second),
            loop=0,
        )


def check_video_writer() -> None:
    """Raise `ConfigError` if imageio-ffmpeg is not installed."""
    try:
        importlib.import_module("imageio_ffmpeg")
    except ImportError:
        raise ConfigError(
            "--out: expected the package that writes .mp4 files: pip install 'tfgen[video]'. Without it, write a .gif. "
            "Received: no imageio-ffmpeg"
        ) from None


def _save_video(frames: np.ndarray, path: Path, frames_per_second: int) -> None:
    check_video_writer()
    import imageio_ffmpeg

    colour = np.repeat(frames, 3, axis=-1) if frames.shape[-1] == 1 else frames
    height, width = colour.shape[1:3]
    with atomic_write(path) as temporary:
        writer = imageio_ffmpeg.write_frames(
            str(temporary), (width, height), fps=frames_per_second, codec="libx264", macro_block_size=2, quality=9
        )
        writer.send(None)
        for frame in colour:
            writer.send(np.ascontiguousarray(frame))
        writer.close()
