"""Interpolates between latents and writes the pictures to a file."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tfgen.errors import ConfigError, UndefinedError

if TYPE_CHECKING:
    from tfgen.models.contract import GenerativeModel
    from tfgen.runs.run import Run


def interpolate(
    model: "GenerativeModel",
    *,
    pairs: int = 4,
    steps: int = 7,
    seed: int = 0,
    path: str = "slerp",
    temperature: float = 1.0,
    images: np.ndarray | None = None,
):
    """Return rows of pictures between pairs of samples, or between pairs of given images.

    The path runs between the standard normal noises of the two ends and not between their latents, because a learned
    prior maps noise to latents nonlinearly.

    Args:
        model: a model of images.
        pairs: number of rows. Row i leads from the sample of seed `seed` + 2i to the sample of seed `seed` + 2i + 1.
        steps: number of pictures in a row, both ends included.
        seed: seed of the first end.
        path: "slerp" or "lerp", see `tfgen.models.latent_paths`. In many dimensions the mass of a normal distribution
            lies on a thin shell. The spherical path "slerp" stays on the shell; the straight line "lerp" leaves it.
        temperature: factor on the standard deviation of the noise of the ends.
        images: the ends [2 · pairs, H, W, C] in place of samples, for a model that encodes images.

    Returns:
        float32 tensor [pairs, steps, H, W, C] in [0, 1].

    Raises:
        UndefinedError: if the model is of points, or cannot encode the given images.
    """
    import tensorflow as tf

    from tfgen import random
    from tfgen.models import latent_paths

    if not model.is_image:
        raise UndefinedError(f"An interpolation needs images. Received: points of shape {list(model.event_shape)}")
    if images is None:
        ends = model.normal_noise(random.seeds_from(seed, 2 * pairs), temperature)
    else:
        ends = model.normal_from(model.encode(images))
    flat = tf.reshape(ends, (2 * pairs, -1))
    between = {"slerp": latent_paths.slerp, "lerp": latent_paths.lerp}[path](flat[::2], flat[1::2], steps)
    rows = [model.decode(model.latents_from(tf.reshape(row, (steps, *model.latent_shape)))) for row in between]
    return tf.stack(rows)


def write_interpolation(model: "GenerativeModel", file: str | Path, **options) -> None:
    """Write the rows that `interpolate(model, **options)` returns as a PNG."""
    from tfgen.plots.interpolation import save_interpolation

    save_interpolation(interpolate(model, **options), file)


def pairs_of_test_images(run: "Run", model: "GenerativeModel", first: int, pairs: int) -> np.ndarray:
    """Return test images as the ends of an interpolation, integers [2 · pairs, H, W, C].

    Args:
        run: the model's run.
        model: the model, which must be able to encode images.
        first: number of the first test image.
        pairs: number of rows.

    Raises:
        UndefinedError: if the model cannot encode images.
        ConfigError: if there are too few test images.
    """
    if not model.can("encode"):
        raise UndefinedError(f"--real: expected a model that encodes images. Received: a {type(model).__name__}")
    examples = run.dataset.test.examples
    images = examples[first : first + 2 * pairs]
    if len(images) < 2 * pairs:
        raise ConfigError(
            f"--real: expected two of the {len(examples)} test images for each row. Received: {pairs} rows, starting "
            f"at number {first}"
        )
    return images
