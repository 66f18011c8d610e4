"""Classification by a conditional model with a likelihood: Bayes' rule p(y|x) ∝ p(x|y) p(y)."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from tfgen.errors import UndefinedError
from tfgen.evaluation.likelihood import labels_for
from tfgen.evaluation.progress import progress_bar
from tfgen.evaluation.split import examples_of_split
from tfgen.metrics.classification import BINS, accuracy, expected_calibration_error, log_loss
from tfgen.runs.entries import ClassificationEntry
from tfgen.runs.evaluations import add_entry

if TYPE_CHECKING:
    from tfgen.data.stored import Images
    from tfgen.models.contract import GenerativeModel
    from tfgen.runs.run import Run


def class_log_posteriors(
    model: "GenerativeModel",
    examples: "Images",
    *,
    samples: int = 1,
    seed: int = 0,
    batch_size: int = 100,
    progress: Callable[[int], None] = lambda done: None,
) -> np.ndarray:
    """Return log p(y|x) of every example and every class, float64 [n, K].

    Args:
        model: a conditional model with a likelihood.
        examples: [n, *event_shape].
        samples: number of draws of the noise of the likelihood p(x|y), over which p(y|x) is averaged.
        seed: seed of the noise; batch number b uses `seed` + b.
        batch_size: number of examples of a batch.
        progress: called after each batch with the number of examples so far.

    Raises:
        UndefinedError: if the model has no likelihood or no classes.
    """
    import tensorflow as tf

    from tfgen.data.batches import evaluation_batches

    check_classifies(model)

    @tf.function(autograph=False)
    def log_posterior(batch, batch_seed):
        return model.class_log_posterior(batch, samples=samples, seed=batch_seed)

    found: list[np.ndarray] = []
    for number, (batch, mask) in enumerate(evaluation_batches(examples, batch_size)):
        values = log_posterior(batch, tf.constant(seed + number, tf.int64)).numpy()
        found.append(values[mask.numpy() > 0].astype(np.float64))
        progress(sum(map(len, found)))
    return np.concatenate(found)


def check_classifies(model: "GenerativeModel") -> None:
    """Raise `UndefinedError` if a model has no classes or no likelihood."""
    if not model.is_conditional:
        raise UndefinedError(
            "Classification by Bayes' rule needs a conditional model (tfgen train --conditional). Received: a model "
            "without classes"
        )
    model.estimator(1)  # raises the error of a model without likelihood


def measure_classification(
    run: "Run",
    *,
    model: "GenerativeModel | None" = None,
    samples: int = 1,
    split: str = "test",
    seed: int = 0,
    batch_size: int = 100,
    first: int | None = None,
    progress: bool = False,
) -> ClassificationEntry:
    """Measure accuracy and calibration of the classes of a split and record them in the run's `evaluation.json`.

    Args:
        run: the run of a conditional model.
        model: the run's model, if it is already loaded.
        samples, split, seed, batch_size, first, progress: see `tfgen.evaluation.likelihood.measure_likelihood`.

    Raises:
        UndefinedError: if the model has no likelihood or no classes.
        ConfigError: if the run has no such split.
    """
    model = model or run.load_model()
    check_classifies(model)
    examples = examples_of_split(run.dataset, split, first)
    labels = labels_for(model, examples)
    assert labels is not None
    started = time.monotonic()
    with progress_bar(len(examples), "example", progress) as bar:
        found = class_log_posteriors(
            model,
            examples.examples,
            samples=samples,
            seed=seed,
            batch_size=batch_size,
            progress=lambda done: bar.update(done - bar.n),
        )
    fraction, loss = accuracy(found, labels), log_loss(found, labels)
    entry = ClassificationEntry(
        split=split,
        epoch=run.epoch,
        estimator=model.estimator(1) + (f", p(y|x) averaged over {samples} draws" if samples > 1 else ""),
        samples=samples,
        seed=seed,
        examples=len(examples),
        classes=len(model.classes),
        accuracy=fraction,
        accuracy_standard_error=float(np.sqrt(fraction * (1.0 - fraction) / len(examples))),
        expected_calibration_error=expected_calibration_error(found, labels),
        bins=BINS,
        log_loss=loss if np.isfinite(loss) else None,
        seconds=round(time.monotonic() - started, 1),
    )
    add_entry(run, entry)
    return entry
