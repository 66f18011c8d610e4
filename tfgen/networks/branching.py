"""Several networks that share their first layers."""

import keras
import tensorflow as tf

from tfgen import random
from tfgen.errors import ConfigError


@keras.saving.register_keras_serializable("tfgen")
class Branching(keras.layers.Layer):
    """k networks of one architecture with one trunk: the layers before the last `own`, which each has for itself.

    A call gives the rows to the branches in turn, row r to branch r mod k, so that k branches cost no more than one.

    Args:
        network: a chain of layers, the architecture; it becomes trunk and first branch.
        branches: k.
        own: layers with weights at the end of which each branch has its own.

    Raises:
        ConfigError: if that leaves nothing to share.
    """

    def __init__(self, network: keras.Model, branches: int, own: int, **kwargs):
        super().__init__(**kwargs)
        layers = [layer for layer in network.layers if not isinstance(layer, keras.layers.InputLayer)]
        with_weights = [layer for layer in layers if layer.weights]
        if own >= len(with_weights):
            raise ConfigError(
                f"own_layers: expected 1 to {len(with_weights) - 1}, as the generator has {len(with_weights)} layers "
                f"with weights, some of which are shared. Received: {own}"
            )
        parting = layers.index(with_weights[-own])
        self.trunk = _chain(network.input_shape[1:], layers[:parting], "trunk")
        first = _chain(self.trunk.output_shape[1:], layers[parting:], "branch")
        # Clones have weights of their own, drawn anew.
        self.branches = [first, *(keras.models.clone_model(first) for _ in range(branches - 1))]
        self.built = True

    def call(self, inputs, training=False):
        """[n, …] → [n, …], n divisible by k: row r by branch r mod k."""
        hidden, count = self.trunk(inputs, training=training), len(self.branches)
        turns = tf.reshape(hidden, (-1, count, *hidden.shape[1:]))
        outputs = tf.stack([each(turns[:, i], training=training) for i, each in enumerate(self.branches)], axis=1)
        return tf.reshape(outputs, (-1, *outputs.shape[2:]))

    def choose(self, inputs, branch) -> tf.Tensor:
        """[n, …] → [n, …], each row by the branch of that number, int32 [n]. All branches compute every row."""
        hidden = self.trunk(inputs)
        branch = tf.reshape(branch, (-1, *[1] * (len(self.branches[0].output_shape) - 1)))
        chosen = self.branches[0](hidden)
        for number, each in enumerate(self.branches[1:], start=1):
            chosen = tf.where(tf.equal(branch, number), each(hidden), chosen)
        return chosen

    def turns(self, inputs) -> tf.Tensor:
        """The branch that each row of a batch belongs to in a call: [n, …] → int32 [n]."""
        return tf.range(random.rows(inputs)) % len(self.branches)


def _chain(shape, layers, name: str) -> keras.Sequential:
    return keras.Sequential([keras.layers.Input(shape), *layers], name=name)
