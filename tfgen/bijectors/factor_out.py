"""Factoring out: some channels become latents, the others pass on to an inner flow."""

import tensorflow as tf
from tensorflow_probability import bijectors as tfb

from tfgen.bijectors.log_det_bijector import LogDetBijector


class FactorOut(LogDetBijector):
    """An inner flow of the first channels; the other channels are latents.

        forward   y = [inner(z₁) | z₂],  z = (z₁, z₂)       [D] → [H, W, C]
        inverse   z = (inner⁻¹(y₁), y₂),  y = [y₁ | y₂]     [H, W, C] → [D]
        log-det   that of inner at z₁

    y₁ are the first K channels, z₁ the first H W K entries of the flat latent, and D = H W C. Nested instances make a
    flow of several scales whose prior is one normal distribution on [D].

    Args:
        inner: bijector [H·W·K] → [H, W, K].
        event_shape: (H, W, C).
        kept: K. Default: half of the channels, rounded down.
        inner_size: number of the inner flow's latents, if it pads images with zeros. Default: H·W·K.
        name: of the bijector.

    Reference: Dinh, Sohl-Dickstein, Bengio: Density estimation using Real NVP. ICLR 2017, section 3.6.
    """

    def __init__(
        self,
        inner: tfb.Bijector,
        event_shape: tuple[int, int, int],
        kept: int | None = None,
        inner_size: int | None = None,
        name: str | None = None,
    ):
        parameters = dict(locals())
        with tf.name_scope(name or "factor_out") as scope:
            self.inner = inner
            self._shape = tuple(event_shape)
            self.kept = kept or self._shape[-1] // 2
            height, width, channels = self._shape
            # Numbers of the latents of the inner flow and of the other channels.
            self._sizes = [inner_size or height * width * self.kept, height * width * (channels - self.kept)]
            super().__init__(
                forward_min_event_ndims=1,
                inverse_min_event_ndims=3,
                dtype=tf.float32,
                parameters=parameters,
                name=scope,
            )

    def split(self, y) -> tuple[tf.Tensor, tf.Tensor]:
        """(channels of the inner flow [n, H, W, K], channels that are latents [n, H, W, C − K]) of y [n, H, W, C]."""
        first, rest = tf.split(y, [self.kept, self._shape[-1] - self.kept], axis=-1)
        return first, rest

    def split_latents(self, z) -> tuple[tf.Tensor, tf.Tensor]:
        """(latents of the inner flow [n, …], channels that are latents [n, H, W, C − K]) of z [n, D]."""
        inner, rest = tf.split(z, self._sizes, axis=-1)
        shape = tf.concat([tf.shape(rest)[:-1], [*self._shape[:2], self._shape[-1] - self.kept]], axis=0)
        return inner, tf.reshape(rest, shape)

    def join(self, inner, rest) -> tf.Tensor:
        """The inverse of `split_latents`: [n, …], [n, H, W, C − K] → [n, D]."""
        shape = tf.concat([tf.shape(rest)[:-3], [self._sizes[1]]], axis=0)
        return tf.concat([inner, tf.reshape(rest, shape)], axis=-1)

    def forward_and_log_det(self, x):
        inner, rest = self.split_latents(x)
        y = tf.concat([self.inner.forward(inner), rest], axis=-1)
        return y, self.inner.forward_log_det_jacobian(inner, event_ndims=1)

    def inverse_and_log_det(self, y):
        inner, rest = self.split(y)
        return self.join(self.inner.inverse(inner), rest), self.inner.inverse_log_det_jacobian(inner, event_ndims=3)

    def _forward_event_shape(self, shape):
        return shape[:-1].concatenate(self._shape)

    def _inverse_event_shape(self, shape):
        return shape[:-3].concatenate([sum(self._sizes)])

    def _forward_event_shape_tensor(self, shape):
        return tf.concat([shape[:-1], self._shape], axis=0)

    def _inverse_event_shape_tensor(self, shape):
        return tf.concat([shape[:-3], [sum(self._sizes)]], axis=0)
