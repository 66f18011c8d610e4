"""How a model sees pixels: as numbers in [0, 1], as bits, or in the discretized-logistic likelihood."""

import math

import tensorflow as tf

from tfgen import random


def unit_interval(images, levels: int) -> tf.Tensor:
    """Intensities in [0, 1]: integers 0 … levels − 1 are divided by levels − 1, floats taken as they are.

    Args:
        images: [n, H, W, C], of an integer type, or floats already in [0, 1].
        levels: intensity levels.

    Returns:
        float32 [n, H, W, C].
    """
    images = tf.convert_to_tensor(images)
    if images.dtype.is_floating:
        return tf.cast(images, tf.float32)
    return tf.cast(images, tf.float32) / (levels - 1.0)


def whole_levels(images, levels: int) -> tf.Tensor:
    """The inverse view: integer levels as float32, 0 … levels − 1; floats in [0, 1] are rounded to the nearest."""
    images = tf.convert_to_tensor(images)
    if images.dtype.is_floating:
        return tf.round(tf.clip_by_value(tf.cast(images, tf.float32), 0.0, 1.0) * (levels - 1.0))
    return tf.cast(images, tf.float32)


def _own_seed(unit) -> tf.Tensor:
    """An int32 seed for each picture, a multilinear hash of its pixels modulo 2³² (Carter, Wegman, 1979)."""
    values = tf.cast(tf.reshape(unit, (tf.shape(unit)[0], -1)) * 65535.0, tf.int32)
    values = tf.cast(values, tf.uint32)
    count = math.prod(unit.shape[1:])
    weights, _ = random.threefry(
        (tf.constant(1, tf.uint32), tf.constant(1, tf.uint32)),
        (tf.constant([*range(count)], tf.uint32), tf.constant(0, tf.uint32)),
    )
    # Added by halves: TFLite has no sum of unsigned words, and what makes one of signed ones for ONNX does not wrap.
    words = tf.cast(values * weights[None], tf.int32)
    while (half := words.shape[1] // 2) > 0:
        words = tf.concat([words[:, :half] + words[:, half : 2 * half], words[:, 2 * half :]], axis=1)
    return words[:, 0]


def binarize(unit, how: str, rng: random.StepRng) -> tf.Tensor:
    """Pixels of 0 and 1.

    Args:
        unit: float32 [n, H, W, C] in [0, 1].
        how: "threshold" (1 where > 0.5); "dynamic" (Bernoulli with the intensity as probability, drawn afresh at every
            call); "static" (drawn once: the draw is a function of the picture itself).
        rng: the noise of the step, for "dynamic".

    Returns:
        float32 [n, H, W, C] of 0 and 1.

    Reference: Salakhutdinov, Murray: On the quantitative analysis of deep belief networks. ICML 2008 (static); Burda et
    al.: Importance weighted autoencoders. ICLR 2016 (dynamic).
    """
    if how == "threshold":
        return tf.cast(unit > 0.5, tf.float32)
    if how == "dynamic":
        drawn = rng.uniform("binarize", (random.rows(unit), *unit.shape[1:]))
    else:
        drawn = tf.reshape(random.uniform(_own_seed(unit), math.prod(unit.shape[1:])), tf.shape(unit))
    return tf.cast(drawn < unit, tf.float32)


def logistic_mixture_parameters(maps, mixtures: int, channels: int):
    """Split decoder maps [n, H, W, channels · 3 · mixtures] into (logits, means, log-scales), [n, H, W, C, K] each.

    Means are in [−1, 1] when the maps are small; log-scales are kept above −7, a hundredth of an 8-bit level.
    """
    shape = tf.concat([tf.shape(maps)[:3], [channels, 3 * mixtures]], axis=0)
    logits, means, log_scales = tf.split(tf.reshape(maps, shape), 3, axis=-1)
    return logits, means, tf.maximum(log_scales - 1.0, -7.0)


def log_sigmoid(x) -> tf.Tensor:
    """log σ(x) = min(x, 0) − log(1 + e^−|x|).

    TensorFlow's own is as good in TensorFlow, but TFLite makes log(1 + e^−x) of it, which overflows below −88.
    """
    return tf.minimum(x, 0.0) - tf.math.log1p(tf.exp(-tf.abs(x)))


def logistic_mixture_log_prob(parameters, values, levels: int) -> tf.Tensor:
    """log P(x) of integer pixels under a discretized mixture of logistics.

    On x scaled to [−1, 1] with half a level h = 1 / (levels − 1), a component's probability is
    σ((x + h − μ) / s) − σ((x − h − μ) / s), its tails given to the lowest and the highest level.

    Args:
        parameters: (logits, means, log-scales), each [n, H, W, C, K].
        values: levels 0 … levels − 1 as float32 [n, H, W, C].
        levels: intensity levels.

    Returns:
        float32 [n], summed over pixels and channels, in nats.

    Reference: Salimans et al.: PixelCNN++. ICLR 2017, equation 2 (here with independent channels).
    """
    logits, means, log_scales = parameters
    values = values[..., None]
    half = 1.0 / (levels - 1.0)
    inverse = tf.exp(-log_scales)
    centred = 2.0 * half * values - 1.0 - means
    upper, lower = inverse * (centred + half), inverse * (centred - half)
    # log(σ(b) − σ(a)) = log σ(b) + log σ(−a) + log(1 − e^(a − b)), exact where a plain difference would cancel.
    inside = log_sigmoid(upper) + log_sigmoid(-lower) + tf.math.log(-tf.math.expm1(-2.0 * half * inverse))
    first, last = values < 0.5, values > levels - 1.5
    component = tf.where(first, log_sigmoid(upper), tf.where(last, log_sigmoid(-lower), inside))
    pixels = tf.reduce_logsumexp(tf.nn.log_softmax(logits) + component, axis=-1)
    return tf.reduce_sum(pixels, axis=(1, 2, 3))


def logistic_mixture_mean(parameters) -> tf.Tensor:
    """The mixture's mean as an intensity in [0, 1], [n, H, W, C] (tails beyond the range are cut)."""
    logits, means, _ = parameters
    mean = tf.reduce_sum(tf.nn.softmax(logits) * tf.clip_by_value(means, -1.0, 1.0), axis=-1)
    # Probabilities whose sum is rounded can lead beyond the range by a bit.
    return tf.clip_by_value(0.5 * (mean + 1.0), 0.0, 1.0)


def logistic_mixture_sample(parameters, choice, position, levels: int) -> tf.Tensor:
    """Draw pixels of the mixture by inverting its distribution functions.

    Args:
        parameters: (logits, means, log-scales), each [n, H, W, C, K].
        choice, position: uniform numbers in (0, 1), [n, H, W, C] each, for the component and within it.
        levels: intensity levels.

    Returns:
        Intensities in [0, 1] on the grid of the levels, float32 [n, H, W, C].
    """
    logits, means, log_scales = parameters
    component = tf.argmax(tf.cumsum(tf.nn.softmax(logits), axis=-1) >= choice[..., None], axis=-1)
    mean, log_scale = (tf.gather(values, component, batch_dims=4) for values in (means, log_scales))
    value = mean + tf.exp(log_scale) * (tf.math.log(position) - tf.math.log1p(-position))
    return tf.round(tf.clip_by_value(0.5 * (value + 1.0), 0.0, 1.0) * (levels - 1.0)) / (levels - 1.0)
