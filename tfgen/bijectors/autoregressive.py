"""Autoregressive spline flow over the pixels of an image, generated diagonal by diagonal."""

import numpy as np
import tensorflow as tf

from tfgen.bijectors import elementwise_spline
from tfgen.bijectors.log_det_bijector import LogDetBijector


class AutoregressiveSpline(LogDetBijector):
    """A spline of each pixel p of images [..., H, W, C], conditioned on the pixels q of earlier diagonals.

        forward   x_p = spline⁻¹(z_p; θ_p(x_q: d(q) < d(p)))     (latent → data, one diagonal after the other)
        inverse   z_p = spline(x_p; θ_p(x_q: d(q) < d(p)))       (data → latent, all pixels in one pass)
        log-det   −Σ log spline′(x_p; θ_p)  of the forward map
        diagonal  d(row, column) = column + 2 row

    Of the earlier diagonals, the network reads the rows down to the pixel's own. If the network has `heads`, θ of
    channel c also depends on the channels of pixel p before c, and each step generates the channels in sequence. All
    pixels of one diagonal are generated in one step, the image in W + 2 (H − 1) steps. The network caches its
    activations on earlier diagonals, so that the forward direction takes about as many operations as one or two passes
    of the inverse direction, whatever the size of the image.

    Args:
        network: `tfgen.networks.AutoregressiveNetwork` with C (3 K − 1) outputs.
        conditioner: function from whole images to parameters. Default: `network`.
        bins: K.
        bound: B. The splines map [−B, B] to itself and are the identity outside.
        inside: array of 0 and 1, [H, W, C]. Entries of 0 are padding: they are 0 on both sides. Default: no padding.
        one_hot: function that returns the one-hot classes [n, classes] of the images of the present call, or None for a
            network without classes.
        name: of the bijector.

    Reference: Papamakarios, Pavlakou, Murray: Masked autoregressive flow. NeurIPS 2017; Durkan, Bekasov, Murray,
    Papamakarios: Neural spline flows. NeurIPS 2019 (the splines); van den Oord, Kalchbrenner, Kavukcuoglu: Pixel
    recurrent neural networks. ICML 2016 (the network).
    """

    def __init__(
        self,
        network,
        conditioner=None,
        bins: int = 16,
        bound: float = 4.0,
        inside=None,
        one_hot=lambda: None,
        name: str | None = None,
    ):
        parameters = dict(locals())
        with tf.name_scope(name or "autoregressive") as scope:
            self._network, self._conditioner, self._one_hot = network, conditioner or network, one_hot
            self._bins, self._bound, self._inside = bins, bound, inside
            # Eager execution of the loop's thousands of operations takes seconds. The signature leaves the number of
            # images open, so that results do not depend on the number of images of the first call. The classes are an
            # argument, because a compiled function would keep those of its first call.
            specs = [tf.TensorSpec((None, *network.image_shape))]
            if network.class_bias is not None:
                specs.append(tf.TensorSpec((None, network.class_bias.classes)))
            self._compiled_generate = tf.function(self._generate, input_signature=specs, autograph=False)
            super().__init__(forward_min_event_ndims=3, dtype=tf.float32, parameters=parameters, name=scope)

    def forward_and_log_det(self, x):
        one_hot = self._one_hot()
        generate = self._compiled_generate if tf.executing_eagerly() else self._generate
        data, log_det = generate(self._flat(x), *([] if one_hot is None else [one_hot]))
        batch = tf.shape(x)[:-3]
        return tf.reshape(data, tf.shape(x)), tf.reshape(log_det, batch)

    def inverse_and_log_det(self, y):
        z, log_slope = self._inverse_and_log_slopes(y)
        log_det = tf.reshape(tf.reduce_sum(log_slope, axis=(1, 2, 3)), tf.shape(y)[:-3])
        return tf.reshape(z, tf.shape(y)), log_det

    def inverse_and_log_slopes(self, y):
        z, log_slope = self._inverse_and_log_slopes(y)
        return tf.reshape(z, tf.shape(y)), tf.reshape(log_slope, tf.shape(y))

    def _inverse_and_log_slopes(self, y):
        """`inverse_and_log_slopes` with one batch dimension."""
        images = self._flat(y)
        z, log_slope = elementwise_spline.inverse_and_log_det(
            images, self._conditioner(images), self._bins, self._bound
        )
        if self._inside is not None:
            z, log_slope = self._inside * z, self._inside * log_slope
        return z, log_slope

    @staticmethod
    def _flat(event):
        # Keras networks accept one batch dimension; events of a distribution have any number of them, or none.
        return tf.reshape(event, (-1, *event.shape[-3:]))

    def _generate(self, images, one_hot=None):
        """(data, log-determinant) of latent images [n, H, W, C], in a loop over the diagonals."""
        network, skew = self._network, self._network.skew
        latents, constants = skew(images), network.column_constants(one_hot)
        inside_image = tf.constant(self._inside_columns(), tf.float32)

        def generate_diagonal(diagonal, previous, generated, log_det, *cache):
            features, cache = network.column_features(previous, list(cache), diagonal, constants)
            latent = tf.gather(latents, diagonal, axis=2)[:, :, tf.newaxis]
            inside = tf.gather(inside_image, diagonal)
            value, log_slope = self._generate_channels(features, latent, inside)
            if self._inside is not None:
                value *= inside
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

    def _generate_channels(self, features, latent, inside):
        """(data, log slopes) of a column of latents [n, R, 1, C] from its features, the channels in sequence."""
        network, heads = self._network, self._network.heads
        if heads is None:
            parameters = network.column_parameters(features)
            return elementwise_spline.forward_and_log_det(latent, parameters, self._bins, self._bound)
        values, log_slopes = [], []
        for index, part in enumerate(tf.split(latent, heads.channels, axis=-1)):
            if index:
                features = heads.next_features(index, features, values[-1])
            value, log_slope = elementwise_spline.forward_and_log_det(
                part, heads.parameters(index, features), self._bins, self._bound
            )
            # The networks read zeros in the padding.
            values.append(value if self._inside is None else value * inside[..., index : index + 1])
            log_slopes.append(log_slope)
        return tf.concat(values, axis=-1), tf.concat(log_slopes, axis=-1)

    def _inside_columns(self) -> np.ndarray:
        """Which entries of each column of the skewed image are pixels: [T, R, 1, 1], or [T, R, 1, C] with padding."""
        skew = self._network.skew
        if self._inside is None:
            return skew.inside[..., None, None]
        return skew.columns(self._inside)[:, :, None]
