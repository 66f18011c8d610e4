"""Activation normalization: a scale and a shift per channel, initialized from a batch and then trained."""

import keras
import numpy as np
import tensorflow as tf
from tensorflow_probability import bijectors as tfb

# Lower bound of a channel's standard deviation. A channel may be constant over the first batch.
SMALLEST_STD = 1e-3


@keras.saving.register_keras_serializable("tfgen")
class ScaleAndShift(keras.layers.Layer):
    """The weights of an `ActNorm`: log-scale and shift of each channel, and a flag that is 1 once they are initialized.

    The weights are in a layer because Keras trains and saves the weights of layers, not those of bijectors.

    Args:
        channels: size of the last axis.
    """

    def __init__(self, channels: int, **kwargs):
        super().__init__(**kwargs)
        self.channels = channels
        self.build()

    def build(self, input_shape=None):
        self.log_scale = self.add_weight(shape=(self.channels,), initializer="zeros", name="log_scale")
        self.shift = self.add_weight(shape=(self.channels,), initializer="zeros", name="shift")
        self.initialized = self.add_weight(
            shape=(), initializer="zeros", trainable=False, aggregation="only_first_replica", name="initialized"
        )
        self.built = True

    def initialize_from(self, events, inside=None) -> None:
        """Set shift and scale to mean and standard deviation of each channel of `events` [n, …, C].

        Calls after the first one, or after weights were loaded, change nothing.

        Args:
            events: the events.
            inside: array of 0 and 1, […, C]; entries of 0 are padding and have no weight. None: no padding.
        """
        if float(keras.ops.convert_to_numpy(self.initialized)):
            return
        axes = list(range(len(events.shape) - 1))
        if inside is None:
            mean, variance = tf.nn.moments(events, axes=axes)
        else:
            mean, variance = tf.nn.weighted_moments(events, axes, tf.broadcast_to(inside, tf.shape(events)))
        self.shift.assign(mean)
        self.log_scale.assign(tf.math.log(tf.maximum(tf.sqrt(variance), SMALLEST_STD)))
        self.initialized.assign(1.0)

    def call(self, inputs):
        return inputs * tf.exp(self.log_scale) + self.shift

    def get_config(self):
        return {**super().get_config(), "channels": self.channels}


class ActNorm(tfb.Bijector):
    """A scale and a shift per channel.

        forward   y = x exp(s) + t                          (latent → data)
        inverse   x = (y − t) exp(−s)                       (data → latent)
        log-det   H W Σ_c s_c

    After `layer.initialize_from(y)`, x = f⁻¹(y) has mean 0 and standard deviation 1 in every channel.

    Args:
        layer: `ScaleAndShift`. The model that is trained must hold the layer as well.
        inside: array of 0 and 1 in the shape of an event, [H, W, C]. Entries of 0 are padding, which stays 0. None: no
            padding, and an event is one pixel.
        name: of the bijector.

    Reference: Kingma, Dhariwal: Glow. NeurIPS 2018, section 3.1.
    """

    def __init__(self, layer: ScaleAndShift, inside=None, name: str | None = None):
        parameters = dict(locals())
        with tf.name_scope(name or "actnorm") as scope:
            self.layer = layer
            self.inside = None if inside is None else np.asarray(inside, np.float32)
            # Without padding, an event is one pixel: TFP sums the log-determinant over the H·W pixels of an image.
            super().__init__(
                forward_min_event_ndims=1 if inside is None else 3,
                dtype=tf.float32,
                is_constant_jacobian=True,
                parameters=parameters,
                name=scope,
            )

    @classmethod
    def _parameter_properties(cls, dtype):
        return {}

    def _forward(self, x):
        return self._without_padding(x * tf.exp(self.layer.log_scale) + self.layer.shift)

    def _inverse(self, y):
        return self._without_padding((y - self.layer.shift) * tf.exp(-self.layer.log_scale))

    def _forward_log_det_jacobian(self, x):
        if self.inside is None:
            return tf.reduce_sum(self.layer.log_scale)
        return tf.reduce_sum(self.layer.log_scale * self.inside.sum(axis=(0, 1)))

    def _without_padding(self, event):
        return event if self.inside is None else self.inside * event
