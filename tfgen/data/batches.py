"""Batches as a pure function of (seed, step). There is no state to save or to restore."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np
import tensorflow as tf

from tfgen.data.augment import augmented
from tfgen.data.stored import Images, StoredImages
from tfgen.errors import DataError
from tfgen.random.permutation import permuted

#: A batch: examples, or a pair of examples and labels.
Batch: TypeAlias = tf.Tensor | tuple[tf.Tensor, tf.Tensor]


class Batches:
    """The training batches of a set of examples, each computed from its step alone.

    Epoch e visits the examples in a pseudorandom permutation that belongs to (seed, e). A step computes only its own
    part of the permutation. So step t has the same batch in a fresh run, in a resumed run, on one replica or on eight.
    The N mod `batch_size` examples at the end of a permutation are left out of that epoch.

    The examples are one tensor in host memory, and a batch is gathered there. A copy of all examples on each of several
    GPUs would cost more than the transfer of batches of bytes. Stored images stay in their file. A step reads its batch
    from the file and asks the operating system to fetch the batch of the next step meanwhile.

    Args:
        examples: the whole set, [N, ...], usually uint8 images [N, H, W, C] or float32 points [N, 2]; in memory or
            stored.
        batch_size: examples in the global batch, 1 to N.
        seed: key of the order, 0 to 2⁶³ − 1.
        shuffle: False keeps the order of `examples` in every epoch.
        labels: integers [N], or None. With labels, each batch is a pair of examples and labels.
        augment: names of random changes of images, keys of `tfgen.data.augment.AUGMENTATIONS`. The changes of step t
            are a function of the seed and t too.
        levels: number of levels of a pixel, for changes of colours; None for 256.
        first_step: number of the step with which epoch 0 begins, if earlier steps of the training had other batches.

    Raises:
        DataError: if `batch_size` or `seed` is outside its range.

    Example:
        >>> batches = Batches(dataset.train.examples, batch_size=128, seed=0)
        >>> batches.at(step=1000).shape
        TensorShape([128, 28, 28, 1])
    """

    def __init__(
        self,
        examples: np.ndarray | StoredImages,
        batch_size: int,
        seed: int,
        shuffle: bool = True,
        labels: np.ndarray | None = None,
        augment: Sequence[str] = (),
        levels: int | None = None,
        first_step: int = 0,
    ) -> None:
        if not 1 <= batch_size <= len(examples):
            raise DataError(
                f"Expected a batch size of 1 to {len(examples)}, the number of training examples. "
                f"Received: batch_size={batch_size}"
            )
        if not 0 <= seed < 2**63:
            raise DataError(f"Expected a seed of 0 to 2⁶³ − 1. Received: seed={seed}")
        with tf.device("CPU:0"):
            self.examples = examples if isinstance(examples, StoredImages) else tf.convert_to_tensor(examples)
            self.labels = None if labels is None else tf.convert_to_tensor(labels.astype(np.int32))
        self.batch_size = batch_size
        self.seed = seed
        self.shuffle = shuffle
        self.augment = tuple(augment)
        self.levels = levels or 256
        self.first_step = first_step
        self.steps_per_epoch = len(examples) // batch_size
        # A function of its own: with a second loop of an order in the graph of the training step, TensorFlow's graph
        # optimizer would round other sums, and the weights would differ from those of a set in memory.
        self._separate_order = tf.function(self._order, autograph=False)

    def at(self, step: int | tf.Tensor, replica: int | tf.Tensor = 0, replicas: int = 1) -> Batch:
        """Return the batch of a step, or one replica's contiguous share of the batch.

        The result is the same in eager code, inside a `tf.function` and under XLA.

        Args:
            step: global step counted from 0 over all epochs, an int or a scalar integer tensor.
            replica: index of the share, 0 to `replicas` − 1, an int or a scalar integer tensor.
            replicas: number of equal shares.

        Returns:
            [batch_size / replicas, ...], of the examples' type. With labels, a pair of these examples and their labels,
            int32 [batch_size / replicas].

        Raises:
            DataError: if `batch_size` is not divisible by `replicas`.
        """
        if replicas < 1 or self.batch_size % replicas:
            raise DataError(
                f"Expected a batch size divisible by the number of replicas. "
                f"Received: batch_size={self.batch_size}, replicas={replicas}"
            )
        share = self.batch_size // replicas
        with tf.device("CPU:0"):
            step, replica = _int64(step) - self.first_step, _int64(replica)
            positions = replica * share + tf.range(share, dtype=tf.int64)
            upcoming = self._separate_order(step + 1, positions) if isinstance(self.examples, StoredImages) else None
            batch = self._rows(self._order(step, positions), upcoming)
            if not self.augment:
                return batch
            images, *label = tf.nest.flatten(batch)
            images = augmented(images, self.augment, self.seed, step, positions, self.batch_size, self.levels)
            return (images, *label) if label else images

    def first(self, n: int) -> Batch:
        """Return the first `n` examples of the set, or all if there are fewer, in the form of a batch."""
        with tf.device("CPU:0"):
            return self._rows(tf.range(min(n, len(self.examples)), dtype=tf.int64))

    def _order(self, step: tf.Tensor, positions: tf.Tensor) -> tf.Tensor:
        """Rows of the examples at positions of the global batch of a step, counted from `first_step`."""
        epoch = step // self.steps_per_epoch
        places = (step % self.steps_per_epoch) * self.batch_size + positions
        return permuted(places, len(self.examples), self.seed, epoch) if self.shuffle else places

    def _rows(self, rows: tf.Tensor, upcoming: tf.Tensor | None = None) -> Batch:
        """The examples in these rows. The rows `upcoming` of stored images are needed next."""
        if isinstance(self.examples, StoredImages):
            kind = tf.as_dtype(self.examples.dtype)
            wanted = [rows, rows[:0] if upcoming is None else upcoming]
            examples = tf.numpy_function(self.examples.read, wanted, kind, stateful=False)
            # Not `set_shape`, which the optimizer of the graph does not see: it would round other sums otherwise.
            examples = tf.ensure_shape(examples, (*rows.shape, *self.examples.shape[1:]))
        else:
            examples = tf.gather(self.examples, rows)
        return examples if self.labels is None else (examples, tf.gather(self.labels, rows))

    def dataset(self, epochs: int | None = None, start_step: int = 0) -> tf.data.Dataset:
        """Return the same batches, in the same order, as a `tf.data.Dataset` for `model.fit`.

        Args:
            epochs: number of epochs, counted from step 0, after which the dataset ends. None: the dataset does not end
                (pass `steps_per_epoch` to `fit`).
            start_step: global step of the first batch.
        """
        last = np.iinfo(np.int64).max if epochs is None else epochs * self.steps_per_epoch
        steps = tf.data.Dataset.range(start_step, last)
        return steps.map(self.at).prefetch(2)


def evaluation_batches(examples: Images, batch_size: int) -> Iterator[tuple[tf.Tensor, tf.Tensor]]:
    """Yield every example once, in order, in batches of one size, so that a compiled function sees a single shape.

    Args:
        examples: [N, ...] with N ≥ 1.
        batch_size: rows in each batch, at least 1; it may exceed N.

    Returns:
        Iterator of pairs (batch, mask). The batch is [batch_size, ...] of the examples' type; surplus rows of the last
        batch repeat example 0. The mask is float32 [batch_size], 1 for a real row and 0 for a surplus row. A mean over
        the set is sum(mask · value) / sum(mask).

    Raises:
        DataError: if `examples` is empty or `batch_size` is below 1.
    """
    if not len(examples) or batch_size < 1:
        raise DataError(
            f"Expected at least one example and a batch size of at least 1. "
            f"Received: {len(examples)} examples, batch_size={batch_size}"
        )
    return _evaluation_batches(examples, batch_size)


def padded_labels(labels: np.ndarray | None, start: int, batch_size: int) -> tf.Tensor | None:
    """The labels of the batch of `evaluation_batches` that starts at example `start`: int32 [batch_size].

    Surplus rows have the label of example 0. None without labels.
    """
    if labels is None:
        return None
    rows = np.arange(start, start + batch_size)
    return tf.constant(labels[np.where(rows < len(labels), rows, 0)], tf.int32)


def _evaluation_batches(examples: Images, batch_size: int) -> Iterator[tuple[tf.Tensor, tf.Tensor]]:
    for start in range(0, len(examples), batch_size):
        rows = np.arange(start, start + batch_size)
        real = rows < len(examples)
        if isinstance(examples, StoredImages):
            examples.prefetch(slice(start + batch_size, start + 2 * batch_size))
        yield tf.convert_to_tensor(examples[np.where(real, rows, 0)]), tf.constant(real, tf.float32)


def _int64(value: int | tf.Tensor) -> tf.Tensor:
    return tf.constant(value, tf.int64) if isinstance(value, int) else tf.cast(value, tf.int64)
