"""Interpolations between two pictures through a model's latent space."""

from collections.abc import Sequence
from typing import Any

from tfgen.app import validation
from tfgen.app.context import Context
from tfgen.app.encoding import noise_and_class
from tfgen.app.labels import ANY, label_of_seed, weights_between
from tfgen.app.latent_paths import PATHS, images_of, interpolation, noise_of_seeds
from tfgen.app.pictures import as_picture, cache_animation, cache_image
from tfgen.app.preprocessing import as_example
from tfgen.plots.interpolation import strips

#: Largest number of pictures in a strip, and number of different pictures in an animation.
MAX_STEPS, FRAMES = 15, 24
#: Approximate width of a strip in pixels.
WIDTH = 1600


def interpolate(
    context: Context,
    model: str,
    first_seed: int = 0,
    last_seed: int = 1,
    steps: int = 7,
    path: str = "spherical",
    temperature: float = 1.0,
    first_label: str = ANY,
    last_label: str = ANY,
) -> tuple[str, str]:
    """Interpolate between two samples of a model in its latent space.

    Args:
        model: name of a pretrained model or a run, as `models` lists them.
        first_seed: seed of the first picture.
        last_seed: seed of the last picture.
        steps: number of pictures in the strip, both ends included, 2 to 15.
        path: spherical (keeps the norm that noise of the normal prior has) or linear (a straight line).
        temperature: factor on the standard deviation of the latent noise of both ends, 0 to 2.
        first_label: class of the first picture, for a model with classes: its name, or "any class", which its seed
            draws. Between two classes, the class changes gradually; with equal seeds, nothing else changes.
        last_label: class of the last picture, likewise.

    Returns:
        The strip as a PNG, and an animation from the first picture to the last and back.
    """
    steps = validation.int_in_range("steps", steps, 2, MAX_STEPS)
    seeds = [validation.seed(value) for value in (first_seed, last_seed)]
    temperature = validation.temperature(temperature)
    with context.models.using(model) as loaded:
        validation.expect_images(loaded, "An interpolation")
        ends = noise_of_seeds(loaded, seeds, temperature)
        chosen = zip(seeds, (first_label, last_label), strict=True)
        labels = [label_of_seed(loaded, seed, label) for seed, label in chosen]
        return _strip_and_animation(loaded, f"{model}-{seeds[0]}-to-{seeds[1]}", ends, labels, steps, path)


def interpolate_pictures(
    context: Context,
    model: str,
    first: Any,
    last: Any,
    steps: int = 7,
    path: str = "spherical",
    fit: bool = True,
    first_label: str = ANY,
    last_label: str = ANY,
) -> tuple[str, str]:
    """Interpolate between two pictures of yours in a model's latent space. Latents of a GAN are searched first.

    Args:
        model: name of a pretrained model or a run, as `models` lists them.
        first: the first picture.
        last: the last picture.
        steps: number of pictures in the strip, both ends included, 2 to 15.
        path: spherical or linear.
        fit: crop, centre and invert the pictures as in MNIST (only for models of grey images).
        first_label: class of the first picture, for a model with classes: its name, or "any class", the most probable.
        last_label: class of the last picture, likewise.

    Returns:
        The strip as a PNG, whose ends are the model's reconstructions, and an animation to the last picture and back.
    """
    steps = validation.int_in_range("steps", steps, 2, MAX_STEPS)
    with context.models.using(model) as loaded:
        validation.expect_images(loaded, "An interpolation of pictures")
        examples = [as_example(end, loaded, fit) for end in (first, last)]
        chosen = zip(examples, (first_label, last_label), strict=True)
        found = [noise_and_class(context, model, loaded, example, label) for example, label in chosen]
        ends, labels = zip(*found, strict=True)
        return _strip_and_animation(loaded, f"{model}-between", ends, labels, steps, path)


def _strip_and_animation(
    model, name: str, ends: Sequence, labels: Sequence[int | None], steps: int, path: str
) -> tuple[str, str]:
    """Decode the path between two noises and their classes, and return the paths of both pictures."""
    path_between = interpolation(validation.one_of("path", path, PATHS))
    strip, frames = (
        images_of(model, path_between(*ends, n)[0], weights_between(model, labels[0], labels[1], n)).numpy()
        for n in (steps, FRAMES)
    )
    scale = max(1, WIDTH // (steps * strip.shape[2]))
    return cache_image(as_picture(strips(strip[None], scale), 1), name), cache_animation(frames, name)
