"""Coupling layers: the base class, affine coupling with a mask, and affine coupling of channels."""

import numpy as np
import tensorflow as tf

from tfgen.bijectors.log_det_bijector import LogDetBijector


class Coupling(LogDetBijector):
    """One part of an event passes unchanged and conditions an elementwise transformation g of the other part.

        forward   y_b = g(x_b; θ(x_a)),    y_a = x_a
        inverse   x_b = g⁻¹(y_b; θ(y_a)),  x_a = y_a
        log-det   Σ log |∂g/∂x_b|

    A subclass defines the two parts by `_split` and `_join`. `_transform` and `_transform_inverse` are the affine g of
    RealNVP; `SplineCoupling` replaces them.

    Args:
        network: Keras model θ, conditioning part [n, …] → parameters [n, …]. The model that is trained must hold the
            network as well, because Keras does not look for weights inside bijectors.
        event_ndims: dimensions of an event, 1 for [D] and 3 for [H, W, C].
        bound: largest |log-scale|.
        inside: array of 0 and 1 in the shape of an event. Entries of 0 are padding, which stays 0. None: no padding.
        parameters: arguments of the subclass' constructor.
        name: of the bijector.
    """

    def __init__(self, network, *, event_ndims, bound, parameters, name, inside=None):
        self._network = network
        self._bound = bound
        self._inside = None if inside is None else np.asarray(inside, np.float32)
        super().__init__(forward_min_event_ndims=event_ndims, dtype=tf.float32, parameters=parameters, name=name)

    # -- defined by subclasses ----------------------------------------------------------------------------------------

    def _split(self, event):
        """(input of the network, part to transform) of an event."""
        raise NotImplementedError

    def _join(self, event, transformed, log_scale):
        """(`event` with its second part replaced by `transformed`, the log-scales to sum)."""
        raise NotImplementedError

    # -- the affine transformation ------------------------------------------------------------------------------------

    def _transform(self, part, parameters):
        """g: (y = x exp(s) + t, s)."""
        shift, log_scale = self._shift_and_log_scale(parameters)
        return part * tf.exp(log_scale) + shift, log_scale

    def _transform_inverse(self, part, parameters):
        """g⁻¹: (x = (y − t) exp(−s), −s)."""
        shift, log_scale = self._shift_and_log_scale(parameters)
        return (part - shift) * tf.exp(-log_scale), -log_scale

    def _shift_and_log_scale(self, parameters):
        log_scale, shift = tf.split(parameters, 2, axis=-1)
        return shift, self._bound * tf.tanh(log_scale / self._bound)

    # -- the bijector -------------------------------------------------------------------------------------------------

    def forward_and_log_det(self, x):
        return self._apply(x, self._transform)

    def inverse_and_log_det(self, y):
        return self._apply(y, self._transform_inverse)

    def inverse_and_log_slopes(self, y):
        x, log_scale = self._transformed_part(y, self._transform_inverse)
        # The log-slope of a value that passes unchanged is 0.
        return self._join(y, x, log_scale)[0], self._join(tf.zeros_like(y), log_scale, log_scale)[0]

    def _apply(self, event, transform):
        result, log_scale = self._join(event, *self._transformed_part(event, transform))
        axes = list(range(-self.forward_min_event_ndims, 0))
        return result, tf.reduce_sum(log_scale, axis=axes)

    def _transformed_part(self, event, transform):
        """(g or g⁻¹ of the part to transform, its log-scales)."""
        conditioning, part = self._split(event)
        transformed, log_scale = transform(part, self._parameters_of(conditioning))
        if self._inside is not None:
            _, inside = self._split(tf.constant(self._inside))
            transformed, log_scale = inside * transformed, inside * log_scale
        return transformed, log_scale

    def _parameters_of(self, conditioning):
        # Keras networks accept one batch dimension; events of a distribution have any number of them, or none.
        event_ndims = self.forward_min_event_ndims
        if conditioning.shape.rank == event_ndims + 1:
            return self._network(conditioning)
        parameters = self._network(tf.reshape(conditioning, (-1, *conditioning.shape[-event_ndims:])))
        batch = tf.shape(conditioning)[:-event_ndims]
        return tf.reshape(parameters, tf.concat([batch, parameters.shape[1:]], axis=0))


