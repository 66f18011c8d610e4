"""A sweep over the channels: splines that make one part after the other, each given all the parts before it."""

import itertools
from collections.abc import Sequence

import tensorflow as tf

from tfgen.bijectors.spline import through_splines
from tfgen.bijectors.value_and_log_det import OnePass


class MultiscaleAutoregressive(OnePass):
    """Splines of the channels of images [..., H, W, C], part after part; an autoregressive flow in blocks.

        forward   x_k = spline⁻¹(z_k; θ_k(x_0, …, x_k−1)),  x_0 = z_0      (latent → data, k = 1, 2, … in turn)
        inverse   z_k = spline(x_k; θ_k(x_0, …, x_k−1)),    z_0 = x_0      (data → latent, all k in one pass)
        log-det   −Σ log spline′(x_k; θ_k)  of the forward map

    The networks θ_k are the stages of a single one, each of which is given what the one before it found and the part
    that is new:

        h_1, θ_1 = stage_1(x_0),     h_k, θ_k = stage_k(h_k−1, x_k−1)

    so that the last parts are made by a deep network, though a stage is a shallow one, and the way to the latent runs
    through all of them once.

    Args:
        stages: Keras models: the first [n, H, W, c_0] → [[n, H, W, h], [n, H, W, c_1 (3 K − 1)]], the others
            [[n, H, W, h], [n, H, W, c_k−1]] → [[n, H, W, h], [n, H, W, c_k (3 K − 1)]]. Where c_0 is 0, the first is
            given a channel of zeros.
        limits: 0 ≤ l_0 < l_1 < …, up to C: part k is of the channels from l_k−1 to l_k, part 0 of those up to l_0.
        bins: K.
        bound: B; splines map [−B, B] to itself and are the identity beyond.
        name: of the bijector.

    Reference: Durkan, Bekasov, Murray, Papamakarios: Neural spline flows. NeurIPS 2019 (the splines); Reed et al.:
    Parallel multiscale autoregressive density estimation. ICML 2017 (the order).
    """

    def __init__(
        self, stages: Sequence, limits: Sequence[int], bins: int = 16, bound: float = 4.0, name: str | None = None
    ):
        parameters = dict(locals())
        with tf.name_scope(name or "sweep") as scope:
            self._stages, self._bins, self._bound = tuple(stages), bins, bound
            self._sizes = [limits[0], *(end - start for start, end in itertools.pairwise(limits))]
            super().__init__(forward_min_event_ndims=3, dtype=tf.float32, parameters=parameters, name=scope)

    def _aug_forward(self, z):
        x, log_det = self._pass(z, to_data=True)
        return x, {"fldj": log_det, "ildj": -log_det}

    def _aug_inverse(self, x):
        z, log_det = self._pass(x, to_data=False)
        return z, {"fldj": -log_det, "ildj": log_det}

    def _pass(self, event, to_data):
        # Keras networks know one batch dimension; a distribution may have any number, or none.
        images = tf.reshape(event, (-1, *event.shape[-3:]))
        first, *parts = tf.split(images, self._sizes, axis=-1)
        new = first if self._sizes[0] else tf.zeros_like(images[..., :1])
        made, log_det, hidden = [first], tf.zeros_like(images[:, 0, 0, 0]), None
        for stage, part in zip(self._stages, parts, strict=True):
            hidden, parameters = stage(new if hidden is None else [hidden, new])
            result, log_slope = through_splines(part, parameters, self._bins, self._bound, to_data)
            made.append(result)
            log_det += tf.reduce_sum(log_slope, axis=(1, 2, 3))
            new = result if to_data else part
        batch = tf.shape(event)[:-3]
        return tf.reshape(tf.concat(made, axis=-1), tf.shape(event)), tf.reshape(log_det, batch)
