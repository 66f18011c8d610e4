"""Layers that turn blocks of pixels into channels and back."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("tfgen")
class SpaceToDepth(keras.layers.Layer):
    """Blocks of b×b pixels become channels: [n, H, W, C] → [n, H/b, W/b, b²C].

    Args:
        block: b.
    """

    def __init__(self, block: int, **kwargs):
        super().__init__(**kwargs)
        self.block = block

    def call(self, inputs):
        return tf.nn.space_to_depth(inputs, self.block)

    def compute_output_shape(self, input_shape):
        rows, height, width, channels = input_shape
        return rows, height // self.block, width // self.block, channels * self.block**2

    def get_config(self):
        return {**super().get_config(), "block": self.block}


@keras.saving.register_keras_serializable("tfgen")
class DepthToSpace(keras.layers.Layer):
    """Channels become blocks of b×b pixels, the inverse of `SpaceToDepth`: [n, H, W, b²C] → [n, b H, b W, C].

    Args:
        block: b.
    """

    def __init__(self, block: int, **kwargs):
        super().__init__(**kwargs)
        self.block = block

    def call(self, inputs):
        return tf.nn.depth_to_space(inputs, self.block)

    def compute_output_shape(self, input_shape):
        rows, height, width, channels = input_shape
        return rows, height * self.block, width * self.block, channels // self.block**2

    def get_config(self):
        return {**super().get_config(), "block": self.block}


@keras.saving.register_keras_serializable("tfgen")
class Fold(keras.layers.Layer):
    """Name of both layers in files of earlier versions; loading makes the layer of the direction `unfold`."""

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        return (DepthToSpace if config.pop("unfold") else SpaceToDepth)(**config)
