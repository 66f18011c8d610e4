"""Affine coupling layers, on masked events and on halves of the channels."""

import numpy as np
import tensorflow as tf

from tfgen.bijectors.value_and_log_det import OnePass


class Coupling(OnePass):
    """One part of an event passes unchanged and conditions an elementwise transformation of the other.

        forward   y_b = g(x_b; θ(x_a)),    y_a = x_a
        inverse   x_b = g⁻¹(y_b; θ(y_a)),  x_a = y_a
        log-det   Σ log |∂g/∂x_b|

    The subclass says what the parts are (`_part`, `_join`); `_transform` and `_invert` are the affine g of RealNVP,
    which a subclass with another g replaces (`SplineCoupling`). θ is a network, evaluated once for value and
    log-determinant together: the cache of TFP's bijectors keeps what `_aug_forward` and `_aug_inverse` return beside
    the value.

    Args:
        network: Keras model, conditioning part [n, …] → parameters [n, …]; the model that trains must hold it too.
        event_ndims: dimensions of an event, 1 for [D] and 3 for [H, W, C].
        bound: largest |log-scale|.
        parameters: those of the subclass' constructor.
        name: of the bijector.
    """

    def __init__(self, network, *, event_ndims, bound, parameters, name):
        self._network = network
        self._bound = bound
        super().__init__(forward_min_event_ndims=event_ndims, dtype=tf.float32, parameters=parameters, name=name)

    # -- what a subclass says -----------------------------------------------------------------------------------------

    def _part(self, event):
        """(what the network sees, what is transformed) of an event."""
        raise NotImplementedError

    def _join(self, event, transformed, log_scale):
        """(the event with its part replaced by what that was transformed to, the log-scales that count)."""
        raise NotImplementedError

    # -- the affine transformation ------------------------------------------------------------------------------------

    def _transform(self, part, parameters):
        """g: y = x exp(s) + t, and s."""
        shift, log_scale = self._affine(parameters)
        return part * tf.exp(log_scale) + shift, log_scale

    def _invert(self, part, parameters):
        """g⁻¹: x = (y − t) exp(−s), and −s."""
        shift, log_scale = self._affine(parameters)
        return (part - shift) * tf.exp(-log_scale), -log_scale

    def _affine(self, parameters):
        log_scale, shift = tf.split(parameters, 2, axis=-1)
        return shift, self._bound * tf.tanh(log_scale / self._bound)

    # -- the bijector -------------------------------------------------------------------------------------------------

    def _pass(self, event, transformation):
        condition, part = self._part(event)
        result, log_scale = self._join(event, *transformation(part, self._parameters_of(condition)))
        axes = list(range(-self.forward_min_event_ndims, 0))
        return result, tf.reduce_sum(log_scale, axis=axes)

    def _parameters_of(self, condition):
        # A Keras network knows one batch dimension; a distribution may have any number, or none.
        event_ndims = self.forward_min_event_ndims
        if condition.shape.rank == event_ndims + 1:
            return self._network(condition)
        parameters = self._network(tf.reshape(condition, (-1, *condition.shape[-event_ndims:])))
        batch = tf.shape(condition)[:-event_ndims]
        return tf.reshape(parameters, tf.concat([batch, parameters.shape[1:]], axis=0))

    def _aug_forward(self, x):
        y, log_det = self._pass(x, self._transform)
        return y, {"fldj": log_det, "ildj": -log_det}

    def _aug_inverse(self, y):
        x, log_det = self._pass(y, self._invert)
        return x, {"fldj": -log_det, "ildj": log_det}


class AffineCoupling(Coupling):
    """Affine coupling of the two parts of a mask m.

        forward   y = m x + (1 − m) (x exp(s) + t),   (s, t) = network(m x)
        inverse   x = m y + (1 − m) (y − t) exp(−s),  (s, t) = network(m y)
        log-det   Σ (1 − m) s

    with s = a tanh(raw / a) bounded by a. A network whose last layer starts at zero makes the identity.

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

    def _part(self, event):
        return self._mask * event, event

    def _join(self, event, transformed, log_scale):
        return self._mask * event + (1.0 - self._mask) * transformed, (1.0 - self._mask) * log_scale


class ChannelCoupling(Coupling):
    """Affine coupling of the two halves of the last axis; what passes unchanged is not computed with.

        forward   y_a = x_a,  y_b = x_b exp(s) + t,    (s, t) = network(x_a)
        inverse   x_a = y_a,  x_b = (y_b − t) exp(−s), (s, t) = network(y_a)
        log-det   Σ s

    with s = a tanh(raw / a) bounded by a. The same map as `AffineCoupling` with `channel_mask`, at half the cost.

    Args:
        network: Keras model, the conditioning half → log-scales and shifts of the other, on the last axis.
        channels: size of the last axis.
        parity: 0 if the first half conditions, 1 if the second.
        event_ndims: 3 for [H, W, C], 1 for [D].
        bound: a, the largest |log-scale|.
        name: of the bijector.

    Reference: Kingma, Dhariwal: Glow. NeurIPS 2018, table 1.
    """

    def __init__(self, network, channels: int, parity=0, event_ndims=3, bound: float = 3.0, name: str | None = None):
        parameters = dict(locals())
        with tf.name_scope(name or "channel_coupling") as scope:
            self._sizes = halves(channels)
            self._parity = parity % 2
            super().__init__(network, event_ndims=event_ndims, bound=bound, parameters=parameters, name=scope)

    def _part(self, event):
        first, second = tf.split(event, self._sizes, axis=-1)
        return (first, second) if self._parity == 0 else (second, first)

    def _join(self, event, transformed, log_scale):
        condition, _ = self._part(event)
        parts = (condition, transformed) if self._parity == 0 else (transformed, condition)
        return tf.concat(parts, axis=-1), log_scale


def halves(channels: int) -> tuple[int, int]:
    """Sizes of the first and the second half of the channels; the second is the larger one of an odd number."""
    return channels // 2, channels - channels // 2
