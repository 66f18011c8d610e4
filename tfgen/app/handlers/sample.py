"""Samples of a model."""

import html
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from tfgen.app import decoding, validation
from tfgen.app.context import Context
from tfgen.app.decoding import REMOVED
from tfgen.app.labels import ANY, EACH, label_to_sample
from tfgen.app.pictures import cache_image, grid_picture

if TYPE_CHECKING:
    from tfgen.models.contract import GenerativeModel

#: Largest number of pictures in one answer.
MAX_PICTURES = 144


def sample(
    context: Context,
    model: str,
    count: int = 36,
    seed: int = 0,
    temperature: float = 1.0,
    label: str = ANY,
    guidance: float | None = None,
    noise: str = REMOVED,
) -> tuple[str, str]:
    """Draw pictures from a model. A seed gives the same picture for every count.

    Args:
        model: name of a pretrained model or a run, as `models` lists them.
        count: number of pictures, 1 to 144.
        seed: seed of the first picture. The others use the following seeds.
        temperature: factor on the standard deviation of the latent noise, 0 to 2.
        label: class of the pictures, for a model with classes: its name; "any class", which each seed draws; or "each
            class in turn", with a row of the grid for each class.
        guidance: weight of the guidance of a flow of transformers, 0 to 20; null for the weight of the model.
        noise: "removed", or "kept" for the pictures of a flow with gaussian noise as they are before its removal.

    Returns:
        The pictures in a grid as one PNG, and a caption.
    """
    count = validation.int_in_range("count", count, 1, MAX_PICTURES)
    seed, temperature = validation.seed(seed), validation.temperature(temperature)
    with context.models.using(model) as loaded:
        settings = decoding.description(loaded, guidance, noise)
        with decoding.decoding(loaded, guidance, noise):
            picture = samples_picture(context, model, count, seed, temperature, label)
    name = f"{model}-seed-{seed}" if label == ANY else f"{model}-{label}-seed-{seed}"
    return cache_image(picture, name), _caption(model, count, seed, temperature, label, settings)


def samples_picture(
    context: Context, model: str, count: int, seed: int, temperature: float, label: str = ANY
) -> Image.Image:
    """Draw samples of a model: images as a grid, points in the plane as a scatter plot. Arguments: see `sample`."""
    from tfgen.plots import style
    from tfgen.plots.points import draw_points

    with context.models.using(model) as loaded:
        chosen = label_to_sample(loaded, label)
        samples = loaded.sample(count, seed=seed, temperature=temperature, **loaded.given(chosen)).numpy()
        if not loaded.is_image:
            return style.picture(draw_points(samples, loaded))
        return grid_picture(samples, **rows_of_grid(loaded, count, label))


def rows_of_grid(model: "GenerativeModel", count: int, label: str) -> dict[str, Any]:
    """Return the arguments `rows` and `names` of the grid of samples: of "each class in turn", a row for each class."""
    if label != EACH:
        return {}
    rows = np.arange(count) % len(model.classes)
    return {"rows": rows, "names": model.classes[: rows.max() + 1]}


def _caption(model: str, count: int, seed: int, temperature: float, label: str, settings: str) -> str:
    seeds = f"Seed {seed}" if count == 1 else f"Seeds {seed} to {seed + count - 1}"
    of_class = "" if label == ANY else f", {label}" if label == EACH else f", class {html.escape(label)}"
    return (
        f"{seeds} of **{model}**{of_class} at temperature {temperature:g}{settings}. The model and a seed give the "
        "same picture again. Rounding on another processor may change some of its pixels."
    )
