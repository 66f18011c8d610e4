"""Pictures of a trained model: tfgen sample RUN --n 64 --seed 7 --temperature 0.8 --out grid.png"""

from pathlib import Path
from typing import TYPE_CHECKING

from tfgen.errors import UndefinedError

if TYPE_CHECKING:
    from tfgen.models.contract import GenerativeModel


def draw(model: "GenerativeModel", n: int, seed: int, temperature: float, pixels: bool):
    """Samples as a float32 array [n, H, W, C] or [n, 2].

    Raises:
        UndefinedError: if `pixels` are asked of a model whose pixels have no distribution of their own.
    """
    if not pixels:
        return model.sample(n, seed, temperature).numpy()
    if not model.can("sample_pixels"):
        raise UndefinedError(
            "--pixels: expected a model whose pixels have a distribution around their mean, as a VAE's have. "
            f"Received: a {type(model).__name__}"
        )
    return model.sample_pixels(n, seed, temperature).numpy()


def save(model: "GenerativeModel", examples, path: Path, seed: int, temperature: float) -> None:
    """Write samples as a picture or, by the suffix, as an .npz of "images" or "points", "seeds" and "temperature"."""
    import numpy as np

    from tfgen.files import replacing
    from tfgen.plots.grid import save_grid
    from tfgen.plots.points import save_points

    if path.suffix.lower() == ".npz":
        name = "images" if model.is_image else "points"
        with replacing(path) as fresh:
            np.savez(fresh, **{name: examples}, seeds=np.arange(seed, seed + len(examples)), temperature=temperature)
    elif model.is_image:
        save_grid(examples, path)
    else:
        save_points(examples, path, model)
