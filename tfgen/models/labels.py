"""The classes of a conditional model: names, frequencies, and the forms in which a user gives labels."""

import numbers
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfgen import random
from tfgen.errors import ConfigError, did_you_mean

#: In place of labels: the classes in turn, class i mod K in row i.
EACH = "each"
#: Stream of the random numbers from which `labels_from_seeds` draws. The latents use stream 0, and pixels stream 1.
LABEL_STREAM = 2
#: Names listed in an error message.
LISTED = 12


class Labels:
    """The labels of a model p(x|y) with the classes y = 0 … K − 1. A model without classes is p(x).

    Attributes:
        classes: names of the K classes; () for a model without labels.
        class_frequencies: p(y) of each class, K numbers whose sum is 1; () for a model without labels.
    """

    classes: tuple[str, ...] = ()
    class_frequencies: tuple[float, ...] = ()

    @property
    def is_conditional(self) -> bool:
        """Whether the model has labels."""
        return bool(self.classes)

    def set_classes(self, classes: Sequence[str], frequencies: Sequence[float] = ()) -> None:
        """Set the classes, before the networks are built. Without frequencies, all classes are equally frequent.

        Raises:
            ConfigError: if there is only one class, names are repeated, or the frequencies are no distribution.
        """
        classes = tuple(map(str, classes))
        if len(classes) == 1 or len(set(classes)) < len(classes):
            raise ConfigError(f"classes: expected none, or at least 2 different names. Received: {classes}")
        weights = np.asarray(frequencies if len(frequencies) else np.ones(len(classes)), np.float64)
        if weights.shape != (len(classes),) or not np.isfinite(weights).all() or (weights < 0.0).any():
            raise ConfigError(
                f"class_frequencies: expected {len(classes)} numbers of at least 0. Received: {tuple(frequencies)}"
            )
        if classes and not weights.sum() > 0.0:
            raise ConfigError("class_frequencies: expected a positive number. Received: only zeros")
        self.classes = classes
        self.class_frequencies = tuple(float(weight) for weight in weights / weights.sum()) if classes else ()

    def labels_of(self, label: Any, n: int | tf.Tensor) -> tf.Tensor | None:
        """Convert labels in any form to one class index for each row: int32 [n]. None for a model without labels.

        Args:
            label: an index or a name for all rows; a list, array or tensor with one for each row; or "each", the
                classes in turn. None for a model without labels. Or weights of the classes, a float tensor [n, K],
                which are returned unchanged: `one_hot` takes them in place of one-hot vectors, so that a path from
                class to class has points between them.
            n: number of rows.

        Raises:
            ConfigError: if a conditional model gets no label or an unknown one, or another model gets a label.
        """
        if not self.is_conditional:
            if label is not None:
                raise ConfigError(f"label: expected none, since the model has no classes. Received: {label!r}")
            return None
        if label is None:
            raise ConfigError(f"label: expected {self._class_list()}. Received: none")
        if isinstance(label, tf.Tensor) and label.dtype.is_floating and label.shape.rank == 2:
            if label.shape[1] != len(self.classes):
                raise ConfigError(
                    f"label: expected weights of {len(self.classes)} classes. Received: shape {list(label.shape)}"
                )
            return label
        if isinstance(label, tf.Tensor) and not tf.executing_eagerly():
            # The value is not known while a function is traced. One-hot vectors of other integers are zero.
            return tf.broadcast_to(tf.cast(label, tf.int32), tf.reshape(n, (1,)))
        if isinstance(label, str) and label == EACH and EACH not in self.classes:
            return tf.range(n) % len(self.classes)
        if isinstance(label, str | numbers.Integral):
            return tf.fill((n,), self._index(label))
        rows = [self._index(one) for one in np.asarray(label).reshape(-1).tolist()]
        if np.ndim(label) > 1 or len(rows) not in (1, int(n)):
            raise ConfigError(f"label: expected one label, or one for each of {int(n)} rows. Received: {len(rows)}")
        return tf.broadcast_to(tf.constant(rows, tf.int32), (int(n),))

    def _index(self, label: Any) -> int:
        """The index of a class that is given by its index or its name."""
        count = len(self.classes)
        if isinstance(label, str) and label in self.classes:
            return self.classes.index(label)
        if isinstance(label, numbers.Integral) and not isinstance(label, bool) and 0 <= int(label) < count:
            return int(label)
        if isinstance(label, str) and label.isdecimal() and int(label) < count:
            return int(label)
        hint = did_you_mean(label, self.classes)
        raise ConfigError(f"label: expected {self._class_list()}. Received: {label!r}{'.' + hint if hint else ''}")

    def _class_list(self) -> str:
        listed = ", ".join(self.classes[:LISTED]) + (", …" if len(self.classes) > LISTED else "")
        return f"one of the classes {listed}, or an index from 0 to {len(self.classes) - 1}"

    @staticmethod
    def given(label: Any = None) -> dict[str, Any]:
        """The keyword argument `label` of a method, and no argument without a label.

        A subclass of a model without labels may then define its methods without the argument.
        """
        return {} if label is None else {"label": label}

    def one_hot(self, label: tf.Tensor | None) -> tf.Tensor | None:
        """The input of the networks for labels int32 [n]: float32 [n, K]. None for a model without labels.

        Weights of the classes, float32 [n, K], are returned unchanged.
        """
        if label is None or label.dtype.is_floating:
            return label
        return tf.one_hot(label, len(self.classes))

    def labels_from_seeds(self, seeds) -> tf.Tensor | None:
        """Draw the class of each seed from the class frequencies: int32 [n] → int32 [n]; None without labels."""
        if not self.is_conditional:
            return None
        limits = tf.constant(np.cumsum(self.class_frequencies)[:-1], tf.float32)
        uniform = random.uniform(seeds, 1, stream=LABEL_STREAM)
        return tf.reduce_sum(tf.cast(uniform >= limits[None], tf.int32), axis=1)

    def log_class_frequencies(self) -> tf.Tensor:
        """log p(y), float32 [K]. A class that the training data do not contain has −∞."""
        return tf.math.log(tf.constant(self.class_frequencies, tf.float32))
