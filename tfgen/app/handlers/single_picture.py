"""One sample of a model: enlarged, and as a PNG in the model's own size."""

import html
import tempfile
from pathlib import Path

import numpy as np

from tfgen.app import validation
from tfgen.app.context import Context
from tfgen.app.decoding import REMOVED, decoding, description
from tfgen.app.handlers.sample import MAX_PICTURES, rows_of_grid
from tfgen.app.labels import ANY, EACH, label_of_seed
from tfgen.app.pictures import as_picture, cache_bytes, cache_image, position_in_grid
from tfgen.errors import ConfigError
from tfgen.plots.grid import to_bytes

#: Approximate side of the enlarged picture in pixels.
SIDE = 480


def sample_picture(
    context: Context,
    model: str,
    seed: int = 0,
    temperature: float = 1.0,
    label: str = ANY,
    guidance: float | None = None,
    noise: str = REMOVED,
) -> tuple[str, str, str]:
    """Draw one picture of a model: enlarged, and as a PNG in the model's own size.

    Args:
        model: name of a pretrained model or a run, as `models` lists them. Its samples must be images.
        seed: seed of the picture.
        temperature: factor on the standard deviation of the latent noise, 0 to 2.
        label: class of the picture, for a model with classes: its name, or "any class", which the seed draws.
        guidance: weight of the guidance, as for `sample`.
        noise: "removed" or "kept", as for `sample`.

    Returns:
        The enlarged picture; a PNG in the model's own size, whose metadata hold the model, the seed, the temperature
        and the class; and a caption.
    """
    from tfgen.evaluation.sample_pictures import write_pictures
    from tfgen.evaluation.samples import decoding_facts, sample_chunks

    seed, temperature = validation.seed(seed), validation.temperature(temperature)
    with (
        tempfile.TemporaryDirectory() as folder,
        context.models.using(model) as loaded,
        decoding(loaded, guidance, noise),
    ):
        validation.expect_images(loaded, "A single picture")
        of_class = label_of_seed(loaded, seed, label)
        labels = None if of_class is None else np.array([of_class])
        (chunk,) = sample_chunks(loaded, 1, seed=seed, temperature=temperature, labels=labels)
        name = None if of_class is None else loaded.classes[of_class]
        write_pictures(
            [chunk],
            Path(folder),
            run=model,
            seed=seed,
            temperature=temperature,
            classes=loaded.classes,
            settings=decoding_facts(loaded),
        )
        settings = description(loaded, guidance, noise)
        (written,) = Path(folder).iterdir()
        file = cache_bytes(written.read_bytes(), f"{model}-{written.stem}", "png")
    pixels = to_bytes(chunk.examples)[0]
    enlarged = cache_image(as_picture(pixels, SIDE), f"{model}-seed-{seed}-enlarged")
    of_name = "" if name is None else f", class {html.escape(name)}"
    height, width, _ = pixels.shape
    caption = (
        f"Seed {seed} of **{model}**{of_name} at temperature {temperature:g}{settings}. The file has {height}×{width} "
        "pixels."
    )
    return enlarged, file, caption


def sample_at(
    context: Context, pixel: tuple[int, int], model: str, count: int, seed: int, label: str
) -> tuple[int, str] | None:
    """Return seed and class of the sample at a pixel of the grid that `sample` draws; None if there is no sample.

    Args:
        context: shared objects of the app.
        pixel: (column, row) of the pixel in the picture of the grid, from 0.
        model, count, seed, label: as for `sample`.
    """
    from tfgen import random

    count, seed = validation.int_in_range("count", count, 1, MAX_PICTURES), validation.seed(seed)
    with context.models.using(model) as loaded:
        if not loaded.is_image:
            return None
        height, width, _ = loaded.event_shape
        position = position_in_grid(pixel, (count, height, width), **rows_of_grid(loaded, count, label))
        if position is None:
            return None
        return int(random.seeds_from(seed, count)[position]), _class_at(loaded.classes, position, label)


def class_of_seed(context: Context, own: int, model: str, count: int, seed: int, label: str) -> str:
    """Return the class, as `sample_picture` takes it, of the sample with the seed `own` in the grid of `sample`.

    Args:
        context: shared objects of the app.
        own: a seed. It must be one of the grid if the class of a sample follows from its place in the grid.
        model, count, seed, label: as for `sample`.

    Raises:
        ConfigError: if the grid has no such seed.
    """
    if label != EACH:
        return label
    count, seed = validation.int_in_range("count", count, 1, MAX_PICTURES), validation.seed(seed)
    place = validation.seed(own) - seed
    if not 0 <= place < count:
        raise ConfigError(
            f"seed: expected a seed of the grid, {seed} to {seed + count - 1}, because the class of a picture follows "
            f"from its place in the grid. Received: {own}"
        )
    with context.models.using(model) as loaded:
        return _class_at(loaded.classes, place, label)


def _class_at(classes: tuple[str, ...], position: int, label: str) -> str:
    """Return the class of the sample at a position of the grid. Of "each class in turn", the position decides."""
    return classes[position % len(classes)] if label == EACH else label
