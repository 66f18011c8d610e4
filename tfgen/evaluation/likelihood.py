"""Likelihood of a whole set, and the yardstick that needs no model."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tfgen.models.contract import GenerativeModel, Likelihood


def pixel_marginal_bits(train: np.ndarray, test: np.ndarray, levels: int) -> float:
    """Bits per dimension of a model that knows each pixel's histogram and nothing else.

    A histogram for each pixel and channel is counted on `train`, with one count added to every level; a generative
    model that does not beat it has learned nothing about how pixels go together.

    Args:
        train, test: integer images [n, H, W, C] and [m, H, W, C].
        levels: intensity levels.

    Returns:
        Mean of −log₂ p over the pixels of `test`.
    """
    count, dimensions = len(train), math.prod(train.shape[1:])
    flat_train, flat_test = train.reshape(count, dimensions), test.reshape(len(test), dimensions)
    pixel = np.arange(dimensions)
    histogram = np.ones((dimensions, levels))
    for row in flat_train:
        histogram[pixel, row] += 1.0
    bits = -np.log2(histogram / (count + levels))
    return float(np.mean([bits[pixel, row].mean() for row in flat_test]))


def baseline(model: "GenerativeModel", train: np.ndarray, test: np.ndarray) -> float:
    """Bits per dimension of the pixel marginals, on the pixels as that model's likelihood observes them.

    For drawn binarizations it is that of independent Bernoulli pixels with the mean intensities of `train`, in
    expectation over the draws.

    Args:
        model: one of images with a likelihood.
        train, test: integer images [n, H, W, C] and [m, H, W, C].
    """
    if model.observed_levels == model.levels:
        return pixel_marginal_bits(train, test, model.levels)
    brightest = model.levels - 1.0
    if model.config.binarize == "threshold":
        train, test = ((images > 0.5 * brightest).astype(np.uint8) for images in (train, test))
        return pixel_marginal_bits(train, test, 2)
    probability = (train.sum(axis=0) / brightest + 1.0) / (len(train) + 2.0)
    mean = test.mean(axis=0) / brightest
    return float(-np.mean(mean * np.log2(probability) + (1.0 - mean) * np.log2(1.0 - probability)))


def evaluate_likelihood(
    model: "GenerativeModel",
    examples: np.ndarray,
    *,
    samples: int = 1,
    seed: int = 0,
    batch_size: int = 100,
    progress: Callable[[int], None] = lambda done: None,
) -> "Likelihood":
    """Likelihood of every example of a set, estimated batch by batch, each shared by the replicas of the strategy.

    Args:
        model: one that answers log_prob.
        examples: [n, *event_shape].
        samples: latent or dequantization samples for each example.
        seed: of the noise; batch number b uses seed + b.
        batch_size: examples at a time, rounded up to a multiple of the number of replicas.
        progress: called with the number of examples done so far.

    Returns:
        The `Likelihood` of all n.

    Raises:
        UndefinedError: if the model has none.
    """
    import dataclasses

    import tensorflow as tf

    from tfgen import random
    from tfgen.data.batches import evaluation_batches

    strategy = tf.distribute.get_strategy()
    batch_size += -batch_size % strategy.num_replicas_in_sync

    @tf.autograph.experimental.do_not_convert
    def share(batch, batch_seed):
        replicas, index = random.replica()
        own = tf.reshape(batch, (replicas, batch_size // replicas, *batch.shape[1:]))[index]
        return model.log_prob(own, samples=samples, seed=batch_seed)

    @tf.function(autograph=False)
    def log_prob(batch, batch_seed):
        if strategy.num_replicas_in_sync == 1:
            return model.log_prob(batch, samples=samples, seed=batch_seed)
        return strategy.gather(strategy.run(share, args=(batch, batch_seed)), axis=0)

    # Asked eagerly first, so that a model without an answer says so before anything is traced.
    model.estimator(samples)
    nats = []
    for number, (batch, mask) in enumerate(evaluation_batches(examples, batch_size)):
        values = log_prob(batch, tf.constant(seed + number, tf.int64)).numpy()
        nats.append(values[mask.numpy() > 0])
        progress(sum(map(len, nats)))
    described = model.likelihood(examples[:1], samples=1)
    return dataclasses.replace(
        described,
        nats=np.concatenate(nats).astype(np.float64),
        estimator=model.estimator(samples),
        samples=samples,
    )
