"""From one picture to another: tfgen interpolate RUN --pairs 4 --steps 7 --out interpolation.png"""

from pathlib import Path
from typing import TYPE_CHECKING

from tfgen.errors import UndefinedError

if TYPE_CHECKING:
    import numpy as np

    from tfgen.models.contract import GenerativeModel


def interpolation(
    model: "GenerativeModel",
    path: str | Path,
    pairs: int = 4,
    steps: int = 7,
    seed: int = 0,
    *,
    along: str = "slerp",
    temperature: float = 1.0,
    images: "np.ndarray | None" = None,
) -> None:
    """Write rows of pictures between pairs of samples, or of given images.

    The practical has 4 pairs of samples with 5 steps between the ends.

    Args:
        model: of images.
        path: of the PNG.
        pairs: rows; row i has the pictures of seeds seed + 2i and seed + 2i + 1 at its ends.
        steps: pictures in a row, the two ends included.
        seed: of the first end.
        along: "slerp", the default because every prior here is a normal one (or made from one), whose mass in many
            dimensions lies on a thin shell that a straight line cuts through; or "lerp".
        temperature: factor on the standard deviation of the ends' latents.
        images: the ends in the place of samples, [2 pairs, H, W, C], of a model that encodes images.

    Raises:
        UndefinedError: if the model makes points.
        OSError: if the file cannot be written.
    """
    import tensorflow as tf

    from tfgen import random
    from tfgen.models import latent_paths as latent
    from tfgen.plots.interpolation import save_interpolation

    if not model.is_image:
        raise UndefinedError(f"An interpolation needs images. Received: points of shape {list(model.event_shape)}")
    # Between the normal noises and not the latents, which a learned prior has bent.
    if images is None:
        ends = model.normal_noise(random.seeds_from(seed, 2 * pairs), temperature)
    else:
        ends = model.normal_from(model.encode(images))
    flat = tf.reshape(ends, (2 * pairs, -1))
    between = {"slerp": latent.slerp, "lerp": latent.lerp}[along](flat[::2], flat[1::2], steps)
    rows = [model.decode(model.latents_from(tf.reshape(row, (steps, *model.latent_shape)))) for row in between]
    save_interpolation(tf.stack(rows), path)
