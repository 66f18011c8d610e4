"""The error of a flow's inverse in float32 arithmetic."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from tfgen.errors import UndefinedError
from tfgen.evaluation.likelihood import labels_for
from tfgen.evaluation.progress import progress_bar
from tfgen.evaluation.split import examples_of_split
from tfgen.runs.entries import InversionEntry, InversionErrors
from tfgen.runs.evaluations import add_entry

if TYPE_CHECKING:
    from tfgen.data.stored import Images
    from tfgen.models.contract import GenerativeModel
    from tfgen.runs.run import Run

#: Number of images of uniform noise.
NOISE = 256


def evaluate_inversion(
    model: "GenerativeModel",
    examples: "Images",
    *,
    seed: int = 0,
    batch_size: int = 100,
    labels: np.ndarray | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> dict[str, InversionErrors]:
    """Measure |x − f(f⁻¹(x))| for a set of examples and, for images, also for images unlike any training image.

    A bijector is exactly invertible in real arithmetic. If a coupling maps an interval to one that is narrower than the
    spacing of float32 numbers, its inverse is inexact, and its likelihood is not that of the distribution it samples.

    Args:
        model: a flow.
        examples: [n, *event_shape].
        seed: seed of the images of noise, whose pixels are uniform over all levels.
        batch_size: number of examples of a batch.
        labels: classes of the examples, integers [n], for a conditional model. The other images have the classes in
            turn.
        progress: called after each batch with the number of examples so far.

    Returns:
        "examples" and, for images, "noise", "black" and "white" → errors over all values; images are in [0, 1].

    Raises:
        UndefinedError: if the model is not a flow.
    """
    import tensorflow as tf

    from tfgen.data.batches import evaluation_batches, padded_labels

    if not model.can("inversion_error"):
        raise UndefinedError(
            f"A {type(model).__name__} has no inversion error: expected a flow, whose encoder is the inverse of its "
            "decoder"
        )
    error_of = tf.function(model.inversion_error, autograph=False)
    errors, done = {}, 0
    for name, members in {"examples": examples, **_artificial_images(model, examples.dtype, seed)}.items():
        largest, totals = [], []
        of_members = labels if name == "examples" or labels is None else np.arange(len(members)) % len(model.classes)
        size = min(batch_size, len(members))
        for number, (batch, mask) in enumerate(evaluation_batches(members, size)):
            label = padded_labels(of_members, number * size, size)
            values = error_of(batch, **model.given(label)).numpy()[mask.numpy() > 0]
            largest.append(values.max())
            totals.append(values.mean(dtype=np.float64) * len(values))
            done += len(values)
            progress(done)
        errors[name] = InversionErrors(
            count=len(members), largest=float(max(largest)), mean=float(sum(totals) / len(members))
        )
    return errors


def _artificial_images(model: "GenerativeModel", dtype, seed: int) -> dict[str, np.ndarray]:
    """Return images of uniform noise, a black and a white image; nothing for points."""
    if not model.is_image:
        return {}
    shape, levels = model.event_shape, model.levels
    noise = np.random.default_rng(seed).integers(0, levels, (NOISE, *shape))
    return {
        "noise": noise.astype(dtype),
        "black": np.zeros((1, *shape), dtype),
        "white": np.full((1, *shape), levels - 1, dtype),
    }


def measure_inversion(
    run: "Run",
    *,
    model: "GenerativeModel | None" = None,
    split: str = "test",
    seed: int = 0,
    batch_size: int = 100,
    first: int | None = None,
    progress: bool = False,
) -> InversionEntry:
    """Measure the inversion error on a split and record it in the run's `evaluation.json`.

    Args:
        run: the run of a flow.
        model: the run's model, if it is already loaded.
        split: "train", "validation" or "test".
        seed: seed of the images of noise.
        batch_size: number of examples of a batch.
        first: number of examples, from the start of the split; None for all.
        progress: whether to show a progress bar.

    Raises:
        UndefinedError: if the model is not a flow.
        ConfigError: if the run has no such split.
    """
    model = model or run.load_model()
    chosen = examples_of_split(run.dataset, split, first)
    examples = chosen.examples
    with progress_bar(len(examples), "example", progress) as bar:
        errors = evaluate_inversion(
            model,
            examples,
            seed=seed,
            batch_size=batch_size,
            labels=labels_for(model, chosen) if model.can("inversion_error") else None,
            progress=lambda done: bar.update(min(done, bar.total) - bar.n),
        )
    entry = InversionEntry(split=split, epoch=run.epoch, seed=seed, **errors)  # type: ignore[arg-type]
    add_entry(run, entry)
    return entry
