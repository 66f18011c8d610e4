"""Samples of a model."""

from PIL import Image

from tfgen.app import validation
from tfgen.app.context import Context
from tfgen.app.pictures import cache_image, grid_picture

#: Largest number of pictures in one answer.
MAX_PICTURES = 144


def sample(context: Context, model: str, count: int = 36, seed: int = 0, temperature: float = 1.0) -> tuple[str, str]:
    """Draw pictures from a model. A seed gives the same picture for every count.

    Args:
        model: name of a pretrained model or a run, as `models` lists them.
        count: number of pictures, 1 to 144.
        seed: seed of the first picture. The others use the following seeds.
        temperature: factor on the standard deviation of the latent noise, 0 to 2.

    Returns:
        The pictures in a grid as one PNG, and a caption.
    """
    count = validation.int_in_range("count", count, 1, MAX_PICTURES)
    seed, temperature = validation.seed(seed), validation.temperature(temperature)
    picture = samples_picture(context, model, count, seed, temperature)
    return cache_image(picture, f"{model}-seed-{seed}"), _caption(model, count, seed, temperature)


def samples_picture(context: Context, model: str, count: int, seed: int, temperature: float) -> Image.Image:
    """Draw samples of a model: images as a grid, points in the plane as a scatter plot. Arguments: see `sample`."""
    from tfgen.plots import style
    from tfgen.plots.points import draw_points

    with context.models.using(model) as loaded:
        samples = loaded.sample(count, seed=seed, temperature=temperature).numpy()
        return grid_picture(samples) if loaded.is_image else style.picture(draw_points(samples, loaded))


def _caption(model: str, count: int, seed: int, temperature: float) -> str:
    seeds = f"Seed {seed}" if count == 1 else f"Seeds {seed} to {seed + count - 1}"
    return (
        f"{seeds} of **{model}** at temperature {temperature:g}. A seed gives the same picture here, in an exported "
        "model and on another machine."
    )
