"""Squeeze: blocks of pixels become channels."""

import tensorflow as tf
from tensorflow_probability import bijectors as tfb


class Squeeze(tfb.Bijector):
    """Reshape blocks of b×b pixels into channels, [H, W, C] → [H/b, W/b, b²C].

        forward   [H/b, W/b, b²C] → [H, W, C]      (latent → data: depth to space)
        inverse   [H, W, C] → [H/b, W/b, b²C]      (data → latent: space to depth)
        log-det   0

    Args:
        block: b, side of the blocks.
        name: of the bijector.

    Reference: Dinh, Sohl-Dickstein, Bengio: Density estimation using Real NVP. ICLR 2017, section 3.6.
    """

    def __init__(self, block: int, name: str | None = None):
        parameters = dict(locals())
        with tf.name_scope(name or "squeeze") as scope:
            self._block = int(block)
            super().__init__(
                forward_min_event_ndims=3,
                dtype=tf.float32,
                is_constant_jacobian=True,
                parameters=parameters,
                name=scope,
            )

    @classmethod
    def _parameter_properties(cls, dtype):
        return {}

    @property
    def _is_permutation(self):
        return True

    def _forward(self, x):
        return _apply_to_images(lambda images: tf.nn.depth_to_space(images, self._block), x)

    def _inverse(self, y):
        return _apply_to_images(lambda images: tf.nn.space_to_depth(images, self._block), y)

    def _forward_log_det_jacobian(self, x):
        return tf.zeros([], x.dtype)

    def _forward_event_shape(self, shape):
        height, width, channels = shape[-3:]
        return shape[:-3].concatenate([height * self._block, width * self._block, channels // self._block**2])

    def _inverse_event_shape(self, shape):
        height, width, channels = shape[-3:]
        return shape[:-3].concatenate([height // self._block, width // self._block, channels * self._block**2])

    def _forward_event_shape_tensor(self, shape):
        return tf.stack([shape[-3] * self._block, shape[-2] * self._block, shape[-1] // self._block**2])

    def _inverse_event_shape_tensor(self, shape):
        return tf.stack([shape[-3] // self._block, shape[-2] // self._block, shape[-1] * self._block**2])


def _apply_to_images(function, events):
    # The operators accept one batch dimension; events of a distribution have any number of them, or none.
    if events.shape.rank == 4:
        return function(events)
    images = function(tf.reshape(events, (-1, *events.shape[-3:])))
    return tf.reshape(images, tf.concat([tf.shape(events)[:-3], images.shape[-3:]], axis=0))
