"""Multiscale autoregressive coupling: splines of groups of channels, each conditioned on all groups before it."""

import itertools
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tfgen.bijectors import elementwise_spline
from tfgen.bijectors.log_det_bijector import LogDetBijector


class MultiscaleAutoregressive(LogDetBijector):
    """Splines of the channels of images [..., H, W, C], one group of channels after the other.

        forward   x_k = spline⁻¹(z_k; θ_k(x_0, …, x_k−1)),  x_0 = z_0      (latent → data, k = 1, 2, … in sequence)
        inverse   z_k = spline(x_k; θ_k(x_0, …, x_k−1)),    z_0 = x_0      (data → latent, all k in one pass)
        log-det   −Σ log spline′(x_k; θ_k)  of the forward map

    The conditioners are chained. Each receives the features h of the one before it and the newest group of channels:

        h_1, θ_1 = conditioner_1(x_0),     h_k, θ_k = conditioner_k(h_k−1, x_k−1)

    Together they form one deep network. The last groups depend on all of its layers, although each conditioner has few,
    and the inverse direction runs through all of them once.

    Args:
        conditioners: Keras models. The first maps [n, H, W, c_0] → [[n, H, W, h], [n, H, W, c_1 (3 K − 1)]], the others
            [[n, H, W, h], [n, H, W, c_k−1]] → [[n, H, W, h], [n, H, W, c_k (3 K − 1)]]. If c_0 is 0, the input of the
            first is one channel of zeros. `tfgen.networks.multiscale_conditioner` makes them.
        limits: 0 ≤ l_0 < l_1 < … < C, ends of the groups. Group 0 are the channels up to l_0, which pass unchanged;
            group k the channels from l_k−1 to l_k.
        bins: K.
        bound: B. The splines map [−B, B] to itself and are the identity outside.
        inside: array of 0 and 1, [H, W, C]. Entries of 0 are padding: they are 0 on both sides. None: no padding.
        name: of the bijector.

    Reference: Reed et al.: Parallel multiscale autoregressive density estimation. ICML 2017; Durkan, Bekasov, Murray,
    Papamakarios: Neural spline flows. NeurIPS 2019 (the splines).
    """

    def __init__(
        self,
        conditioners: Sequence,
        limits: Sequence[int],
        bins: int = 16,
        bound: float = 4.0,
        inside: np.ndarray | None = None,
        name: str | None = None,
    ):
        parameters = dict(locals())
        with tf.name_scope(name or "multiscale_autoregressive") as scope:
            self._conditioners, self._bins, self._bound = tuple(conditioners), bins, bound
            self._sizes = [limits[0], *(end - start for start, end in itertools.pairwise(limits))]
            # One mask per group, without the group that passes unchanged.
            self._inside = (
                None if inside is None else np.split(np.asarray(inside, np.float32), limits[:-1], axis=-1)[1:]
            )
            super().__init__(forward_min_event_ndims=3, dtype=tf.float32, parameters=parameters, name=scope)

    def forward_and_log_det(self, x):
        return self._groups_in_sequence(x, to_data=True)

    def inverse_and_log_det(self, y):
        return self._groups_in_sequence(y, to_data=False)

    def inverse_and_log_slopes(self, y):
        results, log_slopes = self._groups(y, to_data=False)
        log_slopes = [tf.zeros_like(results[0]), *log_slopes]
        return tuple(tf.reshape(tf.concat(parts, axis=-1), tf.shape(y)) for parts in (results, log_slopes))

    def _groups_in_sequence(self, event, to_data: bool):
        results, log_slopes = self._groups(event, to_data)
        log_det = sum(tf.reduce_sum(log_slope, axis=(1, 2, 3)) for log_slope in log_slopes)
        batch = tf.shape(event)[:-3]
        return tf.reshape(tf.concat(results, axis=-1), tf.shape(event)), tf.reshape(log_det, batch)

    def _groups(self, event, to_data: bool):
        """(all groups after the map, the log-slopes of the groups after the first), with one batch dimension."""
        splines = elementwise_spline.forward_and_log_det if to_data else elementwise_spline.inverse_and_log_det
        # Keras networks accept one batch dimension; events of a distribution have any number of them, or none.
        images = tf.reshape(event, (-1, *event.shape[-3:]))
        first, *groups = tf.split(images, self._sizes, axis=-1)
        newest = first if self._sizes[0] else tf.zeros_like(images[..., :1])
        results, log_slopes, features = [first], [], None
        for index, (conditioner, group) in enumerate(zip(self._conditioners, groups, strict=True)):
            features, parameters = conditioner(newest if features is None else [features, newest])
            result, log_slope = splines(group, parameters, self._bins, self._bound)
            if self._inside is not None:
                result, log_slope = self._inside[index] * result, self._inside[index] * log_slope
            results.append(result)
            log_slopes.append(log_slope)
            newest = result if to_data else group
        return results, log_slopes
