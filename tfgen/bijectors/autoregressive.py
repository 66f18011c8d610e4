"""A wavefront over an image: splines of every pixel, each given all the pixels made before it."""

import tensorflow as tf

from tfgen.bijectors.spline import through_splines
from tfgen.bijectors.value_and_log_det import OnePass


class AutoregressiveSpline(OnePass):
    """Splines of the pixels of images [..., H, W, C], each given those of an earlier time; an autoregressive flow.

        forward   x_p = spline⁻¹(z_p; θ_p(x_q: t(q) < t(p)))     (latent → data, time after time)
        inverse   z_p = spline(x_p; θ_p(x_q: t(q) < t(p)))       (data → latent, all pixels in one pass)
        log-det   −Σ log spline′(x_p; θ_p)  of the forward map
        time      t(r, c) = c + 2 r, of which the network sees the rows down to the pixel's

    All pixels of one time are made at once, W + 2 (H − 1) times in all: the network keeps what it has computed of the
    earlier ones, and the way to the data costs about as many operations as three passes the other way.

    Args:
        network: `tfgen.networks.AutoregressiveNetwork` with C (3 K − 1) outputs.
        conditioner: how it is asked for the parameters of whole images; called plainly, unless given.
        bins: K.
        bound: B; splines map [−B, B] to itself and are the identity beyond.
        name: of the bijector.

    Reference: Papamakarios, Pavlakou, Murray: Masked autoregressive flow. NeurIPS 2017; Durkan, Bekasov, Murray,
    Papamakarios: Neural spline flows. NeurIPS 2019 (the splines); van den Oord, Kalchbrenner, Kavukcuoglu: Pixel
    recurrent neural networks. ICML 2016 (the networks).
    """

    def __init__(self, network, conditioner=None, bins: int = 16, bound: float = 4.0, name: str | None = None):
        parameters = dict(locals())
        with tf.name_scope(name or "autoregressive") as scope:
            self._network, self._conditioner = network, conditioner or network
            self._bins, self._bound = bins, bound
            # Operation by operation, the thousands of a loop would cost seconds. For any number of images at once, so
            # that what is computed does not depend on how many came first.
            images = tf.TensorSpec((None, *network.image_shape))
            self._compiled = tf.function(self._make, input_signature=[images], autograph=False)
            super().__init__(forward_min_event_ndims=3, dtype=tf.float32, parameters=parameters, name=scope)

    def _aug_forward(self, z):
        x, log_det = (self._compiled if tf.executing_eagerly() else self._make)(self._flat(z))
        batch = tf.shape(z)[:-3]
        x, log_det = tf.reshape(x, tf.shape(z)), tf.reshape(log_det, batch)
        return x, {"fldj": log_det, "ildj": -log_det}

    def _aug_inverse(self, x):
        images = self._flat(x)
        z, log_slope = through_splines(images, self._conditioner(images), self._bins, self._bound, to_data=False)
        log_det = tf.reshape(tf.reduce_sum(log_slope, axis=(1, 2, 3)), tf.shape(x)[:-3])
        return tf.reshape(z, tf.shape(x)), {"fldj": -log_det, "ildj": log_det}

    @staticmethod
    def _flat(event):
        # Keras networks know one batch dimension; a distribution may have any number, or none.
        return tf.reshape(event, (-1, *event.shape[-3:]))

    def _make(self, images):
        network, skew = self._network, self._network.skew
        latents = skew(images)
        inside = tf.constant(skew.inside[..., None, None], tf.float32)

        def column(time, previous, made, log_det, *state):
            parameters, state = network(previous, list(state), time)
            latent = tf.gather(latents, time, axis=2)[:, :, tf.newaxis]
            value, log_slope = through_splines(latent, parameters, self._bins, self._bound, to_data=True)
            now = tf.gather(inside, time)
            # Written by adding, since TensorFlow Lite has no arrays to which columns of a batch of any size are added.
            here = tf.cast(tf.equal(tf.range(skew.times), time), tf.float32)[:, tf.newaxis]
            log_det += tf.reduce_sum(now * log_slope, axis=(1, 2, 3))
            return time + 1, value, made + here * (now * value), log_det, *state

        first = tf.zeros_like(latents[:, :, :1])
        start = (tf.constant(0), first, tf.zeros_like(latents), tf.zeros_like(latents[:, 0, 0, 0]))
        result = tf.while_loop(
            lambda time, *_: time < skew.times,
            column,
            (*start, *network.begin(images)),
            maximum_iterations=skew.times,
        )
        return skew.back(result[2]), result[3]
