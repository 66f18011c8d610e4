"""The discretized mixture of logistic distributions of colour pixels, whose channels depend on each other.

A pixel x = (x₁ … x_C) has one component k for all of its channels. Given the component, the mean of a channel depends
on the channels before it, for example green on red, and blue on red and green:

    P(x) = Σ_k π_k Π_c L(x_c; μ_kc(x), s_kc),      μ_kc(x) = m_kc + Σ_{b < c} tanh(a_kcb) x_b

L is the discretized logistic distribution of `tfgen.models.logistic_mixture`. For one channel, the two mixtures are the
same, and read the same feature maps.

Reference: Salimans et al.: PixelCNN++. ICLR 2017, section 2.2.
"""

from collections.abc import Sequence
from typing import NamedTuple

import tensorflow as tf

from tfgen.models.logistic_mixture import discretized_log_prob
from tfgen.networks.fused import fused


class ColorMixture(NamedTuple):
    """Parameters of K components for each pixel of C channels, scaled to [−1, 1]. Every tensor is [n, H, W, K].

    Attributes:
        logits: unnormalized log π_k.
        means: m_kc, C tensors.
        log_scales: log s_kc, C tensors, between −7 and 5.
        coefficients: tanh(a_kcb) for b < c, a list of c tensors for each c.
    """

    logits: tf.Tensor
    means: list[tf.Tensor]
    log_scales: list[tf.Tensor]
    coefficients: list[list[tf.Tensor]]


def maps_per_component(channels: int) -> int:
    """Number of feature maps of each component: one logit, C means, C scales and C · (C − 1) / 2 coefficients."""
    return 1 + 2 * channels + channels * (channels - 1) // 2


def split_parameters(maps, mixtures: int, channels: int) -> ColorMixture:
    """Split feature maps into the parameters of K = `mixtures` components for each pixel.

    Args:
        maps: decoder output, float32 [n, H, W, maps_per_component(channels) · K].
        mixtures: K.
        channels: C.
    """
    # Tensors of four dimensions: without XLA, slices of a tensor of five dimensions make training twice as slow.
    logits, *others = tf.split(maps, maps_per_component(channels), axis=-1)
    means, log_scales, others = others[:channels], others[channels : 2 * channels], others[2 * channels :]
    coefficients = [[tf.tanh(others.pop(0)) for _ in range(channel)] for channel in range(channels)]
    # A scale of e⁵ is uniform. TFLite, which computes expm1 as a difference, would give larger ones the probability 0.
    log_scales = [_bounded(log_scale) for log_scale in log_scales]
    return ColorMixture(logits, means, log_scales, coefficients)


@fused
def _bounded(log_scale) -> tf.Tensor:
    """The log-scale of a feature map, between −7 and 5."""
    return tf.clip_by_value(log_scale - 1.0, -7.0, 5.0)


def log_prob(parameters: ColorMixture, values, levels: int) -> tf.Tensor:
    """Compute log P(x) of images whose pixels are integer levels.

    Args:
        parameters: the mixture of each pixel.
        values: levels 0 … levels − 1 as float32 [n, H, W, C].
        levels: number of intensity levels.

    Returns:
        float32 [n], the sum over the pixels, in nats.
    """
    return tf.reduce_sum(pixel_log_prob(parameters, values, levels), axis=(1, 2))


def pixel_log_prob(parameters: ColorMixture, values, levels: int) -> tf.Tensor:
    """`log_prob` of each pixel, the joint probability of its channels: float32 [n, H, W]."""
    observed = tf.split(values, len(parameters.means), axis=-1)
    before: list[tf.Tensor] = []
    component = tf.nn.log_softmax(parameters.logits)
    for channel, level in enumerate(observed):
        centre = _conditional_mean(parameters, before)
        component += discretized_log_prob(centre, parameters.log_scales[channel], level, levels)
        before.append(2.0 / (levels - 1.0) * level - 1.0)
    return tf.reduce_logsumexp(component, axis=-1)


def mean(parameters: ColorMixture) -> tf.Tensor:
    """Compute the mean of the mixture as an intensity in [0, 1], [n, H, W, C].

    The mean of a component's channel is clipped to [−1, 1] before the next channel is computed from it.
    """
    weights = tf.nn.softmax(parameters.logits)
    expected: list[tf.Tensor] = []
    for _ in parameters.means:
        expected.append(tf.clip_by_value(_conditional_mean(parameters, expected), -1.0, 1.0))
    average = tf.stack([tf.reduce_sum(weights * centre, axis=-1) for centre in expected], axis=-1)
    # The rounded probabilities may add up to slightly more than 1.
    return tf.clip_by_value(0.5 * (average + 1.0), 0.0, 1.0)


def sample(parameters: ColorMixture, choice, position, levels: int) -> tf.Tensor:
    """Sample pixels: a component of each pixel, then its channels in turn, by inverting their distribution functions.

    Args:
        parameters: the mixture of each pixel.
        choice: uniform numbers in (0, 1), [n, H, W, C]. Those of the first channel choose the component.
        position: uniform numbers in (0, 1), [n, H, W, C], which choose the values within the component.
        levels: number of intensity levels.

    Returns:
        Intensities in [0, 1], rounded to the levels, float32 [n, H, W, C].
    """
    cumulative = tf.cumsum(tf.nn.softmax(parameters.logits), axis=-1)
    selected = tf.one_hot(tf.argmax(cumulative >= choice[..., :1], axis=-1), parameters.logits.shape[-1])
    drawn: list[tf.Tensor] = []
    for uniform, log_scale in zip(tf.split(position, position.shape[-1], axis=-1), parameters.log_scales, strict=True):
        noise = tf.math.log(uniform) - tf.math.log1p(-uniform)
        values = _conditional_mean(parameters, drawn) + tf.exp(log_scale) * noise
        value = tf.reduce_sum(selected * values, axis=-1, keepdims=True)
        level = tf.round(tf.clip_by_value(0.5 * (value + 1.0), 0.0, 1.0) * (levels - 1.0))
        drawn.append(2.0 / (levels - 1.0) * level - 1.0)
    return 0.5 * (tf.concat(drawn, axis=-1) + 1.0)


def _conditional_mean(parameters: ColorMixture, before: Sequence[tf.Tensor]) -> tf.Tensor:
    """μ_kc of channel c = len(before), given the channels before it, [n, H, W, 1] or [n, H, W, K] each."""
    mean = parameters.means[len(before)]
    for coefficient, value in zip(parameters.coefficients[len(before)], before, strict=True):
        mean += coefficient * value
    return mean
