"""Variational dequantization: noise that is conditioned on the pixels to which it is added."""

import keras
import numpy as np
import tensorflow as tf
from tensorflow_probability import bijectors as tfb

from tfgen.bijectors import (
    Squeeze,
    ZeroPad,
    coarse_to_fine_order,
    coarse_to_fine_permutation,
    elementwise_spline,
    inside_after_padding,
    inside_after_squeeze,
    padded_sides,
    spline_parameters,
    split_sizes,
)
from tfgen.errors import ConfigError
from tfgen.networks import conv_conditioner

# Bins of the splines of the noise, fewer than for pixels because its density is smoother.
BINS = 8


@keras.saving.register_keras_serializable("tfgen")
class Dequantizer(keras.layers.Layer):
    """q(u|x), a small flow from uniform noise ε to the fractions u of a level that make integer levels x continuous.

        u = g(ε; x),  ε uniform in [0, 1)^D,     log q(u|x) = −log |det ∂g/∂ε|

    g consists of spline couplings on [0, 1]: two, or with `channel_autoregressive` two for each channel of a pixel.
    Each transforms the noise of one half of a block's pixels (or of one channel of these pixels), conditioned on the
    noise of everything else and on all pixels. A new dequantizer is the identity: uniform dequantization.

    Args:
        event_shape: (H, W, C) of the images.
        levels: intensity levels of the pixels.
        block: side of the blocks of pixels that become channels inside the networks. Images whose sides are no
            multiples of it are padded.
        width, activation: of the networks.
        channel_autoregressive: whether the noise of a pixel's channels depends on each other, given the pixels.

    Raises:
        ConfigError: if the blocks make fewer than 2 channels.

    Reference: Ho, Chen, Srinivas, Duan, Abbeel: Flow++. ICML 2019, section 3.1 (there affine couplings and a sigmoid).
    """

    def __init__(
        self,
        event_shape: tuple[int, int, int],
        levels: int,
        block: int,
        width: int = 64,
        activation: str = "relu",
        channel_autoregressive: bool = False,
        **kwargs,
    ):
        # float32 in any precision, because the noise is part of the likelihood. The networks have their own precision.
        super().__init__(dtype="float32", **kwargs)
        height, columns, depth = event_shape
        channels = depth * block**2
        if channels < 2:
            raise ConfigError(
                "dequantization: expected at least 2 channels after the first squeeze for variational noise. Received: "
                f"blocks of {block} pixels, which make {channels}"
            )
        self.levels = levels
        # The first group of pixels is one half of the block. Its channels follow each other if they are divided.
        divided = channel_autoregressive and depth > 1 and block > 1
        group_ends = [block**2 // 2, block**2] if divided else None
        inside = inside_after_padding(np.ones(event_shape, np.float32), block)
        is_padded = inside.shape[:2] != (height, columns)
        self.squeeze = tfb.Chain(
            [
                *([ZeroPad(event_shape, inside)] if is_padded else []),
                *([Squeeze(block)] if block > 1 else []),
                coarse_to_fine_permutation(block, depth, group_ends),
            ]
        )
        order = coarse_to_fine_order(block, depth, group_ends)
        self.inside = inside_after_squeeze(inside, block)[..., order] if is_padded else None
        first, second = (depth * size for size in split_sizes(block**2)) if divided else split_sizes(channels)
        parts = depth if divided else 1
        #: Channels of each coupling's part of the noise.
        self.sizes = [first // parts] * parts + [second // parts] * parts
        rows, columns = (side // block for side in padded_sides(height, columns, block))
        self.conditioners = [
            conv_conditioner(
                (rows, columns, channels - size + channels),
                size * spline_parameters(BINS),
                width=width,
                activation=activation,
                last_kernel=1,
            )
            for size in self.sizes
        ]
        self.built = True

    def call(self, whole, uniform):
        """(u in [0, 1], terms of log q(u|x)) of integer levels x and uniform noise ε, all [n, H, W, C].

        The terms of an image add up to log q(u|x).
        """
        pixels = self.squeeze.inverse(whole * (2.0 / (self.levels - 1.0)) - 1.0)
        parts = tf.split(self.squeeze.inverse(2.0 * uniform - 1.0), self.sizes, axis=-1)
        inside = None if self.inside is None else tf.split(tf.constant(self.inside), self.sizes, axis=-1)
        log_density: list[tf.Tensor] = []
        for index, network in enumerate(self.conditioners):
            conditioning = tf.concat([*parts[:index], *parts[index + 1 :], pixels], axis=-1)
            # The inverse direction of splines is the cheaper one. q is only sampled, so either direction may define g.
            parts[index], log_slope = elementwise_spline.inverse_and_log_det(
                parts[index], network(conditioning), BINS, 1.0
            )
            if inside is not None:
                parts[index], log_slope = inside[index] * parts[index], inside[index] * log_slope
            log_density.append(-log_slope)
        fractions = 0.5 * (self.squeeze.forward(tf.concat(parts, axis=-1)) + 1.0)
        return fractions, self.squeeze.forward(tf.concat(log_density, axis=-1))
