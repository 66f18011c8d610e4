"""The log-determinant of a chain of bijectors, divided among the values of an event."""

import tensorflow as tf
from tensorflow_probability import bijectors as tfb

from tfgen.bijectors.actnorm import ActNorm
from tfgen.bijectors.factor_out import FactorOut
from tfgen.bijectors.invertible_1x1 import Invertible1x1
from tfgen.bijectors.log_det_bijector import LogDetBijector
from tfgen.bijectors.squeeze import Squeeze
from tfgen.bijectors.zero_pad import ZeroPad

#: Bijectors that move values, and change none.
MOVES = (Squeeze, ZeroPad, tfb.Permute, tfb.Reshape)
#: TFP's bijectors of single values that the flows use.
ELEMENTWISE = (tfb.Scale, tfb.Shift, tfb.Sigmoid)


def inverse_and_log_slopes(bijector: tfb.Bijector, y) -> tuple[tf.Tensor, tf.Tensor]:
    """(z, log-slopes) of z = f⁻¹(y), in the order of z; the log-slopes of an event add up to the log-determinant.

    The log-slope of a value is the sum of log |∂x_i/∂y_i| over the steps that transform the value given other values. A
    1×1 convolution mixes the channels of a pixel: its log-determinant, and the log-slopes of the steps before it, are
    divided equally among these channels.

    Args:
        bijector: the chain of a flow of images, f.
        y: [n, H, W, C].

    Raises:
        TypeError: if the chain has a bijector of another class than those of the flows of this package.
    """
    return _inverse(bijector, y, tf.zeros_like(y))


def _inverse(bijector, y, slopes):
    """(f⁻¹(y), the log-slopes of the steps before and of f⁻¹, in the order of f⁻¹(y))."""
    if isinstance(bijector, tfb.Composition):
        for step in bijector.bijectors:
            y, slopes = _inverse(step, y, slopes)
        return y, slopes
    if isinstance(bijector, FactorOut):
        (inner, rest), (inner_slopes, rest_slopes) = bijector.split(y), bijector.split(slopes)
        inner, inner_slopes = _inverse(bijector.inner, inner, inner_slopes)
        return bijector.join(inner, rest), bijector.join(inner_slopes, rest_slopes)
    if isinstance(bijector, LogDetBijector):
        x, own = bijector.inverse_and_log_slopes(y)
        return x, slopes + own
    if isinstance(bijector, Invertible1x1):
        mixed = tf.reduce_mean(slopes + bijector.layer.log_diagonal, axis=-1, keepdims=True) * tf.ones_like(slopes)
        return bijector.inverse(y), bijector.where_mixed(mixed, slopes)
    if isinstance(bijector, ActNorm):
        own = bijector.layer.log_scale if bijector.inside is None else bijector.inside * bijector.layer.log_scale
        return bijector.inverse(y), slopes - own
    if isinstance(bijector, ELEMENTWISE):
        return bijector.inverse(y), slopes + bijector.inverse_log_det_jacobian(y, event_ndims=0)
    if _moves(bijector):
        return bijector.inverse(y), bijector.inverse(slopes)
    raise TypeError(f"Expected a bijector of a flow. Received: {type(bijector).__name__}")


def in_order_of_data(bijector: tfb.Bijector, terms) -> tf.Tensor:
    """Move terms of latents to the values of the data at their places: [n, D] → [n, H, W, C].

    Args:
        bijector: the chain of a flow of images.
        terms: a number for each latent.
    """
    if isinstance(bijector, tfb.Composition):
        for step in reversed(bijector.bijectors):
            terms = in_order_of_data(step, terms)
        return terms
    if isinstance(bijector, FactorOut):
        inner, rest = bijector.split_latents(terms)
        return tf.concat([in_order_of_data(bijector.inner, inner), rest], axis=-1)
    return bijector.forward(terms) if _moves(bijector) else terms


def _moves(bijector: tfb.Bijector) -> bool:
    """Whether a bijector moves values and changes none. The inverse of a bijector has no public class in TFP."""
    return isinstance(getattr(bijector, "bijector", bijector), MOVES)
