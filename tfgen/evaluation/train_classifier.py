"""Train the classifier that samples are measured with: tfgen train-classifier --data mnist

Any labelled images will do: digits, mnist, fashion_mnist, a folder whose sub-folders are the classes, an .npz with
labels. Writes the weights as float16 (an .npz) and, beside them, a .json with their hash, test accuracy and command.
"""

import itertools
import math
from typing import TYPE_CHECKING, Any

from tfgen.errors import DataError

if TYPE_CHECKING:
    from tfgen.data.sets import Dataset
    from tfgen.evaluation.classifier import Classifier


#: Steps over which the step size rises.
WARMUP = 200

#: What may be left out of the recorded command: where files lie says nothing about the weights.
_PLACES = ("data_dir", "out")


def train_classifier(
    dataset: "Dataset",
    *,
    steps: int = 5000,
    batch_size: int = 128,
    learning_rate: float = 2e-3,
    filters: int = 16,
    seed: int = 0,
    report=lambda step, loss, accuracy: None,
) -> tuple[bytes, dict[str, Any]]:
    """Train on the training split, with small rotations, shifts and changes of size; measure on the test split.

    Adam with a cosine schedule; the weights are the moving average at the end, rounded to float16, and it is the
    rounded ones whose accuracy is stated. Nothing is chosen by the test split.

    Args:
        dataset: labelled images.
        steps: number of updates.
        batch_size: examples in each, at most all.
        learning_rate: after a warm-up over the first `WARMUP` steps.
        filters: see `build_network`.
        seed: of weights, order and noise.
        report: called ten times with the step, the mean loss since the last call, and the accuracy on the validation
            split (NaN where there is none).

    Returns:
        The packed weights, and the card without hash and command.

    Raises:
        DataError: if there are no labels, or labels in the test split that are in no training example.
    """
    import keras
    import numpy as np
    import tensorflow as tf

    from tfgen import random
    from tfgen.data.batches import Batches
    from tfgen.evaluation.classifier import Classifier, build_network, labelled, packed, unpack
    from tfgen.models.moving_average import MovingAverage

    if not dataset.is_images:
        raise DataError(f"Expected labelled images. Received: {dataset.name}, which is made of points")
    labels = labelled(dataset.train, dataset.name)
    labelled(dataset.test, dataset.name)
    known = np.unique(labels)
    card: dict[str, Any] = {
        "data": dataset.name,
        "event_shape": list(dataset.event_shape),
        "levels": dataset.levels,
        "classes": len(known),
        "labels": known.tolist(),
        "label_names": None if dataset.label_names is None else [dataset.label_names[label] for label in known],
        "filters": filters,
    }
    keras.utils.set_random_seed(seed)
    network = build_network(dataset.event_shape, len(known), filters, dropout=0.25)
    classifier = Classifier(network, card, dataset.name)
    targets = tf.constant(classifier.positions(labels))
    classifier.positions(dataset.test.labels)
    images = tf.constant(dataset.train.examples)
    # The order is that of the positions, so that images and labels stay together.
    batches = Batches(np.arange(len(labels)), min(batch_size, len(labels)), seed)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, max(steps - WARMUP, 1), warmup_target=learning_rate, warmup_steps=WARMUP
    )
    optimizer = keras.optimizers.Adam(rate)
    optimizer.build(network.trainable_variables)
    average = MovingAverage(network.trainable_variables, 0.999)

    def update(step):
        rows = batches.at(step)
        with random.StepRng(seed, step) as rng, tf.GradientTape() as tape:
            pictures = tf.cast(tf.gather(images, rows), tf.float32) / (dataset.levels - 1.0)
            logits = network(moved(pictures, rng), training=True)[1]
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.gather(targets, rows), logits)
            loss = tf.reduce_mean(losses)
        variables = network.trainable_variables
        optimizer.apply(tape.gradient(loss, [variable.value for variable in variables]), variables)
        average.update(variables, step)
        return loss

    @tf.function(autograph=False)
    def run(start, stop):
        return tf.while_loop(
            lambda step, total: step < stop,
            lambda step, total: (step + 1, total + update(step)),
            (start, tf.constant(0.0)),
        )[1]

    marks = sorted({round(steps * tenth / 10) for tenth in range(11)})
    for start, stop in itertools.pairwise(marks):
        total = run(tf.constant(start, tf.int64), tf.constant(stop, tf.int64))
        with average.swapped(network.trainable_variables):
            held = dataset.validation
            accuracy = math.nan if held is None else classifier.accuracy(held.examples, held.labels)
        report(stop, float(total) / (stop - start), accuracy)
    with average.swapped(network.trainable_variables):
        normalize_features(classifier, dataset.train.examples)
        content = packed(network)
    unpack(content, network)
    test = dataset.test
    card |= {
        "test_examples": len(test),
        "test_accuracy": classifier.accuracy(test.examples, test.labels),
        "weights": sum(math.prod(variable.shape) for variable in network.weights),
    }
    return content, card


def normalize_features(classifier: "Classifier", examples) -> None:
    """Scale the features to a mean square of 1 on some examples, and the logits' weights so that the logits stay.

    A classifier leaves the scale of its features open, and distances between features have that scale.
    """
    import numpy as np

    kernel, bias, last = classifier.network.trainable_variables[-4:-1]
    scale = np.sqrt(np.mean(classifier.describe(examples)[0] ** 2))
    for variable, factor in ((kernel, 1.0 / scale), (bias, 1.0 / scale), (last, scale)):
        variable.assign(variable * factor)


def moved(images, rng):
    """Images turned by up to 12°, shifted by up to 8 % of a side and up to 10 % larger or smaller, each its own way.

    What comes in from outside has the value of the nearest border pixel.

    Args:
        images: float32 [n, H, W, C].
        rng: the noise of the step.

    Returns:
        float32 [n, H, W, C].
    """
    import tensorflow as tf

    rows, height, width = images.shape[0], images.shape[1], images.shape[2]
    turn, zoom, right, down = tf.unstack(2.0 * rng.uniform("moved", (rows, 4)) - 1.0, axis=1)
    angle, scale = turn * math.radians(12.0), 1.0 + 0.1 * zoom
    cosine, sine = tf.cos(angle) / scale, tf.sin(angle) / scale
    x, y = (width - 1) / 2.0, (height - 1) / 2.0
    # Where each pixel of the result comes from: rotation and zoom about the middle, then the shift.
    matrix = tf.stack(
        [
            cosine,
            -sine,
            x - cosine * x + sine * y + 0.08 * width * right,
            sine,
            cosine,
            y - sine * x - cosine * y + 0.08 * height * down,
            tf.zeros(rows),
            tf.zeros(rows),
        ],
        axis=1,
    )
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=matrix,
        output_shape=[height, width],
        interpolation="BILINEAR",
        fill_mode="NEAREST",
        fill_value=0.0,
    )
