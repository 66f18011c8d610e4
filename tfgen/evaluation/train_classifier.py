"""Training of the classifier in whose features samples are compared with data."""

import dataclasses
import itertools
import math
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from tfgen import random
from tfgen.data.batches import Batches
from tfgen.data.sets import Dataset
from tfgen.errors import DataError
from tfgen.evaluation.augmentation import random_affine
from tfgen.evaluation.classifier import Classifier, ClassifierCard
from tfgen.evaluation.classifier_files import set_weights, weights_to_bytes
from tfgen.evaluation.classifier_network import build_network
from tfgen.models.moving_average import MovingAverage

#: Number of steps of linear warm-up of the learning rate.
WARMUP = 200
#: Decay of the moving average of the weights, and rate of dropout on the features.
AVERAGE_DECAY, DROPOUT = 0.999, 0.25


def train_classifier(
    dataset: Dataset,
    *,
    steps: int = 5000,
    batch_size: int = 128,
    learning_rate: float = 2e-3,
    filters: int = 16,
    seed: int = 0,
    report: Callable[[int, float, float], None] = lambda step, loss, accuracy: None,
) -> tuple[bytes, ClassifierCard]:
    """Train a classifier on the training split and measure its accuracy on the test split.

    The images are augmented by `random_affine`. The optimizer is Adam with warm-up and a cosine schedule. The result is
    the moving average of the weights, rounded to float16; the stated accuracy is that of the rounded weights. No choice
    depends on the test split.

    Args:
        dataset: labelled images.
        steps: number of training steps.
        batch_size: number of examples of a step, at most the number of training examples.
        learning_rate: learning rate after the warm-up of `WARMUP` steps.
        filters: see `build_network`.
        seed: seed of initial weights, order of examples, augmentation and dropout.
        report: called ten times with the step, the mean loss since the last call, and the accuracy on the validation
            split (NaN without one).

    Returns:
        The weights as `weights_to_bytes` returns them, and the card without SHA-256 and command.

    Raises:
        DataError: if there are no labels, labels of one class only, or test labels that no training example has.
    """
    labels = _check_labels(dataset)
    keras.utils.set_random_seed(seed)
    card = _card(dataset, labels, filters)
    network = build_network(dataset.event_shape, card.classes, filters, dropout=DROPOUT)
    classifier = Classifier(network, card, dataset.name)
    targets = classifier.class_of_label(labels)
    classifier.class_of_label(dataset.test.labels)
    average = MovingAverage(network.trainable_variables, AVERAGE_DECAY)
    run_steps = _training_loop(dataset, network, average, targets, steps, batch_size, learning_rate, seed)
    stops = sorted({round(steps * tenth / 10) for tenth in range(11)})
    for start, stop in itertools.pairwise(stops):
        total = run_steps(tf.constant(start, tf.int64), tf.constant(stop, tf.int64))
        with average.swapped(network.trainable_variables):
            validation = dataset.validation
            accuracy = math.nan if validation is None else classifier.accuracy(validation.examples, validation.labels)
        report(stop, float(total) / (stop - start), accuracy)
    with average.swapped(network.trainable_variables):
        normalize_features(classifier, dataset.train.examples)
        content = weights_to_bytes(network)
    set_weights(network, content)
    test = dataset.test
    return content, dataclasses.replace(
        card,
        test_examples=len(test),
        test_accuracy=classifier.accuracy(test.examples, test.labels),
        weights=sum(math.prod(variable.shape) for variable in network.weights),
    )


def _check_labels(dataset: Dataset) -> np.ndarray:
    """Return the training labels [n]. Raises `DataError` if a split has no labels, or those of one class only."""
    if not dataset.is_images:
        raise DataError(f"Expected labelled images. Received: {dataset.name}, which consists of points")
    for split in (dataset.train, dataset.test):
        if split.labels is None:
            raise DataError(
                "Expected labelled images: a folder with one sub-folder for each class, or an .npz with an array "
                f"'labels'. Received: {dataset.name}, without labels"
            )
        if len(np.unique(split.labels)) < 2:
            raise DataError(f"Expected images of at least 2 classes. Received: {dataset.name}, with 1 class")
    return dataset.train.labels  # type: ignore[return-value]


def _card(dataset: Dataset, train_labels: np.ndarray, filters: int) -> ClassifierCard:
    labels, names = np.unique(train_labels).tolist(), dataset.label_names
    return ClassifierCard(
        data=dataset.name,
        event_shape=tuple(dataset.event_shape),
        levels=dataset.levels,  # type: ignore[arg-type]
        labels=tuple(labels),
        label_names=None if names is None else tuple(names[label] for label in labels),
        filters=filters,
    )


def _training_loop(
    dataset: Dataset,
    network: keras.Model,
    average: MovingAverage,
    targets: np.ndarray,
    steps: int,
    batch_size: int,
    learning_rate: float,
    seed: int,
) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """Return a function that makes the steps `start` to `stop` − 1 and returns the sum of their losses."""
    images, classes = tf.constant(dataset.train.examples), tf.constant(targets)
    # The batches are of positions, which select both images and classes.
    batches = Batches(np.arange(len(targets)), min(batch_size, len(targets)), seed)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, max(steps - WARMUP, 1), warmup_target=learning_rate, warmup_steps=WARMUP
    )
    optimizer = keras.optimizers.Adam(rate)
    optimizer.build(network.trainable_variables)

    def update(step):
        rows = batches.at(step)
        with random.StepRng(seed, step) as rng, tf.GradientTape() as tape:
            batch = tf.cast(tf.gather(images, rows), tf.float32) / (dataset.levels - 1.0)
            logits = network(random_affine(batch, rng), training=True)[1]
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.gather(classes, rows), logits)
            loss = tf.reduce_mean(losses)
        variables = network.trainable_variables
        optimizer.apply(tape.gradient(loss, [variable.value for variable in variables]), variables)
        average.update(variables, step)
        return loss

    @tf.function(autograph=False)
    def run_steps(start, stop):
        return tf.while_loop(
            lambda step, total: step < stop,
            lambda step, total: (step + 1, total + update(step)),
            (start, tf.constant(0.0)),
        )[1]

    return run_steps


def normalize_features(classifier: Classifier, examples: np.ndarray) -> None:
    """Scale the features to a mean square of 1 on `examples`, and the weights of the logits inversely.

    The logits do not change. Training does not determine the scale of the features, but distances between features
    depend on it.
    """
    kernel, bias, last = classifier.network.trainable_variables[-4:-1]
    scale = np.sqrt(np.mean(classifier.classify(examples).features ** 2))
    for variable, factor in ((kernel, 1.0 / scale), (bias, 1.0 / scale), (last, scale)):
        variable.assign(variable * factor)
