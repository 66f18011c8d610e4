"""The log-likelihood of a set of examples, and of a split of a run's data."""

import dataclasses
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from tfgen.errors import DataError
from tfgen.evaluation.progress import progress_bar
from tfgen.evaluation.split import examples_of_split
from tfgen.metrics.independent_pixels import independent_bernoulli_bits_per_dim, independent_pixels_bits_per_dim
from tfgen.runs.entries import LikelihoodEntry
from tfgen.runs.evaluations import add_entry

if TYPE_CHECKING:
    from tfgen.data.sets import ImageSet, PointSet
    from tfgen.data.stored import Images
    from tfgen.models.contract import GenerativeModel
    from tfgen.models.likelihood import Likelihood
    from tfgen.runs.run import Run


def evaluate_likelihood(
    model: "GenerativeModel",
    examples: "Images",
    *,
    samples: int = 1,
    seed: int = 0,
    batch_size: int = 100,
    labels: np.ndarray | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> "Likelihood":
    """Return the log-likelihood of every example of a set.

    The likelihood of a conditional model is p(x|y) with labels, and without them the marginal p(x).

    The replicas of the current strategy share each batch.

    Args:
        model: a model with a likelihood.
        examples: [n, *event_shape].
        samples: number of latent or dequantization samples for each example.
        seed: seed of the noise; batch number b uses `seed` + b.
        batch_size: number of examples of a batch, rounded up to a multiple of the number of replicas.
        labels: integers [n], for a conditional model.
        progress: called after each batch with the number of examples so far.

    Raises:
        UndefinedError: if the model has no likelihood.
    """
    import tensorflow as tf

    from tfgen.data.batches import evaluation_batches, padded_labels

    # Raises the error of a model without likelihood before anything is traced.
    estimator = model.estimator(samples)
    batch_size += -batch_size % tf.distribute.get_strategy().num_replicas_in_sync
    log_prob = _log_prob_function(model, samples, batch_size)
    nats = []
    for number, (batch, mask) in enumerate(evaluation_batches(examples, batch_size)):
        label = padded_labels(labels, number * batch_size, batch_size)
        values = log_prob(batch, tf.constant(seed + number, tf.int64), label).numpy()
        nats.append(values[mask.numpy() > 0])
        progress(sum(map(len, nats)))
    # The likelihood of one example has the levels and dimensions of all.
    described = model.likelihood(examples[:1], samples=1, **model.given(None if labels is None else labels[:1]))
    return dataclasses.replace(
        described, nats=np.concatenate(nats).astype(np.float64), estimator=estimator, samples=samples
    )


def _log_prob_function(model: "GenerativeModel", samples: int, batch_size: int) -> Callable[..., Any]:
    """Return a compiled function from a batch, a seed and labels or None to log-likelihoods in nats [batch_size]."""
    import tensorflow as tf

    from tfgen import random

    strategy = tf.distribute.get_strategy()

    @tf.autograph.experimental.do_not_convert
    def on_replica(batch, batch_seed, label):
        replicas, index = random.replica()
        share = batch_size // replicas
        own = tf.reshape(batch, (replicas, share, *batch.shape[1:]))[index]
        label = None if label is None else tf.reshape(label, (replicas, share))[index]
        return model.log_prob(own, samples=samples, seed=batch_seed, **model.given(label))

    @tf.function(autograph=False)
    def log_prob(batch, batch_seed, label):
        if strategy.num_replicas_in_sync == 1:
            return model.log_prob(batch, samples=samples, seed=batch_seed, **model.given(label))
        return strategy.gather(strategy.run(on_replica, args=(batch, batch_seed, label)), axis=0)

    return log_prob


def baseline_bits_per_dim(model: "GenerativeModel", train: "Images", test: "Images") -> float:
    """Return the bits per dimension of independent pixels, for the pixels that the model's likelihood observes.

    Args:
        model: a model of images with a likelihood. It determines how the images are binarized.
        train: integer images [n, H, W, C], from which the distribution of each pixel is estimated.
        test: integer images [m, H, W, C].
    """
    if model.observed_levels == model.levels:
        return independent_pixels_bits_per_dim(train, test, model.levels)
    if model.config.binarize == "threshold":
        train, test = ((images > 0.5 * (model.levels - 1.0)).astype(np.uint8) for images in (train, test))
        return independent_pixels_bits_per_dim(train, test, 2)
    return independent_bernoulli_bits_per_dim(train, test, model.levels)


def measure_likelihood(
    run: "Run",
    *,
    model: "GenerativeModel | None" = None,
    samples: int = 1,
    split: str = "test",
    seed: int = 0,
    batch_size: int = 100,
    first: int | None = None,
    progress: bool = False,
    record: bool = True,
    on_batch: Callable[[], None] = lambda: None,
) -> LikelihoodEntry:
    """Measure the likelihood of a split and record it in the run's `evaluation.json`.

    Args:
        run: the run.
        model: the run's model, if it is already loaded.
        samples: number of latent or dequantization samples for each example.
        split: "train", "validation" or "test".
        seed: seed of the noise.
        batch_size: number of examples of a batch.
        first: number of examples, from the start of the split; None for all.
        progress: whether to show a progress bar.
        record: whether to write the entry. False on a worker that is not the chief.
        on_batch: called after each batch.

    Returns:
        The entry. It replaces the recorded entry of the same split, number of samples and number of examples. Nothing
        is written into the folder of a pretrained model.

    Raises:
        UndefinedError: if the model has no likelihood.
        ConfigError: if the run has no such split.
    """
    model = model or run.load_model()
    model.estimator(samples)  # raises the error of a model without likelihood before the data is read
    examples = examples_of_split(run.dataset, split, first)
    started = time.monotonic()
    with progress_bar(len(examples), "example", progress) as bar:

        def show(done: int) -> None:
            bar.update(done - bar.n)
            on_batch()

        result = evaluate_likelihood(
            model,
            examples.examples,
            samples=samples,
            seed=seed,
            batch_size=batch_size,
            labels=labels_for(model, examples),
            progress=show,
        )
    entry = LikelihoodEntry(
        split=split,
        epoch=run.epoch,
        estimator=result.estimator,
        samples=samples,
        examples=len(result.nats),
        seed=seed,
        log_prob_nats=float(result.nats.mean()),
        log_prob_nats_standard_error=_standard_error(result.nats),
        conditional=model.is_conditional or None,
        augmentation=" ".join(run.config.train.augment) or None,
        **(_image_fields(run, model, result, examples) if model.is_image else _point_fields(examples)),
        seconds=round(time.monotonic() - started, 1),
    )
    if record:
        add_entry(run, entry)
    return entry


def labels_for(model: "GenerativeModel", examples: "ImageSet | PointSet") -> np.ndarray | None:
    """Return the labels of a split for a conditional model, and None for a model without labels.

    Raises:
        DataError: if the model is conditional and the examples have no labels.
    """
    if not model.is_conditional:
        return None
    if examples.labels is None:
        raise DataError("Expected labelled examples for a conditional model. Received: examples without labels")
    return examples.labels


def _standard_error(values: np.ndarray) -> float | None:
    """Return the standard error of a mean over examples; None for a single example, since JSON has no NaN."""
    from tfgen.models.likelihood import standard_error

    return standard_error(values) if len(values) > 1 else None


def _image_fields(run: "Run", model: "GenerativeModel", result: "Likelihood", examples: Any) -> dict[str, Any]:
    """Return the fields of an entry that only images have."""
    fields: dict[str, Any] = {
        "bits_per_dim": result.mean,
        "bits_per_dim_standard_error": _standard_error(result.bits_per_dim),
        "bits_per_dim_percentiles": np.percentile(result.bits_per_dim, np.arange(101)).tolist(),
        "levels": result.levels,
        "dimensions": result.dimensions,
        "pixel_marginal_bits_per_dim": baseline_bits_per_dim(model, run.dataset.train.examples, examples.examples),
    }
    if model.config.to_dict().get("likelihood") == "bernoulli":
        fields["binarization"] = model.config.binarize
    return fields


def _point_fields(examples: Any) -> dict[str, Any]:
    """Return the fields of an entry that only points have: no model can exceed the true log-density on average."""
    if (true_log_prob := examples.log_prob) is None:
        return {}
    return {"true_log_prob_nats": float(true_log_prob(examples.examples).mean())}
