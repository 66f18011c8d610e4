"""Variational dequantization: noise that is conditioned on the pixels to which it is added."""

import keras
import tensorflow as tf
from tensorflow_probability import bijectors as tfb

from tfgen.bijectors import SplineCoupling, Squeeze, coarse_to_fine_permutation, spline_parameters, split_sizes
from tfgen.errors import ConfigError
from tfgen.networks import conv_conditioner

# Bins of the splines of the noise, fewer than for pixels because its density is smoother.
BINS = 8


@keras.saving.register_keras_serializable("tfgen")
class Dequantizer(keras.layers.Layer):
    """q(u|x), a small flow from uniform noise ε to the fractions u of a level that make integer levels x continuous.

        u = g(ε; x),  ε uniform in [0, 1)^D,     log q(u|x) = −log |det ∂g/∂ε|

    g consists of two spline couplings on [0, 1]. Each transforms the noise of one half of a block's pixels, conditioned
    on the noise of the other half and on all pixels. A new dequantizer is the identity: uniform dequantization.

    Args:
        event_shape: (H, W, C) of the images.
        levels: intensity levels of the pixels.
        block: side of the blocks of pixels that become channels inside the networks.
        width, activation: of the networks.

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
        **kwargs,
    ):
        # float32 in any precision, because the noise is part of the likelihood. The networks have their own precision.
        super().__init__(dtype="float32", **kwargs)
        rows, columns, depth = event_shape
        channels = depth * block**2
        if channels < 2:
            raise ConfigError(
                "dequantization: expected at least 2 channels after the first squeeze for variational noise. Received: "
                f"blocks of {block} pixels, which make {channels}"
            )
        self.levels = levels
        self.squeeze = tfb.Chain([*([Squeeze(block)] if block > 1 else []), coarse_to_fine_permutation(block, depth)])
        first, _ = split_sizes(channels)
        self.channel_ranges = (0, first), (first, channels)
        self.conditioners = [
            conv_conditioner(
                (rows // block, columns // block, channels - (end - start) + channels),
                (end - start) * spline_parameters(BINS),
                width=width,
                activation=activation,
                last_kernel=1,
            )
            for start, end in self.channel_ranges
        ]
        self.built = True

    def call(self, whole, uniform):
        """(u in [0, 1], log q(u|x)) of integer levels x and uniform noise ε: [n, H, W, C] each → [n, H, W, C], [n]."""
        pixels = self.squeeze.inverse(whole * (2.0 / (self.levels - 1.0)) - 1.0)
        noise = self.squeeze.inverse(2.0 * uniform - 1.0)
        log_density = tf.zeros_like(whole[:, 0, 0, 0])
        ranges = self.channel_ranges
        for transformed, conditioning, network in zip(ranges, ranges[::-1], self.conditioners, strict=True):
            coupling = SplineCoupling(
                lambda noise, network=network: network(tf.concat([noise, pixels], axis=-1)),
                conditioning,
                transformed,
                BINS,
                bound=1.0,
            )
            # The inverse direction of splines is the cheaper one. q is only sampled, so either direction may define g.
            transformed_noise = coupling.inverse(noise)
            log_density -= coupling.inverse_log_det_jacobian(noise, event_ndims=3)
            noise = transformed_noise
        return 0.5 * (self.squeeze.forward(noise) + 1.0), log_density
