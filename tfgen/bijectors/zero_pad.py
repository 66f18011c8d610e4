"""Padding of events with zeros, and the removal of the padding."""

import math

import numpy as np
import tensorflow as tf
from tensorflow_probability import bijectors as tfb


class ZeroPad(tfb.Bijector):
    """Place an event into a larger array of zeros.

        forward   y = x at the entries of `inside`                          (latent → data: removes the padding)
        inverse   x = y at the entries of `inside`, 0 elsewhere             (data → latent: pads)
        log-det   0

    The map is invertible between all events and those padded arrays that are 0 outside. The bijectors between a
    `ZeroPad` and its inverse, `tfb.Invert(ZeroPad(…))`, have to keep these zeros and leave them out of their
    log-determinants. Their argument `inside` does so.

    Args:
        event_shape: shape of the event, whose entries are in the order of `inside`.
        inside: array of 0 and 1 in the shape of the padded array, with as many ones as the event has entries.
        name: of the bijector.
    """

    def __init__(self, event_shape: tuple[int, ...], inside: np.ndarray, name: str | None = None):
        parameters = dict(locals())
        self._shape, self._padded_shape = tuple(event_shape), tuple(inside.shape)
        flat = np.asarray(inside, bool).reshape(-1)
        # Index into the padded array for each entry of the event. In the other direction, the event is followed by a 0.
        self._to_event = np.flatnonzero(flat)
        self._to_padded = np.where(flat, np.cumsum(flat) - 1, flat.sum())
        with tf.name_scope(name or "zero_pad") as scope:
            super().__init__(
                forward_min_event_ndims=len(self._padded_shape),
                inverse_min_event_ndims=len(self._shape),
                dtype=tf.float32,
                is_constant_jacobian=True,
                parameters=parameters,
                name=scope,
            )

    @classmethod
    def _parameter_properties(cls, dtype):
        return {}

    def _forward(self, x):
        batch = tf.shape(x)[: -len(self._padded_shape)]
        flat = tf.reshape(x, (-1, math.prod(self._padded_shape)))
        event = tf.gather(flat, tf.constant(self._to_event, tf.int32), axis=1)
        return tf.reshape(event, tf.concat([batch, self._shape], axis=0))

    def _inverse(self, y):
        batch = tf.shape(y)[: -len(self._shape)]
        flat = tf.reshape(y, (-1, math.prod(self._shape)))
        flat = tf.concat([flat, tf.zeros_like(flat[:, :1])], axis=1)
        padded = tf.gather(flat, tf.constant(self._to_padded, tf.int32), axis=1)
        return tf.reshape(padded, tf.concat([batch, self._padded_shape], axis=0))

    def _forward_log_det_jacobian(self, x):
        return tf.zeros([], x.dtype)

    def _forward_event_shape(self, shape):
        return shape[: -len(self._padded_shape)].concatenate(self._shape)

    def _inverse_event_shape(self, shape):
        return shape[: -len(self._shape)].concatenate(self._padded_shape)

    def _forward_event_shape_tensor(self, shape):
        return tf.concat([shape[: -len(self._padded_shape)], self._shape], axis=0)

    def _inverse_event_shape_tensor(self, shape):
        return tf.concat([shape[: -len(self._shape)], self._padded_shape], axis=0)


def padded_sides(height: int, width: int, block: int) -> tuple[int, int]:
    """The sides of an image after padding to whole blocks of `block`×`block` pixels."""
    return -(-height // block) * block, -(-width // block) * block


def inside_after_padding(inside: np.ndarray, block: int) -> np.ndarray:
    """`inside` [H, W, C] with zeros appended to rows and columns, up to whole blocks of pixels.

    Example:
        >>> inside_after_padding(np.ones((3, 5, 1)), 2)[..., 0]
        array([[1., 1., 1., 1., 1., 0.],
               [1., 1., 1., 1., 1., 0.],
               [1., 1., 1., 1., 1., 0.],
               [0., 0., 0., 0., 0., 0.]])
    """
    height, width = inside.shape[:2]
    rows, columns = padded_sides(height, width, block)
    return np.pad(inside, ((0, rows - height), (0, columns - width), (0, 0)))


def inside_after_squeeze(inside: np.ndarray, block: int) -> np.ndarray:
    """`inside` [H, W, C] in the order of `Squeeze`, [H/b, W/b, b²C]."""
    height, width, channels = inside.shape
    blocks = inside.reshape(height // block, block, width // block, block, channels).transpose(0, 2, 1, 3, 4)
    return blocks.reshape(height // block, width // block, -1)
