"""Draws samples of a model and writes them to a file, or each to a picture of its own."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tfgen.errors import ConfigError, UndefinedError
from tfgen.evaluation.progress import progress_bar

if TYPE_CHECKING:
    from tfgen.models.contract import GenerativeModel

#: Number of samples that are in memory at a time.
CHUNK = 1024


class Samples(NamedTuple):
    """Consecutive samples.

    Attributes:
        first: number of the first sample; the seeds count from the seed of sample 0.
        examples: float32 images [n, H, W, C] in [0, 1] or points [n, 2].
        labels: class of each sample, int32 [n]; None for a model without classes.
    """

    first: int
    examples: np.ndarray
    labels: np.ndarray | None


def draw_samples(
    model: "GenerativeModel",
    n: int,
    *,
    seed: int = 0,
    temperature: float = 1.0,
    pixels: bool = False,
    label: Any = None,
) -> np.ndarray:
    """Return samples of a model, float32 images [n, H, W, C] in [0, 1] or points [n, 2].

    Args:
        model: the model.
        n: number of samples.
        seed: seed of the first sample; sample i has seed `seed` + i.
        temperature: factor on the standard deviation of the latent noise.
        pixels: whether to draw every pixel from its distribution p(x|z) instead of returning the distribution's mean.
        label: class of the samples, see `tfgen.models.interface.Interface.sample`.

    Raises:
        UndefinedError: if `pixels` is true and the model has no distribution of pixels.
        ConfigError: if the model has no such class.
    """
    given = {} if label is None else {"label": label}
    if not pixels:
        return model.sample(n, seed, temperature, **given).numpy()
    if not model.can("sample_pixels"):
        raise UndefinedError(
            "--pixels: expected a model whose pixels have a distribution around their mean, as a VAE's have. "
            f"Received: a {type(model).__name__}"
        )
    return model.sample_pixels(n, seed, temperature, **given).numpy()


def decoding(
    model: "GenerativeModel", guidance: float | None, denoise: bool | None
) -> contextlib.AbstractContextManager:
    """Context in which a flow decodes with a guidance and removes the noise of samples or not; None: as the model does.

    Raises:
        UndefinedError: if a value is given and the model has no such setting.
    """
    if guidance is None and denoise is None:
        return contextlib.nullcontext()
    if not getattr(model.config, "transformers", 0):
        raise UndefinedError(
            "--guidance, --denoise: expected a flow with --transformers. Received: "
            f"a {type(model).__name__} without transformers"
        )
    return model.decoding(guidance, denoise)  # type: ignore[attr-defined]


def decoding_facts(model: "GenerativeModel") -> dict[str, Any]:
    """Return the settings with which a flow decodes at present, for metadata: {"guidance": weight, "noise": …}.

    The noise is "removed" or "kept". {} for a model without these settings.
    """
    if not getattr(model.config, "transformers", 0):
        return {}
    gaussian = model.config.dequantization == "gaussian"
    noise = {"noise": "removed" if model.denoise else "kept"} if gaussian else {}  # type: ignore[attr-defined]
    return {"guidance": model.guidance, **noise}  # type: ignore[attr-defined]


def labels_of_samples(model: "GenerativeModel", n: int, seed: int = 0, label: Any = None) -> np.ndarray | None:
    """Return the class of each of the samples that `draw_samples` returns, int32 [n]; None without classes.

    Raises:
        ConfigError: if the model has no such class.
    """
    from tfgen import random

    labels = model.labels_from_seeds(random.seeds_from(seed, n)) if label is None else model.labels_of(label, n)
    return None if labels is None else labels.numpy()


def sample_chunks(
    model: "GenerativeModel",
    n: int,
    *,
    seed: int = 0,
    temperature: float = 1.0,
    pixels: bool = False,
    labels: np.ndarray | None = None,
    progress: bool = False,
) -> Iterator[Samples]:
    """Yield samples in chunks of at most `CHUNK`, so that the memory does not depend on their number.

    Args:
        model, n, seed, temperature, pixels: see `draw_samples`.
        labels: class of each sample, as `labels_of_samples` returns it.
        progress: whether to show a progress bar with the time left, if there is more than one chunk.
    """
    with progress_bar(n, "sample", progress and n > CHUNK) as bar:
        for first in range(0, n, CHUNK):
            count = min(CHUNK, n - first)
            part = None if labels is None else labels[first : first + count]
            examples = draw_samples(model, count, seed=seed + first, temperature=temperature, pixels=pixels, label=part)
            yield Samples(first, examples, part)
            bar.update(count)


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
    if path.suffix.lower() == ".npz":
        save_arrays(model, iter([Samples(0, examples, None)]), len(examples), path, seed, temperature)
    else:
        save_picture(model, examples, path)


def save_arrays(
    model: "GenerativeModel",
    chunks: Iterator[Samples],
    n: int,
    path: Path,
    seed: int = 0,
    temperature: float = 1.0,
    labels: np.ndarray | None = None,
) -> None:
    """Write samples as an .npz with "images" or "points", "seeds", "temperature" and, with classes, "labels".

    "label_names" has the names of the classes.

    Args:
        model: the model that the samples are from.
        chunks: the samples.
        n: number of all samples.
        path: file to write.
        seed: seed of the first sample.
        temperature: temperature of the samples.
        labels: class of each sample [n]; None without classes.
    """
    from tfgen.evaluation.array_files import write_npz

    first = next(chunks)

    def parts() -> Iterator[np.ndarray]:
        yield first.examples
        for chunk in chunks:
            yield chunk.examples

    others: dict[str, Any] = {"seeds": np.arange(seed, seed + n), "temperature": temperature}
    if labels is not None:
        others |= {"labels": labels, "label_names": np.array(model.classes)}
    name = "images" if model.is_image else "points"
    write_npz(path, name, (n, *first.examples.shape[1:]), parts(), others)


def save_picture(model: "GenerativeModel", examples: np.ndarray, path: Path, classes: int = 0) -> None:
    """Write samples as one picture: a grid of images, or a plot of points.

    Args:
        model: the model that the samples are from.
        examples: the samples.
        path: file to write, ending in .png.
        classes: K for one row for each of K classes, where sample i has class i mod K and n is a multiple of K; 0 for a
            square grid.
    """
    from tfgen.plots.grid import save_grid
    from tfgen.plots.points import save_points

    if not model.is_image:
        save_points(examples, path, model)
    elif classes:
        columns = len(examples) // classes
        by_class = examples.reshape(columns, classes, *examples.shape[1:]).swapaxes(0, 1)
        save_grid(by_class.reshape(examples.shape), path, columns=columns, names=model.classes[:classes])
    else:
        save_grid(examples, path)


def check_label(model: "GenerativeModel", label: Any) -> None:
    """Raise `ConfigError` if the model has no classes and a label is given, or if it has no such class."""
    if label is not None and not model.is_conditional:
        raise ConfigError(
            "--label: expected none, since the model was trained without classes (tfgen train --conditional). "
            f"Received: {label!r}"
        )
    model.labels_of(0 if label is None and model.is_conditional else label, 1)
