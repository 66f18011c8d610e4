"""The architectures of the classifier, each with its network, augmentation and optimizer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf

from tfgen.errors import DataError
from tfgen.evaluation import whitened_network
from tfgen.evaluation.augmentation import random_affine, random_flip_and_shift
from tfgen.evaluation.classifier_network import build_network

if TYPE_CHECKING:
    from tfgen.data.stored import Images

#: Number of steps of linear warm-up of Adam's learning rate.
WARMUP = 200
#: Smallest number of steps of a recipe with a number of passes.
FEWEST_STEPS = 500
#: Coefficient of the L2 penalty, and factor on the learning rate of the biases of batch normalization.
WEIGHT_DECAY, BIAS_FACTOR = 1.33e-3, 64.0
#: Learning rate of SGD as a fraction of its maximum: at the start, at the maximum, and at the end of the training.
RATE_POSITIONS, RATES = (0.0, 0.23, 1.0), (0.2, 1.0, 0.07)


@dataclass(frozen=True)
class Recipe:
    """How a classifier of one architecture is built and trained.

    Attributes:
        build: function from event shape, number of classes, filters and rate of dropout to the network.
        filters, steps, batch_size: default values of these settings; the steps are the largest number.
        passes: default number of passes over the training images, between `FEWEST_STEPS` and `steps` steps. None for
            `steps`, whatever the number of images.
        learning_rate: learning rate of a batch of `batch_size` examples.
        dropout: rate of dropout on the features.
        label_smoothing: part of the probability of a label that is spread over all classes.
        average_decay: decay of the moving average of the weights.
        augment: random change of training images, see `tfgen.evaluation.augmentation`.
        initialize: sets the initial weights that depend on the data.
        optimizer: function from variables, number of steps and learning rate to a function that applies gradients.
    """

    build: Callable[..., keras.Model]
    filters: int
    steps: int
    passes: int | None
    batch_size: int
    learning_rate: float
    dropout: float
    label_smoothing: float
    average_decay: float
    augment: Callable[..., tf.Tensor]
    initialize: Callable[[keras.Model, "Images", int], None]
    optimizer: Callable[[Sequence[Any], int, float], Callable[[Sequence[tf.Tensor]], None]]

    def steps_for(self, examples: int, batch_size: int) -> int:
        """Default number of steps for so many training images."""
        if self.passes is None:
            return self.steps
        return min(self.steps, max(FEWEST_STEPS, round(self.passes * examples / batch_size)))


def _adam(variables, steps: int, learning_rate: float) -> Callable[[Sequence[tf.Tensor]], None]:
    """Adam with warm-up and a cosine schedule."""
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, max(steps - WARMUP, 1), warmup_target=learning_rate, warmup_steps=WARMUP
    )
    optimizer = keras.optimizers.Adam(rate)
    optimizer.build(variables)
    return lambda gradients: optimizer.apply(gradients, variables)


class _Triangle(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that rises linearly to its maximum and then falls linearly."""

    def __init__(self, steps: int, maximum: float):
        self.steps, self.maximum = steps, maximum

    def __call__(self, step):
        position = tf.cast(step, tf.float32) / self.steps
        (start, peak, end), (first, highest, last) = RATE_POSITIONS, RATES
        rising = first + (highest - first) * (position - start) / (peak - start)
        falling = highest + (last - highest) * (position - peak) / (end - peak)
        return self.maximum * tf.minimum(rising, falling)


def _nesterov(variables, steps: int, learning_rate: float) -> Callable[[Sequence[tf.Tensor]], None]:
    """SGD with Nesterov momentum and an L2 penalty, and a higher learning rate of the biases."""
    parts = []
    for is_bias, factor in ((False, 1.0), (True, BIAS_FACTOR)):
        own = [index for index, variable in enumerate(variables) if (len(variable.shape) == 1) == is_bias]
        rate = _Triangle(steps, factor * learning_rate)
        optimizer = keras.optimizers.SGD(rate, momentum=0.85, nesterov=True)
        optimizer.build([variables[index] for index in own])
        parts.append((own, optimizer, WEIGHT_DECAY / factor))

    def apply(gradients):
        for own, optimizer, decay in parts:
            targets = [variables[index] for index in own]
            penalized = [gradients[index] + decay * variable for index, variable in zip(own, targets, strict=True)]
            optimizer.apply(penalized, targets)

    return apply


#: Architecture → recipe.
RECIPES: dict[str, Recipe] = {
    "convolutional": Recipe(
        build=build_network,
        filters=16,
        steps=5000,
        passes=None,
        batch_size=128,
        learning_rate=2e-3,
        dropout=0.25,
        label_smoothing=0.0,
        average_decay=0.999,
        augment=random_affine,
        initialize=lambda network, images, levels: None,
        optimizer=_adam,
    ),
    "whitened": Recipe(
        build=lambda shape, classes, filters, dropout=0.0: whitened_network.build_whitened_network(
            shape, classes, filters
        ),
        filters=64,
        steps=4000,
        passes=20,
        batch_size=256,
        learning_rate=0.375,
        dropout=0.0,
        label_smoothing=0.2,
        average_decay=0.99,
        augment=random_flip_and_shift,
        initialize=whitened_network.initialize,
        optimizer=_nesterov,
    ),
}


def architecture_for(event_shape) -> str:
    """Return the architecture for images of a shape: "whitened" for colour of at least 16×16 pixels.

    The other network is a fifth of its size and is sufficient for grey images, such as digits.
    """
    height, width, channels = event_shape
    return "whitened" if channels == 3 and min(height, width) >= 16 else "convolutional"


def build_classifier_network(architecture: str, event_shape, classes: int, filters: int) -> keras.Model:
    """Return the network of a saved classifier.

    Raises:
        DataError: if this version does not know the architecture.
    """
    if architecture not in RECIPES:
        raise DataError(f"architecture: expected one of {', '.join(RECIPES)}. Received: {architecture!r}")
    return RECIPES[architecture].build(event_shape, classes, filters)
