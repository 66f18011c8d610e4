"""The discretized mixture of logistic distributions, a likelihood of pixels with any number of levels.

Reference: Salimans et al.: PixelCNN++. ICLR 2017, equation 2. Here the channels of a pixel are independent;
`tfgen.models.color_logistic_mixture` is the mixture whose channels depend on each other.
"""

import functools
from collections.abc import Callable

import tensorflow as tf

from tfgen.networks.fused import fused


def split_parameters(maps, mixtures: int, channels: int) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Split feature maps into the parameters of K = `mixtures` components for each pixel and channel.

    Args:
        maps: decoder output, float32 [n, H, W, channels · 3 · K].
        mixtures: K.
        channels: channels of the image.

    Returns:
        (logits, means, log-scales), [n, H, W, C, K] each. The means refer to pixels scaled to [−1, 1]. The log-scales
        are at least −7, which is a scale of a hundredth of an 8-bit level.
    """
    shape = tf.concat([tf.shape(maps)[:3], [channels, 3 * mixtures]], axis=0)
    logits, means, log_scales = tf.split(tf.reshape(maps, shape), 3, axis=-1)
    return logits, means, _bounded(log_scales)


@fused
def _bounded(log_scales) -> tf.Tensor:
    """The log-scales of feature maps, at least −7."""
    return tf.maximum(log_scales - 1.0, -7.0)


def log_prob(parameters, values, levels: int) -> tf.Tensor:
    """Compute log P(x) of images whose pixels are integer levels.

    For x scaled to [−1, 1] and half a level h = 1 / (levels − 1), the probability of x under a component is

        σ((x + h − μ) / s) − σ((x − h − μ) / s)

    The lowest and the highest level have the probability of the whole tail.

    Args:
        parameters: (logits, means, log-scales), each [n, H, W, C, K].
        values: levels 0 … levels − 1 as float32 [n, H, W, C].
        levels: number of intensity levels.

    Returns:
        float32 [n], the sum over pixels and channels, in nats.
    """
    return tf.reduce_sum(value_log_prob(parameters, values, levels), axis=(1, 2, 3))


def pixel_log_prob(parameters, values, levels: int) -> tf.Tensor:
    """`log_prob` of each pixel, the sum over its channels: float32 [n, H, W]."""
    return tf.reduce_sum(value_log_prob(parameters, values, levels), axis=-1)


def value_log_prob(parameters, values, levels: int) -> tf.Tensor:
    """`log_prob` of each value: float32 [n, H, W, C]."""
    logits, means, log_scales = parameters
    component = discretized_log_prob(means, log_scales, values[..., None], levels)
    return tf.reduce_logsumexp(tf.nn.log_softmax(logits) + component, axis=-1)


def discretized_log_prob(means, log_scales, values, levels: int) -> tf.Tensor:
    """Compute the log-probability of integer levels under discretized logistic distributions.

    Args:
        means, log_scales: parameters of the distributions of pixels scaled to [−1, 1].
        values: levels 0 … levels − 1 as float32, of a shape that broadcasts with the parameters. No gradient passes to
            them.
        levels: number of intensity levels.

    Returns:
        Nats, of the broadcast shape.
    """
    return _log_prob_of(levels)(means, log_scales, values)


@functools.cache
def _log_prob_of(levels: int) -> Callable[..., tf.Tensor]:
    """Return the function of (means, log-scales, values) for a number of levels."""
    return fused(functools.partial(_discretized_log_prob, levels=levels))


def _discretized_log_prob(means, log_scales, values, *, levels: int) -> tf.Tensor:
    values = tf.stop_gradient(values)
    half = 1.0 / (levels - 1.0)
    inverse = tf.exp(-log_scales)
    centred = 2.0 * half * values - 1.0 - means
    upper, lower = inverse * (centred + half), inverse * (centred - half)
    # log(σ(b) − σ(a)) = log σ(b) + log σ(−a) + log(1 − e^(a − b)). A plain difference would lose its digits.
    inside = _log_sigmoid(upper) + _log_sigmoid(-lower) + tf.math.log(-tf.math.expm1(-2.0 * half * inverse))
    first, last = values < 0.5, values > levels - 1.5
    return tf.where(first, _log_sigmoid(upper), tf.where(last, _log_sigmoid(-lower), inside))


def mean(parameters) -> tf.Tensor:
    """Compute the mean of the mixture as an intensity in [0, 1], [n, H, W, C]. Component means are clipped first."""
    logits, means, _ = parameters
    average = tf.reduce_sum(tf.nn.softmax(logits) * tf.clip_by_value(means, -1.0, 1.0), axis=-1)
    # The rounded probabilities may add up to slightly more than 1.
    return tf.clip_by_value(0.5 * (average + 1.0), 0.0, 1.0)


def sample(parameters, choice, position, levels: int) -> tf.Tensor:
    """Sample pixels by inverting the distribution function of a randomly chosen component.

    Args:
        parameters: (logits, means, log-scales), each [n, H, W, C, K].
        choice: uniform numbers in (0, 1), [n, H, W, C], which choose the component.
        position: uniform numbers in (0, 1), [n, H, W, C], which choose the value within the component.
        levels: number of intensity levels.

    Returns:
        Intensities in [0, 1], rounded to the levels, float32 [n, H, W, C].
    """
    logits, means, log_scales = parameters
    component = tf.argmax(tf.cumsum(tf.nn.softmax(logits), axis=-1) >= choice[..., None], axis=-1)
    centre, log_scale = (tf.gather(values, component, batch_dims=4) for values in (means, log_scales))
    value = centre + tf.exp(log_scale) * (tf.math.log(position) - tf.math.log1p(-position))
    return tf.round(tf.clip_by_value(0.5 * (value + 1.0), 0.0, 1.0) * (levels - 1.0)) / (levels - 1.0)


def _log_sigmoid(x) -> tf.Tensor:
    """Compute log σ(x) = min(x, 0) − log(1 + e^−|x|).

    TFLite converts TensorFlow's own function to log(1 + e^−x), which overflows below x = −88.
    """
    return tf.minimum(x, 0.0) - tf.math.log1p(tf.exp(-tf.abs(x)))
