"""The network of an autoregressive flow over pixels, with an activation cache for generation."""

import keras
import numpy as np
import tensorflow as tf

from tfgen.networks.causal_conv import CausalBlock, CausalConv
from tfgen.networks.mlp import LAST, activation_layer
from tfgen.networks.skew import Skew
from tfgen.networks.soft_round import SoftRound

#: Dilations of the blocks' convolutions, repeated.
DILATIONS = 1, 2, 4


# Files of earlier versions name the class WavefrontNetwork.
@keras.saving.register_keras_serializable("tfgen")
@keras.saving.register_keras_serializable("tfgen", name="WavefrontNetwork")
class AutoregressiveNetwork(keras.layers.Layer):
    """Images to parameters of each pixel that depend on earlier diagonals only: [n, H, W, C] → [n, H, W, outputs].

    The network is a strict causal convolution with a window of 3×7, a learned bias per pixel position, gated residual
    blocks with causal convolutions, and a 1×1 convolution that starts at zero. For generation, the network computes one
    column of the skewed image (`tfgen.networks.skew.Skew`) at a time and caches the activations of earlier columns:

        cache = empty_cache(images)                               before the first column, from any [n, H, W, C]
        parameters, cache = network(column, cache, diagonal)      of `diagonal`, from the column of the previous one

    Args:
        image_shape: (H, W, C).
        outputs: number of parameters per pixel.
        width: filters of the hidden layers.
        blocks: gated residual blocks, with dilations of 1, 2, 4, 1, 2, 4, ….
        activation: before each convolution but the first.
        dropout: rate inside the blocks in training.
        soft_round: layer that the pixels pass first; None: the network reads pixels as they are.
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        outputs: int,
        width: int = 64,
        blocks: int = 6,
        activation: str = "relu",
        dropout: float = 0.0,
        soft_round: SoftRound | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.image_shape = height, columns, channels = tuple(image_shape)
        self.skew, self.soft_round = Skew(height, columns), soft_round
        self.first = CausalConv(width, above=2, left=3, right=3, strict=True)
        self.first.build((None, None, None, channels * (2 if soft_round else 1)))
        # The variable's name is the one in saved weights.
        self.position_bias = self.add_weight((height, columns, width), initializer="zeros", name="place")
        self.blocks = [
            CausalBlock(width, activation, dropout, DILATIONS[index % len(DILATIONS)]) for index in range(blocks)
        ]
        for block in self.blocks:
            block.build((None, None, None, width))
        self.act = activation_layer(activation)
        self.last = keras.layers.Conv2D(outputs, 1, kernel_initializer="zeros", dtype="float32", name=LAST)
        self.last.build((None, None, None, width))
        self.built = True

    def empty_cache(self, images) -> list[tf.Tensor]:
        """The cache before the first column: zeros in the place of each convolution's earlier inputs."""
        inputs = tf.zeros_like(self._rounded(images[:, :, :1]), self.compute_dtype)
        channel = inputs[..., :1]
        width = self.position_bias.shape[-1]
        cache = [tf.tile(inputs, (1, 1, self.first.cached_columns, 1))]
        return cache + [tf.tile(channel, (1, 1, block.first.cached_columns, width)) for block in self.blocks]

    def call(self, images, cache=None, diagonal=None, training=False):
        if cache is not None:
            return self._column(images, cache, diagonal)
        hidden = self.first(self._rounded(images)) + self.position_bias
        for block in self.blocks:
            hidden = block(hidden, training=training)
        return self.last(self.act(hidden))

    def _column(self, previous, cache, diagonal):
        """(parameters of the column of `diagonal`, next cache) from the previous column [n, H, 1, C] and the cache."""
        # Row d + 1 belongs to diagonal d; row 0 is the column before the first diagonal, which has no pixels.
        inside = tf.constant(np.pad(self.skew.inside, ((1, 0), (0, 0)))[..., None, None], self.compute_dtype)
        inside_previous, inside_current = tf.gather(inside, diagonal), tf.gather(inside, diagonal + 1)
        pixels = tf.cast(self._rounded(previous), self.compute_dtype)
        window = tf.concat([cache[0][:, :, 1:], pixels * inside_previous], axis=2)
        position_bias = tf.gather(self.skew(self.position_bias[tf.newaxis]), diagonal, axis=2)[:, :, tf.newaxis]
        hidden, next_cache = self.first(window, skewed=True) + position_bias, [window]
        for block, block_cache in zip(self.blocks, cache[1:], strict=True):
            hidden, block_cache = block(hidden, block_cache, inside_current)
            next_cache.append(block_cache)
        return self.last(self.act(hidden)), next_cache

    def _rounded(self, images):
        return self.soft_round(images) if self.soft_round else images
