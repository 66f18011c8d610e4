"""An invertible matrix over the channels of each pixel."""

import keras
import numpy as np
import tensorflow as tf
from tensorflow_probability import bijectors as tfb


@keras.saving.register_keras_serializable("tfgen")
class LUMatrix(keras.layers.Layer):
    """The weights of an `Invertible1x1`: a C×C matrix W = P L (U + diag(σ exp(d))), at first a random rotation.

    L is lower triangular with ones on its diagonal and U strictly upper triangular; both are stored in one matrix.
    P and the signs σ stay what they were, so that W stays invertible.

    Args:
        channels: C.
        seed: of the rotation.
    """

    def __init__(self, channels: int, seed: int = 0, **kwargs):
        super().__init__(**kwargs)
        self.channels, self.seed = channels, seed
        self.build()

    def build(self, input_shape=None):
        size = self.channels
        normal = np.random.default_rng(self.seed).standard_normal((size, size))
        rotation, upper = np.linalg.qr(normal)
        rotation *= np.sign(np.diag(upper))
        lower_upper, rows = (part.numpy() for part in tf.linalg.lu(tf.constant(rotation)))
        diagonal = np.diag(lower_upper)

        def weight(value, name, trainable):
            return self.add_weight(
                shape=value.shape,
                initializer=lambda shape, dtype=None: tf.cast(value, dtype),
                trainable=trainable,
                # Constants are equal on all replicas; any one's value is the value.
                **({} if trainable else {"aggregation": "only_first_replica"}),
                name=name,
            )

        self.triangles = weight(lower_upper - np.diag(diagonal), "triangles", True)
        self.log_diagonal = weight(np.log(np.abs(diagonal)), "log_diagonal", True)
        self.sign = weight(np.sign(diagonal), "sign", False)
        self.permutation = weight(np.eye(size)[:, rows], "permutation", False)
        self.built = True

    def triangular_factors(self) -> tuple[tf.Tensor, tf.Tensor]:
        """P L and U + diag(σ exp(d)), [C, C] each."""
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
        """W⁻¹, [C, C], by two triangular solutions.

        In float64: the error of a matrix is the same for every pixel and picture, and those of a chain add up. That of
        twelve of them in float32 was more than half of all the rounding between a latent and its image.
        """
        lower, upper = self._factors(tf.float64)
        right = tf.linalg.triangular_solve(lower, tf.transpose(tf.cast(self.permutation, tf.float64)), lower=True)
        return tf.cast(tf.linalg.triangular_solve(upper, right, lower=False), tf.float32)

    def call(self, inputs):
        return tf.tensordot(inputs, self.matrix(), [[-1], [1]])

    def get_config(self):
        return {**super().get_config(), "channels": self.channels, "seed": self.seed}


class Invertible1x1(tfb.Bijector):
    """The same invertible matrix W applied to the channels of every pixel, a learned mixing of them.

        forward   y = W⁻¹ x                                 (latent → data)
        inverse   x = W y                                   (data → latent, the way of training: one product)
        log-det   −H W Σ_c d_c,  d = log |diag U| of W = P L U

    The map of TFP's `ScaleMatvecLU`, inverted. That one makes a matrix product of each pixel; this one has a single
    product for all pixels of the batch, and its diagonal cannot pass through zero.

    Args:
        layer: `LUMatrix`, held by the model too.
        name: of the bijector.

    Reference: Kingma, Dhariwal: Glow. NeurIPS 2018, section 3.2.
    """

    def __init__(self, layer: LUMatrix, name: str | None = None):
        parameters = dict(locals())
        with tf.name_scope(name or "invertible_1x1") as scope:
            self.layer = layer
            # One event is one pixel: TFP sums the log-determinant over the H·W pixels of an image.
            super().__init__(
                forward_min_event_ndims=1,
                dtype=tf.float32,
                is_constant_jacobian=True,
                parameters=parameters,
                name=scope,
            )

    @classmethod
    def _parameter_properties(cls, dtype):
        return {}

    def _forward(self, x):
        return tf.tensordot(x, self.layer.inverse_matrix(), [[-1], [1]])

    def _inverse(self, y):
        return tf.tensordot(y, self.layer.matrix(), [[-1], [1]])

    def _forward_log_det_jacobian(self, x):
        return -tf.reduce_sum(self.layer.log_diagonal)
