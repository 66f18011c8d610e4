"""Variational dequantization: noise that is given the pixels to which it is added."""

import keras
import tensorflow as tf
from tensorflow_probability import bijectors as tfb

from tfgen.bijectors import SplineCoupling, Squeeze, coarse_first, spline_parameters
from tfgen.bijectors.coupling import halves
from tfgen.errors import ConfigError
from tfgen.networks import conv_conditioner

# Splines of the noise; it has less shape than pixels have.
BINS = 8


@keras.saving.register_keras_serializable("tfgen")
class Dequantizer(keras.layers.Layer):
    """q(u|x), a small flow from uniform noise to the fractions u that make whole pixels x continuous.

        u = g(ε; x),  ε uniform in [0, 1)^D,     log q(u|x) = −log |det ∂g/∂ε|

    g is two couplings by splines of [0, 1], in each of which one half of a block's pixels is transformed given the
    noise of the other half and the pixels of all of them. A new one is the identity: uniform dequantization.

    Args:
        event_shape: (H, W, C) of the images.
        levels: of intensity.
        block: side of the blocks of pixels that the networks see as channels.
        width, activation: of the networks.

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
        # In float32 in any precision: what it makes is the likelihood's, and its networks know their own precision.
        super().__init__(dtype="float32", **kwargs)
        rows, columns, depth = event_shape
        channels = depth * block**2
        if channels < 2:
            raise ConfigError(
                "dequantization: expected at least 2 channels after the first squeeze for variational noise. Received: "
                f"blocks of {block} pixels, which make {channels}"
            )
        self.levels = levels
        self.fold = tfb.Chain([*([Squeeze(block)] if block > 1 else []), coarse_first(block, depth)])
        first, _ = halves(channels)
        self.parts = (0, first), (first, channels)
        self.conditioners = [
            conv_conditioner(
                (rows // block, columns // block, channels - (end - start) + channels),
                (end - start) * spline_parameters(BINS),
                width=width,
                activation=activation,
                last=1,
            )
            for start, end in self.parts
        ]
        self.built = True

    def call(self, whole, uniform):
        """(u in [0, 1], log q(u|x)) of whole levels x and uniform noise ε: [n, H, W, C] each → [n, H, W, C] and [n]."""
        pixels = self.fold.inverse(whole * (2.0 / (self.levels - 1.0)) - 1.0)
        value = self.fold.inverse(2.0 * uniform - 1.0)
        log_density = tf.zeros_like(whole[:, 0, 0, 0])
        for moved, condition, network in zip(self.parts, self.parts[::-1], self.conditioners, strict=True):
            coupling = SplineCoupling(
                lambda noise, network=network: network(tf.concat([noise, pixels], axis=-1)),
                condition,
                moved,
                BINS,
                bound=1.0,
            )
            # Its own density is never asked for, so the direction in which a spline has no root to take will do.
            value, seen = coupling.inverse(value), value
            log_density -= coupling.inverse_log_det_jacobian(seen, event_ndims=3)
        return 0.5 * (self.fold.forward(value) + 1.0), log_density
