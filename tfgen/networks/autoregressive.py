"""The network of an autoregressive flow over pixels, with an activation cache for generation."""

import keras
import numpy as np
import tensorflow as tf

from tfgen.networks.activations import activation_layer
from tfgen.networks.causal_conv import CausalBlock, CausalConv, Column
from tfgen.networks.channel_heads import ChannelHeads
from tfgen.networks.class_bias import ClassBias
from tfgen.networks.mlp import LAST
from tfgen.networks.pointwise import pointwise
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
    blocks with causal convolutions, and a 1×1 convolution that starts at zero. With `channel_autoregressive`,
    `ChannelHeads` takes the place of the last convolution: the parameters of a channel then depend on the channels of
    the same pixel before it as well.

    For generation, the network computes one column of the skewed image (`tfgen.networks.skew.Skew`) at a time and
    caches the activations of earlier columns:

        constants = column_constants()                                          once, before the first column
        cache = empty_cache(images)                                             once, from any images
        features, cache = column_features(column, cache, diagonal, constants)   of `diagonal`, from the previous column
        parameters = column_parameters(features)                                or those of `heads`, channel by channel

    Args:
        image_shape: (H, W, C).
        outputs: number of parameters per pixel.
        width: filters of the hidden layers.
        blocks: gated residual blocks, with dilations of 1, 2, 4, 1, 2, 4, ….
        activation: before each convolution but the first.
        dropout: rate inside the blocks in training.
        soft_round: layer that the pixels pass first; None: the network reads pixels as they are.
        channel_autoregressive: whether the channels of a pixel depend on each other. No effect for one channel.
        classes: number of classes of a class-conditional network, whose second input are one-hot classes [n, K]; 0 for
            a network without classes.
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
        channel_autoregressive: bool = False,
        classes: int = 0,
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
        self.heads = self.last = None
        if channel_autoregressive and channels > 1:
            self.heads = ChannelHeads(channels, outputs // channels, width, activation, dropout, soft_round)
        else:
            self.last = keras.layers.Conv2D(outputs, 1, kernel_initializer="zeros", dtype="float32", name=LAST)
            self.last.build((None, None, None, width))
        self.class_bias = ClassBias(classes, width, blocks + 1) if classes else None
        self.built = True

    def call(self, images, one_hot=None, training=False):
        first, *biases = self._class_biases(one_hot)
        hidden = self.first(self._rounded(images)) + self.position_bias
        hidden = hidden if first is None else hidden + first
        for block, bias in zip(self.blocks, biases, strict=True):
            hidden = block(hidden, bias=bias, training=training)
        if self.heads is None:
            return self.last(self.act(hidden))
        return self.heads(hidden, images, training=training)

    # -- generation ---------------------------------------------------------------------------------------------------

    def empty_cache(self, images) -> list[list[tf.Tensor]]:
        """The cache before the first column, for as many images: zeros in the place of earlier inputs.

        The cache has a list for each convolution, of the inputs [n, R, 1, C] at the diagonals before, the latest last.
        """
        zero = tf.zeros_like(images[:, :1, :1, :1], self.compute_dtype)
        return [
            [tf.tile(zero, (1, self.skew.rows, 1, convolution.kernel.shape[2]))] * convolution.backs[0]
            for convolution in self._convolutions
        ]

    def column_constants(self, one_hot=None) -> tuple[tf.Tensor, list[tf.Tensor | None], list[tf.Tensor]]:
        """What all columns share: the skewed biases of the positions, the biases of the classes, and the kernels.

        The biases of the positions are [1, R, T, width]. Each convolution has a kernel. A loop over the columns calls
        this method once, before its first step. Computing the skewed biases in every step would make the cost of an
        image grow with the square of its area.
        """
        # Keras casts weights to the compute type inside of `call` only.
        position_bias = self.skew(tf.cast(self.position_bias, self.compute_dtype)[tf.newaxis])
        kernels = [convolution.column_kernel() for convolution in self._convolutions]
        return position_bias, self._class_biases(one_hot), kernels

    def column_features(self, previous, cache, diagonal, constants) -> tuple[tf.Tensor, list[list[tf.Tensor]]]:
        """(features of the column of `diagonal`, next cache) from the previous column [n, R, 1, C] and the cache.

        Args:
            previous: the column of the previous diagonal; any values before the first.
            cache: result of the previous step, or `empty_cache`.
            diagonal: int32, index of the column.
            constants: result of `column_constants`.
        """
        position_bias, (first, *class_biases), kernels = constants
        # Row d + 1 belongs to diagonal d; row 0 is the column before the first diagonal, which has no pixels.
        inside = tf.constant(np.pad(self.skew.inside, ((1, 0), (0, 0)))[..., None, None], self.compute_dtype)
        pixels = tf.cast(self._rounded(previous), self.compute_dtype) * tf.gather(inside, diagonal)
        inside = tf.gather(inside, diagonal + 1)
        position_bias = tf.gather(position_bias, diagonal, axis=2)[:, :, tf.newaxis]
        next_cache = [[*cache[0][1:], pixels]]

        def index(convolution):
            return tf.gather(tf.constant(self.skew.window_index(convolution.offsets)), diagonal)

        def used(convolution, columns):
            return [columns[-back] for back in convolution.backs if back]

        hidden = self.first(used(self.first, next_cache[0]), index(self.first), kernels[0]) + position_bias
        hidden = hidden if first is None else hidden + first
        for block, earlier, kernel, bias in zip(self.blocks, cache[1:], kernels[1:], class_biases, strict=True):
            column = Column(used(block.first, earlier), index(block.first), kernel, inside)
            hidden, current = block(hidden, column, bias)
            next_cache.append([*earlier[1:], current])
        return hidden, next_cache

    def column_parameters(self, features) -> tf.Tensor:
        """The parameters of a column from its features, [n, R, 1, width] → [n, R, 1, outputs], without `heads`."""
        return pointwise(self.last, tf.cast(self.act(features), tf.float32))

    @property
    def _convolutions(self) -> list[CausalConv]:
        return [self.first, *(block.first for block in self.blocks)]

    def _class_biases(self, one_hot) -> list[tf.Tensor | None]:
        """The biases of the classes for the first convolution and each block; None for each if there are no classes."""
        return [None] * (len(self.blocks) + 1) if self.class_bias is None else self.class_bias(one_hot)

    def _rounded(self, images):
        return self.soft_round(images) if self.soft_round else images
