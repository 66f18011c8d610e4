"""Autoregressive spline flow over the pixels of an image, generated diagonal by diagonal."""

import tensorflow as tf

from tfgen.bijectors import elementwise_spline
from tfgen.bijectors.log_det_bijector import LogDetBijector


class AutoregressiveSpline(LogDetBijector):
    """A spline of each pixel p of images [..., H, W, C], conditioned on the pixels q of earlier diagonals.

        forward   x_p = spline⁻¹(z_p; θ_p(x_q: d(q) < d(p)))     (latent → data, one diagonal after the other)
        inverse   z_p = spline(x_p; θ_p(x_q: d(q) < d(p)))       (data → latent, all pixels in one pass)
        log-det   −Σ log spline′(x_p; θ_p)  of the forward map
        diagonal  d(row, column) = column + 2 row

    Of the earlier diagonals, the network reads the rows down to the pixel's own. All pixels of one diagonal are
    generated in one step, the image in W + 2 (H − 1) steps. The network caches its activations on earlier diagonals, so
    that the forward direction costs about as many operations as three passes of the inverse direction.

    Args:
        network: `tfgen.networks.AutoregressiveNetwork` with C (3 K − 1) outputs.
        conditioner: function from whole images to parameters. Default: `network`.
        bins: K.
        bound: B. The splines map [−B, B] to itself and are the identity outside.
        name: of the bijector.

    Reference: Papamakarios, Pavlakou, Murray: Masked autoregressive flow. NeurIPS 2017; Durkan, Bekasov, Murray,
    Papamakarios: Neural spline flows. NeurIPS 2019 (the splines); van den Oord, Kalchbrenner, Kavukcuoglu: Pixel
    recurrent neural networks. ICML 2016 (the network).
    """

    def __init__(self, network, conditioner=None, bins: int = 16, bound: float = 4.0, name: str | None = None):
        parameters = dict(locals())
        with tf.name_scope(name or "autoregressive") as scope:
            self._network, self._conditioner = network, conditioner or network
            self._bins, self._bound = bins, bound
            # Eager execution of the loop's thousands of operations takes seconds. The signature leaves the number of
            # images open, so that results do not depend on the number of images of the first call.
            images = tf.TensorSpec((None, *network.image_shape))
            self._compiled_generate = tf.function(self._generate, input_signature=[images], autograph=False)
            super().__init__(forward_min_event_ndims=3, dtype=tf.float32, parameters=parameters, name=scope)

    def forward_and_log_det(self, x):
        data, log_det = (self._compiled_generate if tf.executing_eagerly() else self._generate)(self._flat(x))
        batch = tf.shape(x)[:-3]
        return tf.reshape(data, tf.shape(x)), tf.reshape(log_det, batch)

    def inverse_and_log_det(self, y):
        images = self._flat(y)
        z, log_slope = elementwise_spline.inverse_and_log_det(
            images, self._conditioner(images), self._bins, self._bound
        )
        log_det = tf.reshape(tf.reduce_sum(log_slope, axis=(1, 2, 3)), tf.shape(y)[:-3])
        return tf.reshape(z, tf.shape(y)), log_det

    @staticmethod
    def _flat(event):
        # Keras networks accept one batch dimension; events of a distribution have any number of them, or none.
        return tf.reshape(event, (-1, *event.shape[-3:]))

    def _generate(self, images):
        """(data, log-determinant) of latent images [n, H, W, C], in a loop over the diagonals."""
        network, skew = self._network, self._network.skew
        latents = skew(images)
        inside_image = tf.constant(skew.inside[..., None, None], tf.float32)

        def generate_diagonal(diagonal, previous, generated, log_det, *cache):
            parameters, cache = network(previous, list(cache), diagonal)
            latent = tf.gather(latents, diagonal, axis=2)[:, :, tf.newaxis]
            value, log_slope = elementwise_spline.forward_and_log_det(latent, parameters, self._bins, self._bound)
            inside = tf.gather(inside_image, diagonal)
            # The column is written by adding, because TensorFlow Lite has no tensor arrays for a batch of open size.
            column = tf.cast(tf.equal(tf.range(skew.diagonals), diagonal), tf.float32)[:, tf.newaxis]
            log_det += tf.reduce_sum(inside * log_slope, axis=(1, 2, 3))
            return diagonal + 1, value, generated + column * (inside * value), log_det, *cache

        first = tf.zeros_like(latents[:, :, :1])
        start = (tf.constant(0), first, tf.zeros_like(latents), tf.zeros_like(latents[:, 0, 0, 0]))
        result = tf.while_loop(
            lambda diagonal, *_: diagonal < skew.diagonals,
            generate_diagonal,
            (*start, *network.empty_cache(images)),
            maximum_iterations=skew.diagonals,
        )
        return skew.undo(result[2]), result[3]
