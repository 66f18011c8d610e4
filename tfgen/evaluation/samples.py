"""Draws samples of a model and writes them to a file."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tfgen.errors import UndefinedError
from tfgen.files import atomic_write

if TYPE_CHECKING:
    from tfgen.models.contract import GenerativeModel


def draw_samples(
    model: "GenerativeModel", n: int, *, seed: int = 0, temperature: float = 1.0, pixels: bool = False
) -> np.ndarray:
    """Return samples of a model, float32 images [n, H, W, C] in [0, 1] or points [n, 2].

    Args:
        model: the model.
        n: number of samples.
        seed: seed of the first sample; sample i has seed `seed` + i.
        temperature: factor on the standard deviation of the latent noise.
        pixels: whether to draw every pixel from its distribution p(x|z) instead of returning the distribution's mean.

    Raises:
        UndefinedError: if `pixels` is true and the model has no distribution of pixels.
    """
    if not pixels:
        return model.sample(n, seed, temperature).numpy()
    if not model.can("sample_pixels"):
        raise UndefinedError(
            "--pixels: expected a model whose pixels have a distribution around their mean, as a VAE's have. "
            f"Received: a {type(model).__name__}"
        )
    return model.sample_pixels(n, seed, temperature).numpy()


def save_samples(
    model: "GenerativeModel", examples: np.ndarray, path: Path, *, seed: int = 0, temperature: float = 1.0
) -> None:
    """Write samples as a picture, or as an .npz with the arrays "images" or "points", "seeds" and "temperature".

    Args:
        model: the model that the samples are from.
        examples: the samples that `draw_samples` returned.
        path: file to write, ending in .png or .npz.
        seed: seed of the first sample.
        temperature: temperature of the samples.
    """
    from tfgen.plots.grid import save_grid
    from tfgen.plots.points import save_points

    if path.suffix.lower() == ".npz":
        arrays: dict[str, Any] = {"images" if model.is_image else "points": examples}
        seeds = np.arange(seed, seed + len(examples))
        with atomic_write(path) as temporary:
            np.savez(temporary, **arrays, seeds=seeds, temperature=temperature)
    elif model.is_image:
        save_grid(examples, path)
    else:
        save_points(examples, path, model)
