"""Comparisons of several models: samples of the same seeds, and recorded measurements.

The module imports matplotlib in its functions: the page appears without matplotlib.
"""

from tfgen.app import validation
from tfgen.app.context import Context
from tfgen.app.handlers.sample import samples_picture
from tfgen.app.labels import ANY
from tfgen.app.pictures import cache_image
from tfgen.app.public_text import without_folders
from tfgen.comparison import compare_recorded, comparison_markdown
from tfgen.errors import ConfigError

#: Largest number of models, and of pictures of each model.
MAX_MODELS, MAX_PICTURES = 6, 36


def compare_samples(
    context: Context, models: list[str], count: int = 16, seed: int = 0, temperature: float = 1.0, label: str = ANY
) -> list[tuple[str, str]]:
    """Draw pictures of several models from the same seeds.

    Args:
        models: names of pretrained models or runs, 1 to 6, as `models` lists them.
        count: number of pictures of each model, 1 to 36.
        seed: seed of the first picture. The others use the following seeds.
        temperature: factor on the standard deviation of the latent noise, 0 to 2.
        label: class of the pictures of the models with classes, as for `sample`. Models without classes ignore it.

    Returns:
        For each model a grid of its pictures, and its name.
    """
    names = _checked(models)
    count = validation.int_in_range("count", count, 1, MAX_PICTURES)
    seed, temperature = validation.seed(seed), validation.temperature(temperature)
    pictures = []
    for name in names:
        of_model = label if classes_of(context, name) else ANY
        picture = samples_picture(context, name, count, seed, temperature, of_model)
        pictures.append((cache_image(picture, f"{name}-seed-{seed}"), name))
    return pictures


def classes_of(context: Context, model: str) -> tuple[str, ...]:
    """Return the names of the classes of a model; () if it has none."""
    with context.models.using(model) as loaded:
        return loaded.classes


def classes_to_compare(context: Context, models: list[str]) -> tuple[str, ...]:
    """Return the names of the classes that all models with classes have, in the order of the first such model."""
    found = [classes for name in models if (classes := classes_of(context, name))]
    return tuple(name for name in found[0] if all(name in classes for classes in found)) if found else ()


def compare(context: Context, models: list[str]) -> tuple[str, str]:
    """Compare the recorded measurements of several models: likelihood, sample quality, cost and memorization.

    Args:
        models: names of pretrained models or runs of the same data, 1 to 6, as `models` lists them.

    Returns:
        The comparison as a figure, and as Markdown tables. The command `tfgen compare` makes missing measurements.
    """
    from tfgen.comparison import comparison_figure
    from tfgen.plots import style

    found = compare_recorded([context.catalogue.run(name) for name in _checked(models)])
    text = comparison_markdown(found).partition("\n\n")[2]
    return cache_image(style.picture(comparison_figure(found)), "comparison"), without_folders(text)


def comparable_models(context: Context, model: str) -> tuple[list[str], list[str]]:
    """Return the names of all usable models, and of up to 6 models of the same data as `model`, that model first.

    Raises:
        RunError: if no run has that name.
    """
    data = context.catalogue.run(model).config.data.data
    runs = {entry.name: entry.run for entry in context.catalogue.entries() if entry.run and not entry.reason}
    others = [name for name, run in runs.items() if name != model and run.config.data.data == data]
    return list(runs), [model, *others][:MAX_MODELS]


def _checked(names) -> list[str]:
    if (
        not isinstance(names, list)
        or not 1 <= len(names) <= MAX_MODELS
        or not all(isinstance(name, str) for name in names)
    ):
        raise ConfigError(f"models: expected a list of 1 to {MAX_MODELS} names. Received: {names!r}")
    return names
