"""Invertible 1×1 convolution: one invertible matrix applied to the channels of every pixel."""

import functools

import keras
import numpy as np
import tensorflow as tf
from tensorflow_probability import bijectors as tfb


@keras.saving.register_keras_serializable("tfgen")
class LUMatrix(keras.layers.Layer):
    """The weights of an `Invertible1x1`: a C×C matrix W = P L (U + diag(σ exp(d))), initially a random rotation.

    L is lower triangular with ones on its diagonal, U strictly upper triangular. Both are stored in one matrix. The
    permutation P and the signs σ are not trained, so that W stays invertible.

    Args:
        channels: C.
        seed: seed of the rotation.
    """

    def __init__(self, channels: int, seed: int = 0, **kwargs):
        super().__init__(**kwargs)
        self.channels, self.seed = channels, seed
        self.build()

    def build(self, input_shape=None):
        size = self.channels

        @functools.cache
        def rotation():
            """The factors of a random rotation, [C, C], and the order of its rows."""
            normal = np.random.default_rng(self.seed).standard_normal((size, size))
            matrix, upper = np.linalg.qr(normal)
            matrix *= np.sign(np.diag(upper))
            return [part.numpy() for part in tf.linalg.lu(tf.constant(matrix))]

        def diagonal():
            return np.diag(rotation()[0])

        def weight(value, name, trainable, rank=2):
            return self.add_weight(
                shape=(size,) * rank,
                # Not computed by `tfgen.models.outline`, which needs the shape only.
                initializer=lambda shape, dtype=None: tf.cast(value(), dtype),
                trainable=trainable,
                # Constants are equal on all replicas, so that the value of one replica can be saved.
                **({} if trainable else {"aggregation": "only_first_replica"}),
                name=name,
            )

        self.triangles = weight(lambda: rotation()[0] - np.diag(diagonal()), "triangles", True)
        self.log_diagonal = weight(lambda: np.log(np.abs(diagonal())), "log_diagonal", True, rank=1)
        self.sign = weight(lambda: np.sign(diagonal()), "sign", False, rank=1)
        self.permutation = weight(lambda: np.eye(size)[:, rotation()[1]], "permutation", False)
        self.built = True

    def triangular_factors(self) -> tuple[tf.Tensor, tf.Tensor]:
        """(L, U + diag(σ exp(d))), [C, C] each."""
        return self._factors(tf.float32)

    def _factors(self, dtype):
        triangles, sign, log_diagonal = (
            tf.cast(part, dtype) for part in (self.triangles, self.sign, self.log_diagonal)
        )
        identity = tf.eye(self.channels, dtype=dtype)
        lower = tf.linalg.band_part(triangles, -1, 0) * (1.0 - identity) + identity
        upper = tf.linalg.band_part(triangles, 0, -1) * (1.0 - identity)
        return lower, upper + tf.linalg.diag(sign * tf.exp(log_diagonal))

    def matrix(self) -> tf.Tensor:
        """W, [C, C]."""
        lower, upper = self.triangular_factors()
        return tf.matmul(self.permutation, tf.matmul(lower, upper))

    def inverse_matrix(self) -> tf.Tensor:
        """W⁻¹, [C, C], by solving two triangular systems in float64.

        The rounding error of a matrix is the same for all pixels, and the errors of a chain add up. With twelve
        matrices inverted in float32, they were more than half of the total rounding error between a latent and its
        image.
        """
        lower, upper = self._factors(tf.float64)
        right = tf.linalg.triangular_solve(lower, tf.transpose(tf.cast(self.permutation, tf.float64)), lower=True)
        return tf.cast(tf.linalg.triangular_solve(upper, right, lower=False), tf.float32)

    def call(self, inputs):
        return tf.tensordot(inputs, self.matrix(), [[-1], [1]])

    def get_config(self):
        return {**super().get_config(), "channels": self.channels, "seed": self.seed}


class Invertible1x1(tfb.Bijector):
    """The same invertible matrix W applied to the channels of every pixel: a learned permutation of channels.

        forward   y = W⁻¹ x                                 (latent → data)
        inverse   x = W y                                   (data → latent, the direction of training)
        log-det   −H W Σ_c d_c,  d = log |diag U| of W = P L U

    The map is the inverse of TFP's `ScaleMatvecLU`. TFP computes one matrix product per pixel; this class computes one
    product for all pixels of the batch, and the diagonal cannot pass through zero.

    Args:
        layer: `LUMatrix`. The model that is trained must hold the layer as well.
        inside: array of 0 and 1 in the shape of an event, [H, W, C]. Pixels with a 0 among their channels are padding
            in part; they pass unchanged. None: no padding, and an event is one pixel.
        name: of the bijector.

    Reference: Kingma, Dhariwal: Glow. NeurIPS 2018, section 3.2.
    """

    def __init__(self, layer: LUMatrix, inside=None, name: str | None = None):
        parameters = dict(locals())
        with tf.name_scope(name or "invertible_1x1") as scope:
            self.layer = layer
            # [H, W, 1]: whether all channels of a pixel are inside.
            self._whole = None if inside is None else np.asarray(inside, bool).all(axis=-1, keepdims=True)
            # Without padding, an event is one pixel: TFP sums the log-determinant over the H·W pixels of an image.
            super().__init__(
                forward_min_event_ndims=1 if inside is None else 3,
                dtype=tf.float32,
                is_constant_jacobian=True,
                parameters=parameters,
                name=scope,
            )

    @classmethod
    def _parameter_properties(cls, dtype):
        return {}

    def _forward(self, x):
        return self.where_mixed(tf.tensordot(x, self.layer.inverse_matrix(), [[-1], [1]]), x)

    def _inverse(self, y):
        return self.where_mixed(tf.tensordot(y, self.layer.matrix(), [[-1], [1]]), y)

    def _forward_log_det_jacobian(self, x):
        log_det = -tf.reduce_sum(self.layer.log_diagonal)
        return log_det if self._whole is None else float(self._whole.sum()) * log_det

    def where_mixed(self, product, event) -> tf.Tensor:
        """`product` at the pixels whose channels are mixed, `event` at those with padding: [..., H, W, C] each."""
        return product if self._whole is None else tf.where(self._whole, product, event)
