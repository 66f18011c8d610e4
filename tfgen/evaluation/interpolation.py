"""Interpolates between latents and writes the pictures to a file."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tfgen.errors import ConfigError, UndefinedError
from tfgen.evaluation.encode import project_pictures
from tfgen.evaluation.likelihood import labels_for
from tfgen.evaluation.projection import can_project

if TYPE_CHECKING:
    from tfgen.evaluation.classifier import Classifier
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
    label: Any = None,
    to_label: Any = None,
    loop: bool = False,
    classifier: "Classifier | None" = None,
    progress: bool = False,
):
    """Return rows of pictures between pairs of samples, between pairs of given images, or from class to class.

    The path runs between the standard normal noises of the two ends and not between their latents, because a learned
    prior maps noise to latents nonlinearly. Between two classes, the class vector that the networks take runs along the
    straight line from one class to the other.

    Args:
        model: a model of images.
        pairs: number of rows. Row i leads from the sample of seed `seed` + 2i to the sample of seed `seed` + 2i + 1.
        steps: number of pictures from one end to the next, both ends included.
        seed: seed of the first end.
        path: "slerp" or "lerp", see `tfgen.models.latent_paths`. In many dimensions the mass of a normal distribution
            lies on a thin shell. The spherical path "slerp" stays on the shell; the straight line "lerp" leaves it.
        temperature: factor on the standard deviation of the noise of the ends.
        images: the ends [2 · pairs, H, W, C] in place of samples. For a model without an encoder, the latents of the
            images are searched, see `tfgen.evaluation.projection`.
        label: class of the ends: one for all, "each" for row i in class i mod K, or one for each end. With None, the
            class of a sample is drawn by its seed.
        to_label: class at which a row ends. Row i then has the noise of seed `seed` + i, unchanged, and leads from
            class `label` to this class.
        loop: make the paths closed: one row that visits all 2 · `pairs` ends and returns to the first; with `to_label`,
            rows that return to the first class. A closed row does not repeat its first picture at the end.
        classifier: classifier of the data for a search of latents; None for a search by pixels only.
        progress: whether a search shows a progress bar.

    Returns:
        float32 tensor [rows, pictures, H, W, C] in [0, 1].

    Raises:
        UndefinedError: if the model is of points.
        ConfigError: if the model has no such class.
    """
    import tensorflow as tf

    from tfgen import random

    if not model.is_image:
        raise UndefinedError(f"An interpolation needs images. Received: points of shape {list(model.event_shape)}")
    if to_label is not None:
        return _from_class_to_class(model, pairs, steps, seed, temperature, label, to_label, loop)
    if isinstance(label, str) and label == "each" and "each" not in model.classes:
        label = np.repeat(np.arange(pairs) % max(len(model.classes), 1), 2)
    seeds = random.seeds_from(seed, 2 * pairs)
    labels = model.labels_from_seeds(seeds) if label is None else model.labels_of(label, 2 * pairs)
    given = model.given(labels)
    if images is None:
        ends = model.normal_noise(seeds, temperature)
    elif can_project(model):
        found = project_pictures(model, images, labels, classifier=classifier, progress=progress)
        # A generator's latents are its normal noise.
        ends = tf.constant(found.latents)
    else:
        ends = model.normal_from(model.encode(images, **given), **given)
    flat, weights = tf.reshape(ends, (2 * pairs, -1)), model.one_hot(labels)
    if loop:
        pieces = [_piece(model, flat, weights, i, (i + 1) % (2 * pairs), steps, path)[:-1] for i in range(2 * pairs)]
        return tf.concat(pieces, axis=0)[None]
    return tf.stack([_piece(model, flat, weights, 2 * i, 2 * i + 1, steps, path) for i in range(pairs)])


def _piece(model: "GenerativeModel", ends, weights, first: int, last: int, steps: int, path: str):
    """Return the pictures from one end to another, [steps, H, W, C].

    Args:
        ends: normal noise of all ends, [n, d].
        weights: class vectors of all ends, [n, K]; None without classes.
        first, last: positions of the ends.
    """
    import tensorflow as tf

    from tfgen.models import latent_paths

    run = {"slerp": latent_paths.slerp, "lerp": latent_paths.lerp}[path]
    normal = tf.reshape(run(ends[first], ends[last], steps)[0], (steps, *model.latent_shape))
    given = {} if weights is None else {"label": latent_paths.lerp(weights[first], weights[last], steps)[0]}
    return model.decode(model.latents_from(normal, **given), **given)


def _from_class_to_class(model, rows: int, steps: int, seed: int, temperature: float, label, to_label, loop: bool):
    """Return rows of pictures of one noise each, whose class vector runs from one class to another."""
    import tensorflow as tf

    from tfgen import random

    if label is None:
        raise ConfigError("--to-label: expected together with --label, the class of the first picture. Received: none")
    noise = tf.reshape(model.normal_noise(random.seeds_from(seed, rows), temperature), (rows, -1))
    weights = model.one_hot(tf.concat([model.labels_of(label, 1), model.labels_of(to_label, 1)], axis=0))
    result = []
    for row in range(rows):
        ends = tf.repeat(noise[row : row + 1], 2, axis=0)
        there = _piece(model, ends, weights, 0, 1, steps, "lerp")
        back = _piece(model, ends, weights, 1, 0, steps, "lerp")
        result.append(tf.concat([there[:-1], back[:-1]], axis=0) if loop else there)
    return tf.stack(result)


def write_interpolation(
    model: "GenerativeModel", file: str | Path, frames_per_second: int = 12, **options: Any
) -> None:
    """Write the rows that `interpolate(model, **options)` returns: as a PNG, or animated as a GIF or MP4.

    Raises:
        ConfigError: if the paths are closed and the file is a PNG, or the packages for MP4 are missing.
    """
    from tfgen.plots.animation import check_video_writer, grid_frames, save_animation
    from tfgen.plots.interpolation import save_interpolation

    suffix = Path(file).suffix.lower()
    if suffix == ".png":
        if options.get("loop"):
            raise ConfigError(f"--loop: expected a .gif or .mp4, in which the path is closed. Received: {file}")
        save_interpolation(interpolate(model, **options), file)
        return
    if suffix == ".mp4":
        check_video_writer()
    save_animation(grid_frames(interpolate(model, **options)), file, frames_per_second)


def pairs_of_test_images(
    run: "Run", model: "GenerativeModel", first: int, pairs: int
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return test images as the ends of an interpolation, integers [2 · pairs, H, W, C], and their labels.

    The labels are None for a model without classes.

    Args:
        run: the model's run.
        model: the model.
        first: number of the first test image.
        pairs: number of rows.

    Raises:
        UndefinedError: if the model is of points.
        ConfigError: if there are too few test images.
    """
    if not model.is_image:
        raise UndefinedError(f"An interpolation needs images. Received: points of shape {list(model.event_shape)}")
    test = run.dataset.test
    examples = test.examples
    images = examples[first : first + 2 * pairs]
    if len(images) < 2 * pairs:
        raise ConfigError(
            f"--real: expected two of the {len(examples)} test images for each row. Received: {pairs} rows, starting "
            f"at number {first}"
        )
    return images, labels_for(model, test[first : first + 2 * pairs])
