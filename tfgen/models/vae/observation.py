"""The observation models p(x|z) of a VAE: distributions of images, with feature maps of the decoder as parameters."""

from typing import Any, Protocol

import tensorflow as tf

from tfgen.config import VAEConfig
from tfgen.models import color_logistic_mixture, logistic_mixture


class Observation(Protocol):
    """A distribution of images [n, H, W, C].

    Attributes:
        maps: number of feature maps that the distribution has as parameters.
    """

    maps: int

    def log_prob(self, maps, target) -> tf.Tensor:
        """log p(x|z) of each image in nats: maps [n, H, W, maps], target [n, H, W, C] → float32 [n]."""
        ...

    def pixel_log_prob(self, maps, target) -> tf.Tensor:
        """The terms of `log_prob` of the pixels: float32 [n, H, W]."""
        ...

    def mean(self, maps) -> tf.Tensor:
        """Mean intensities in [0, 1], [n, H, W, C]."""
        ...

    def sample(self, maps, first, second) -> tf.Tensor:
        """Intensities drawn by two uniform numbers of each value, [n, H, W, C]."""
        ...


class Bernoulli:
    """Pixels of 0 and 1, whose logits are the feature maps.

    Args:
        channels: C.
    """

    def __init__(self, channels: int):
        self.maps = channels

    def log_prob(self, maps, target):
        # This form of the cross-entropy does not overflow for any logit, in any of the export formats.
        return -tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(target, maps), axis=(1, 2, 3))

    def pixel_log_prob(self, maps, target):
        return -tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(target, maps), axis=-1)

    def mean(self, maps):
        return tf.sigmoid(maps)

    def sample(self, maps, first, second):
        return tf.cast(first < tf.sigmoid(maps), tf.float32)


class Mixture:
    """Integer levels under one of the two discretized mixtures of logistic distributions.

    Args:
        channels: C.
        mixtures: components of each pixel.
        levels: number of intensity levels.
        dependent: whether the channels of a pixel share the component and depend on each other.
    """

    def __init__(self, channels: int, mixtures: int, levels: int, dependent: bool):
        self._distribution: Any = color_logistic_mixture if dependent else logistic_mixture
        self._channels, self._mixtures, self._levels = channels, mixtures, levels
        self.maps = mixtures * (color_logistic_mixture.maps_per_component(channels) if dependent else 3 * channels)

    def _parameters(self, maps):
        return self._distribution.split_parameters(maps, self._mixtures, self._channels)

    def log_prob(self, maps, target):
        return self._distribution.log_prob(self._parameters(maps), target, self._levels)

    def pixel_log_prob(self, maps, target):
        return self._distribution.pixel_log_prob(self._parameters(maps), target, self._levels)

    def mean(self, maps):
        return self._distribution.mean(self._parameters(maps))

    def sample(self, maps, first, second):
        return self._distribution.sample(self._parameters(maps), first, second, self._levels)


def observation(config: VAEConfig, channels: int, levels: int) -> Observation:
    """The observation model of a configuration, for images of that number of channels and levels."""
    if config.likelihood == "bernoulli":
        return Bernoulli(channels)
    return Mixture(channels, config.mixtures, levels, dependent=config.likelihood == "color_logistic_mixture")
