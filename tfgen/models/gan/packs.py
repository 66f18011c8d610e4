"""Packs: groups of consecutive examples of a batch that the discriminator classifies together (PacGAN).

Reference: Lin, Khetan, Fanti, Oh: PacGAN: the power of two samples in generative adversarial networks, 2018.
"""

import tensorflow as tf

from tfgen.errors import ConfigError


def to_packs(examples, size: int) -> tf.Tensor:
    """Concatenate the channels of each `size` consecutive examples: [n, …, C] → [n / size, …, size · C].

    Raises:
        ConfigError: if n is not a multiple of `size`.
    """
    if size == 1:
        return examples
    if examples.shape[0] is not None and examples.shape[0] % size:
        raise ConfigError(f"packing: expected a batch of a multiple of {size} examples. Received: {examples.shape[0]}")
    *sides, channels = examples.shape[1:]
    groups = tf.reshape(examples, (-1, size, *sides, channels))
    axes = [0, *range(2, 2 + len(sides)), 1, 2 + len(sides)]
    return tf.reshape(tf.transpose(groups, axes), (-1, *sides, size * channels))


def select_packs(examples, size: int, start: int, step: int) -> tf.Tensor:
    """Select every `step`-th pack, beginning with pack `start`: examples [n, …] → [n / step, …].

    On several replicas, their selections together are the selection from the whole batch.
    """
    if step == 1:
        return examples
    selected = tf.reshape(examples, (-1, step, size, *examples.shape[1:]))[:, start]
    return tf.reshape(selected, (-1, *examples.shape[1:]))


def per_example(values: dict[str, tf.Tensor], size: int) -> dict[str, tf.Tensor]:
    """Repeat the values of each pack, [n / size] each, for every example of the pack: [n] each."""
    return {name: tf.repeat(value, size) for name, value in values.items()} if size > 1 else values
