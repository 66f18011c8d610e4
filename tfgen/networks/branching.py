"""Several networks that share their first layers (MAD-GAN's generators)."""

import keras
import tensorflow as tf

from tfgen import random
from tfgen.errors import ConfigError


@keras.saving.register_keras_serializable("tfgen")
class Branching(keras.layers.Layer):
    """k networks with a shared trunk and one branch each.

    A call assigns row r of a batch to branch r mod k, so that k branches cost as much as one.

    Args:
        network: chain of layers. Its first layers become the trunk, its last layers the first branch. The other
            branches have the same architecture and weights of their own.
        branches: k.
        own_layers: number of layers with weights in each branch.

    Raises:
        ConfigError: if no layer with weights is left for the trunk.
    """

    def __init__(self, network: keras.Model, branches: int, own_layers: int, **kwargs):
        super().__init__(**kwargs)
        layers = [layer for layer in network.layers if not isinstance(layer, keras.layers.InputLayer)]
        with_weights = [layer for layer in layers if layer.weights]
        if own_layers >= len(with_weights):
            raise ConfigError(
                f"own_layers: expected 1 to {len(with_weights) - 1}, as the generator has {len(with_weights)} layers "
                f"with weights, some of which are shared. Received: {own_layers}"
            )
        trunk_size = layers.index(with_weights[-own_layers])
        self.trunk = _chain(network.input_shape[1:], layers[:trunk_size], "trunk")
        first = _chain(self.trunk.output_shape[1:], layers[trunk_size:], "branch")
        # `clone_model` initializes new weights.
        self.branches = [first, *(keras.models.clone_model(first) for _ in range(branches - 1))]
        self.built = True

    def call(self, inputs, training=False):
        """Outputs of a batch, row r by branch r mod k: [n, …] → [n, …], n divisible by k."""
        hidden, count = self.trunk(inputs, training=training), len(self.branches)
        by_branch = tf.reshape(hidden, (-1, count, *hidden.shape[1:]))
        outputs = tf.stack([each(by_branch[:, i], training=training) for i, each in enumerate(self.branches)], axis=1)
        return tf.reshape(outputs, (-1, *outputs.shape[2:]))

    def choose(self, inputs, branch) -> tf.Tensor:
        """Outputs of a batch, each row by the branch of the given index: [n, …], int32 [n] → [n, …].

        All branches compute all rows, so that the graph does not depend on `branch`.
        """
        hidden = self.trunk(inputs)
        branch = tf.reshape(branch, (-1, *[1] * (len(self.branches[0].output_shape) - 1)))
        chosen = self.branches[0](hidden)
        for number, each in enumerate(self.branches[1:], start=1):
            chosen = tf.where(tf.equal(branch, number), each(hidden), chosen)
        return chosen

    def branch_indices(self, inputs) -> tf.Tensor:
        """Index of the branch of each row in a call: [n, …] → int32 [n]."""
        return tf.range(random.rows(inputs)) % len(self.branches)


def _chain(shape, layers, name: str) -> keras.Sequential:
    return keras.Sequential([keras.layers.Input(shape), *layers], name=name)
