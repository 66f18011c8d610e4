"""Autoregressive affine flow over the elements of a sequence, generated one element after the other."""

import functools
import math
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tfgen.bijectors.log_det_bijector import LogDetBijector

#: Largest absolute log-scale. It bounds how much one flow multiplies rounding errors.
LARGEST_LOG_SCALE = 3.0
#: Without classes, guidance compares with a network whose attention logits are divided by this number.
GUIDANCE_TEMPERATURE = 1.5


class AutoregressiveAffine(LogDetBijector):
    """An affine map of each element i of sequences [..., T, D], conditioned on the elements before it.

        forward   x_i = μ_i + exp(a_i) z_i          (latent → data, one element after the other)
        inverse   z_i = (x_i − μ_i) exp(−a_i)       (data → latent, all elements in one pass)
        log-det   Σ a_i  of the forward map
        (μ_i, r_i) = network(x_0, …, x_{i−1}),      a_i = 3 tanh(r_i / 3)

    The network caches the keys and values of earlier elements, so that T steps of the forward direction cost about as
    many operations as one pass of the inverse direction.

    With a guidance w > 0, the forward direction uses μ + w_i (μ − μ′), with w_i growing linearly from w / T to w, in
    place of μ, and the same for a. μ′ is the result of the network without the class, or for a network without classes
    that with flatter attention. The map with guidance is no longer the inverse of `inverse`, and its log-determinant is
    that of the map.

    Args:
        network: `tfgen.networks.CausalTransformer` with 2 D outputs.
        conditioner: function from whole sequences to parameters. Default: `network`.
        inside: array of 0 and 1, [T, D]. Entries of 0 are padding: they are 0 on both sides. Default: no padding.
        one_hot: function that returns the one-hot classes [n, K] of the sequences of the present call, or None for a
            network without classes.
        guidance: function that returns w.
        name: of the bijector.

    Reference: Zhai et al.: Normalizing flows are capable generative models. ICML 2025, arXiv 2412.06329 (TarFlow).
    """

    def __init__(
        self,
        network,
        conditioner=None,
        inside=None,
        one_hot: Callable = lambda: None,
        guidance: Callable[[], float] = lambda: 0.0,
        name: str | None = None,
    ):
        parameters = dict(locals())
        with tf.name_scope(name or "autoregressive_affine") as scope:
            self._network, self._conditioner = network, conditioner or network
            self._inside, self._one_hot, self._guidance = inside, one_hot, guidance
            # Eager execution of the loop's operations takes seconds. The signature leaves the number of sequences open.
            specs = [tf.TensorSpec((None, network.length, network.size)), tf.TensorSpec(())]
            if network.classes:
                specs.append(tf.TensorSpec((None, network.classes)))
            # Guidance doubles the work, and has a function of its own.
            # TensorFlow counts the traces of all functions of the same code together and warns. A partial has no code.
            self._compiled = {
                guided: tf.function(functools.partial(generate), input_signature=specs, autograph=False)
                for guided, generate in ((False, self._generate), (True, self._generate_guided))
            }
            super().__init__(forward_min_event_ndims=2, dtype=tf.float32, parameters=parameters, name=scope)

    def forward_and_log_det(self, x):
        one_hot, weight = self._one_hot(), self._guidance()
        guided = weight > 0.0
        if tf.executing_eagerly():
            generate = self._compiled[guided]
        else:
            generate = self._generate_guided if guided else self._generate
        arguments = [self._flat(x), tf.constant(weight, tf.float32), *([] if one_hot is None else [one_hot])]
        data, log_det = generate(*arguments)
        return tf.reshape(data, tf.shape(x)), tf.reshape(log_det, tf.shape(x)[:-2])

    def inverse_and_log_det(self, y):
        z, log_scale = self._inverse_and_log_scale(y)
        log_det = -tf.reshape(tf.reduce_sum(log_scale, axis=(1, 2)), tf.shape(y)[:-2])
        return tf.reshape(z, tf.shape(y)), log_det

    def inverse_and_log_slopes(self, y):
        z, log_scale = self._inverse_and_log_scale(y)
        return tf.reshape(z, tf.shape(y)), -tf.reshape(log_scale, tf.shape(y))

    def _inverse_and_log_scale(self, y):
        """(z, a) of y, with one batch dimension: [n, T, D] each."""
        sequences = self._flat(y)
        shift, log_scale = self._split(self._conditioner(sequences))
        if self._inside is not None:
            shift, log_scale = self._inside * shift, self._inside * log_scale
        return (sequences - shift) * tf.exp(-log_scale), log_scale

    @staticmethod
    def _flat(event):
        # Keras networks accept one batch dimension; events of a distribution have any number of them, or none.
        return tf.reshape(event, (-1, *event.shape[-2:]))

    @staticmethod
    def _split(parameters):
        """(μ, a) of the network's outputs [n, T, 2 D]: [n, T, D] each."""
        shift, raw = tf.split(parameters, 2, axis=-1)
        return shift, LARGEST_LOG_SCALE * tf.tanh(raw / LARGEST_LOG_SCALE)

    def _generate(self, latents, weight, one_hot=None):
        """(data, log-determinant) of latents [n, T, D], in a loop over the elements. `weight` has no effect."""

        def affine_of(index, previous, cache, *segment):
            parameters, cache = self._network.element_parameters(previous, cache, index, one_hot, 1.0, *segment)
            return *self._split(parameters), cache

        return self._loop(latents, affine_of, latents)

    def _generate_guided(self, latents, weight, one_hot=None):
        """`_generate` with guidance. The first n rows of the network's batch are those with the class."""
        network = self._network
        scale = tf.ones_like(latents[:, :1, :1, tf.newaxis])
        if one_hot is None:
            scale = tf.concat([scale, scale / GUIDANCE_TEMPERATURE], axis=0)
        else:
            one_hot, scale = tf.concat([one_hot, tf.zeros_like(one_hot)], axis=0), tf.concat([scale, scale], axis=0)

        def affine_of(index, previous, cache, *segment):
            both = tf.concat([previous] * 2, axis=0)
            both, cache = network.element_parameters(both, cache, index, one_hot, scale, *segment)
            share = weight * tf.cast(index + 1, tf.float32) / network.length
            shift, log_scale = (
                given + share * (given - other)
                for given, other in (tf.split(each, 2, axis=0) for each in self._split(both))
            )
            return shift, tf.clip_by_value(log_scale, -LARGEST_LOG_SCALE, LARGEST_LOG_SCALE), cache

        return self._loop(latents, affine_of, tf.concat([latents] * 2, axis=0))

    def _loop(self, latents, affine_of: Callable, rows):
        """Generate element i from μ and a, which `affine_of` computes from i, element i − 1, the cache and the past.

        An outer loop over segments of about √T elements contains a loop over the elements of a segment, which writes a
        cache of this size and only reads the keys and values of earlier segments.

        Args:
            latents: z, [n, T, D].
            affine_of: function of i, element i − 1, the cache, the keys and values of earlier segments and the index of
                the first element of the segment. Returns μ, a and the next cache.
            rows: [m, T, D] with as many rows as the cache.
        """
        length, network = self._network.length, self._network
        size = _segment(length)
        inside = tf.constant(np.ones((length, 1)) if self._inside is None else self._inside, tf.float32)

        def generate_segment(first, previous, generated, log_det, *past):
            def generate_element(index, previous, written, log_det, *cache):
                shift, log_scale, cache = affine_of(index, previous, cache, past, first)
                visible = tf.gather(inside, index)
                log_scale *= visible
                value = shift * visible + tf.exp(log_scale) * tf.gather(latents, index, axis=1)[:, tf.newaxis]
                # The newest element stands at the end. TensorFlow Lite has no tensor arrays for a batch of open size.
                written = tf.concat([written[:, 1:], value], axis=1)
                return index + 1, value, written, log_det + tf.reduce_sum(log_scale, axis=(1, 2)), *cache

            _, previous, written, log_det, *cache = tf.while_loop(
                lambda index, *_: index < first + size,
                generate_element,
                (first, previous, tf.zeros_like(latents[:, :size]), log_det, *network.empty_cache(rows, size)),
                maximum_iterations=size,
            )
            generated = tf.concat([generated[:, size:], written], axis=1)
            return first + size, previous, generated, log_det, *(network.extended(past, cache) if past else ())

        past = network.empty_cache(rows, length - size) if size < length else ()
        start = (tf.constant(0), tf.zeros_like(latents[:, :1]), tf.zeros_like(latents), tf.zeros_like(latents[:, 0, 0]))
        if not past:
            return generate_segment(*start)[2:4]
        return tf.while_loop(
            lambda first, *_: first < length, generate_segment, (*start, *past), maximum_iterations=length // size
        )[2:4]


def _segment(length: int) -> int:
    """The divisor of a length that is closest to its square root; the length itself if it is prime."""
    divisors = [size for size in range(2, length + 1) if length % size == 0]
    return min(divisors, key=lambda size: abs(size - math.sqrt(length)), default=length)
