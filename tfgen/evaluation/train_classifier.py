"""Training of the classifier in whose features samples are compared with data."""

import dataclasses
import itertools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import keras
import numpy as np
import tensorflow as tf

from tfgen import random
from tfgen.data.batches import Batches
from tfgen.data.sets import Dataset
from tfgen.errors import ConfigError, DataError
from tfgen.evaluation.augmentation import random_shift
from tfgen.evaluation.classifier import Classifier, ClassifierCard
from tfgen.evaluation.classifier_files import set_weights, weights_to_bytes
from tfgen.evaluation.classifier_recipes import RECIPES, Recipe, architecture_for
from tfgen.evaluation.split import evenly_spaced
from tfgen.models.moving_average import MovingAverage
from tfgen.networks.fused import fused_elementwise
from tfgen.products import products_in_bfloat16

if TYPE_CHECKING:
    from tfgen.data.stored import Images

#: Number of training images that determine the scale of the features.
SCALE_IMAGES = 10_000


def train_classifier(
    dataset: Dataset,
    *,
    architecture: str | None = None,
    steps: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    filters: int | None = None,
    flip: bool = True,
    bfloat16_products: bool = False,
    seed: int = 0,
    report: Callable[[int, int, float, float], None] = lambda step, steps, loss, accuracy: None,
) -> tuple[bytes, ClassifierCard]:
    """Train a classifier on the training split and measure its accuracy on the test split.

    `tfgen.evaluation.classifier_recipes.RECIPES` has the network, the augmentation and the optimizer of each
    architecture, and the default values of these arguments. The result is the moving average of the weights, rounded to
    float16; the stated accuracy is that of the rounded weights. No choice depends on the test split.

    Args:
        dataset: labelled images.
        architecture: key of `RECIPES`; None for the one that `architecture_for` chooses by the shape of the images.
        steps: number of training steps; None for the recipe's.
        batch_size: number of examples of a step, at most the number of training examples.
        learning_rate: largest learning rate; None for the recipe's, scaled with the batch size for "whitened".
        filters: number of filters of the first layer.
        flip: whether the "whitened" recipe mirrors images from left to right.
        bfloat16_products: whether the training steps compute products in bfloat16, see `tfgen.products`. The accuracy
            is always that of a network in float32.
        seed: seed of initial weights, order of examples, augmentation and dropout.
        report: called ten times with the step, the number of steps, the mean loss since the last call, and the accuracy
            on the validation split (NaN without one).

    Returns:
        The weights as `weights_to_bytes` returns them, and the card without SHA-256 and command.

    Raises:
        DataError: if there are no labels, labels of one class only, or test labels that no training example has.
        ConfigError: if there is no such architecture.
    """
    labels = _check_labels(dataset)
    architecture = architecture or architecture_for(dataset.event_shape)
    recipe = _recipe(architecture, steps, batch_size, learning_rate, filters, flip, len(labels))
    keras.utils.set_random_seed(seed)
    card = _card(dataset, labels, recipe.filters, architecture)
    network = recipe.build(dataset.event_shape, card.classes, recipe.filters, dropout=recipe.dropout)
    recipe.initialize(network, dataset.train.examples, card.levels)
    classifier = Classifier(network, card, dataset.name)
    targets = classifier.class_of_label(labels)
    classifier.class_of_label(dataset.test.labels)
    # The moments of batch normalization belong to the averaged weights; other states, such as seeds, are integers.
    averaged = [variable for variable in network.weights if variable.dtype == "float32"]
    average = MovingAverage(averaged, recipe.average_decay)
    run_steps = _training_loop(dataset, network, averaged, average, targets, recipe, seed)
    stops = sorted({round(recipe.steps * tenth / 10) for tenth in range(11)})
    for start, stop in itertools.pairwise(stops):
        with products_in_bfloat16(bfloat16_products):
            total = run_steps(tf.constant(start, tf.int64), tf.constant(stop, tf.int64))
        with average.swapped(averaged):
            validation = dataset.validation
            accuracy = math.nan if validation is None else classifier.accuracy(validation.examples, validation.labels)
        report(stop, recipe.steps, float(total) / (stop - start), accuracy)
    with average.swapped(averaged):
        if architecture == "convolutional":
            normalize_features(classifier, dataset.train.examples)
        content = weights_to_bytes(network)
    set_weights(network, content)
    if architecture != "convolutional":
        card = dataclasses.replace(card, feature_scale=_root_mean_square(classifier, dataset.train.examples))
    test = dataset.test
    return content, dataclasses.replace(
        card,
        test_examples=len(test),
        test_accuracy=classifier.accuracy(test.examples, test.labels),
        weights=sum(math.prod(variable.shape) for variable in network.weights),
    )