class AffineCoupling(Coupling):
    """Affine coupling of the two parts that a mask m defines.

        forward   y = m x + (1 − m) (x exp(s) + t),   (s, t) = network(m x)
        inverse   x = m y + (1 − m) (y − t) exp(−s),  (s, t) = network(m y)
        log-det   Σ (1 − m) s

    The log-scale s = a tanh(raw / a) is bounded by a. A network whose last layer starts at zero makes the identity.

    Args:
        network: Keras model, event → event with the last axis doubled: raw log-scales, then shifts.
        mask: array of 0 and 1, [D] or broadcastable to [H, W, C]; 1 passes unchanged and conditions.
        bound: a, the largest |log-scale|.
        name: of the bijector.

    Reference: Dinh, Sohl-Dickstein, Bengio: Density estimation using Real NVP. ICLR 2017, equation 9.

    Example:
        >>> AffineCoupling(mlp(2, (64, 64), 4, zero_last=True), alternating_mask(2, parity=0))
    """

    def __init__(self, network, mask, bound: float = 3.0, name: str | None = None):
        parameters = dict(locals())
        mask = np.asarray(mask, np.float32)
        with tf.name_scope(name or "affine_coupling") as scope:
            self._mask = mask
            super().__init__(network, event_ndims=mask.ndim, bound=bound, parameters=parameters, name=scope)

    def _split(self, event):
        return self._mask * event, event

    def _join(self, event, transformed, log_scale):
        return self._mask * event + (1.0 - self._mask) * transformed, (1.0 - self._mask) * log_scale


class ChannelCoupling(Coupling):
    """Affine coupling of the two halves of the last axis.

        forward   y_a = x_a,  y_b = x_b exp(s) + t,    (s, t) = network(x_a)
        inverse   x_a = y_a,  x_b = (y_b − t) exp(−s), (s, t) = network(y_a)
        log-det   Σ s

    The log-scale s = a tanh(raw / a) is bounded by a. The map equals `AffineCoupling` with `channel_mask` at half the
    cost, because the network reads one half of the channels only.

    Args:
        network: Keras model, the conditioning half → raw log-scales, then shifts of the other half, on the last axis.
        channels: size of the last axis.
        parity: 0 if the first half conditions, 1 if the second half does.
        event_ndims: 3 for [H, W, C], 1 for [D].
        bound: a, the largest |log-scale|.
        inside: see `Coupling`.
        name: of the bijector.

    Reference: Kingma, Dhariwal: Glow. NeurIPS 2018, table 1.
    """

    def __init__(
        self,
        network,
        channels: int,
        parity=0,
        event_ndims=3,
        bound: float = 3.0,
        inside=None,
        name: str | None = None,
    ):
        parameters = dict(locals())
        with tf.name_scope(name or "channel_coupling") as scope:
            self._sizes = split_sizes(channels)
            self._parity = parity % 2
            super().__init__(
                network, event_ndims=event_ndims, bound=bound, parameters=parameters, name=scope, inside=inside
            )

    def _split(self, event):
        first, second = tf.split(event, self._sizes, axis=-1)
        return (first, second) if self._parity == 0 else (second, first)

    def _join(self, event, transformed, log_scale):
        conditioning, _ = self._split(event)
        parts = (conditioning, transformed) if self._parity == 0 else (transformed, conditioning)
        return tf.concat(parts, axis=-1), log_scale


def split_sizes(channels: int) -> tuple[int, int]:
    """Sizes of the first and the second half of the channels. Of an odd number, the second half is the larger one."""
    return channels // 2, channels - channels // 2