def _recipe(
    architecture: str,
    steps: int | None,
    batch_size: int | None,
    learning_rate: float | None,
    filters: int | None,
    flip: bool,
    examples: int,
) -> Recipe:
    """Return the recipe of an architecture with the caller's settings."""
    if architecture not in RECIPES:
        raise ConfigError(f"architecture: expected one of {', '.join(RECIPES)}. Received: {architecture!r}")
    recipe = RECIPES[architecture]
    batch = min(batch_size or recipe.batch_size, examples)
    if learning_rate is None:
        # SGD keeps the size of its noise if the learning rate grows with the batch.
        learning_rate = recipe.learning_rate * (batch / recipe.batch_size if architecture == "whitened" else 1.0)
    return dataclasses.replace(
        recipe,
        augment=random_shift if architecture == "whitened" and not flip else recipe.augment,
        steps=steps or recipe.steps_for(examples, batch),
        batch_size=batch,
        learning_rate=learning_rate,
        filters=filters or recipe.filters,
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


def _card(dataset: Dataset, train_labels: np.ndarray, filters: int, architecture: str) -> ClassifierCard:
    labels, names = np.unique(train_labels).tolist(), dataset.label_names
    return ClassifierCard(
        data=dataset.name,
        event_shape=tuple(dataset.event_shape),
        levels=dataset.levels,  # type: ignore[arg-type]
        labels=tuple(labels),
        label_names=None if names is None else tuple(names[label] for label in labels),
        filters=filters,
        architecture=architecture,
    )


def _training_loop(
    dataset: Dataset,
    network: keras.Model,
    averaged: list,
    average: MovingAverage,
    targets: np.ndarray,
    recipe: Recipe,
    seed: int,
) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """Return a function that makes the steps `start` to `stop` − 1 and returns the sum of their losses."""
    batches = Batches(dataset.train.examples, recipe.batch_size, seed, labels=targets)
    variables = network.trainable_variables
    apply = recipe.optimizer(variables, recipe.steps, recipe.learning_rate)
    count = len(np.unique(targets))

    def loss_of(classes, logits):
        if not recipe.label_smoothing:
            return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(classes, logits))
        smooth = (1.0 - recipe.label_smoothing) * tf.one_hot(classes, count) + recipe.label_smoothing / count
        return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(smooth, logits))

    def update(step):
        images, classes = batches.at(step)
        with random.StepRng(seed, step) as rng, fused_elementwise(), tf.GradientTape() as tape:
            batch = tf.cast(images, tf.float32) / (dataset.levels - 1.0)
            logits = network(recipe.augment(batch, rng), training=True)[1]
            loss = loss_of(classes, logits)
        apply(tape.gradient(loss, [variable.value for variable in variables]))
        average.update(averaged, step)
        return loss

    @tf.function(autograph=False)
    def run_steps(start, stop):
        return tf.while_loop(
            lambda step, total: step < stop,
            lambda step, total: (step + 1, total + update(step)),
            (start, tf.constant(0.0)),
        )[1]

    return run_steps


def normalize_features(classifier: Classifier, examples: "Images") -> None:
    """Scale the features to a mean square of 1 on `examples`, and the weights of the logits inversely.

    The logits do not change. Training does not determine the scale of the features, but distances between features
    depend on it.
    """
    kernel, bias, last = classifier.network.trainable_variables[-4:-1]
    scale = _root_mean_square(classifier, examples)
    for variable, factor in ((kernel, 1.0 / scale), (bias, 1.0 / scale), (last, scale)):
        variable.assign(variable * factor)


def _root_mean_square(classifier: Classifier, examples: "Images") -> float:
    """Return the root of the mean square of the features of the examples, of at most `SCALE_IMAGES` of them."""
    chosen = examples[evenly_spaced(len(examples), min(len(examples), SCALE_IMAGES))]
    return float(np.sqrt(np.mean(classifier.classify(chosen).features ** 2)))
