"""Spectral normalization: layers whose weight matrix is divided by its largest singular value."""

from typing import Any

import keras
import tensorflow as tf

# Power iterations on a new layer. Afterwards one iteration per training step follows the slowly changing weights.
FIRST_ITERATIONS = 20


class SpectralNormalization:
    """Mixin for a Keras layer with a kernel W: the layer computes with W / σ(W), whose largest singular value is 1.

        σ(W) = vᵀ W u,  u ← Wᵀ v / |Wᵀ v|,  v ← W u / |W u|          (power iteration)

    W is the kernel as a matrix [inputs, outputs]; the window of a convolution's kernel counts as inputs. Calls of the
    layer do not change u and v. The training step calls `iterate` once before each update, so that serving and
    validation change nothing and all replicas compute the same u and v from the same W. Keras's
    own `keras.layers.SpectralNormalization` is not used, because that layer iterates in every call with
    `training=True`, which a GAN makes several times per step.

    Reference: Miyato et al.: Spectral normalization for generative adversarial networks. ICLR 2018.
    """

    left: Any
    right: Any

    def build(self, input_shape):
        super().build(input_shape)  # type: ignore[misc]
        inputs, outputs = self._matrix().shape
        for name, size in (("right", outputs), ("left", inputs)):
            # Equal on all replicas, as the weights are, so that the value of one replica can be saved.
            vector = self.add_weight(  # type: ignore[attr-defined]
                shape=(size,),
                initializer=keras.initializers.Constant(size**-0.5),
                trainable=False,
                aggregation="only_first_replica",
                name=name,
            )
            setattr(self, name, vector)
        self.iterate(FIRST_ITERATIONS)

    def _matrix(self) -> tf.Tensor:
        kernel = tf.convert_to_tensor(super().kernel)  # type: ignore[misc]
        return tf.reshape(kernel, (-1, kernel.shape[-1]))

    def iterate(self, iterations: int = 1) -> None:
        """Update u and v by power iteration towards the first singular vectors of the current W."""
        matrix, right = self._matrix(), tf.convert_to_tensor(self.right)
        for _ in range(iterations):
            left = tf.math.l2_normalize(tf.linalg.matvec(matrix, right))
            right = tf.math.l2_normalize(tf.linalg.matvec(matrix, left, transpose_a=True))
        self.left.assign(left)
        self.right.assign(right)

    @property
    def kernel(self) -> tf.Tensor:
        """W / σ(W). Gradients pass through both W and σ(W)."""
        matrix = self._matrix()
        norm = tf.tensordot(self.left.value, tf.linalg.matvec(matrix, self.right.value), 1)
        return super().kernel / norm  # type: ignore[misc]

    # Dense and Conv2D save and load a fixed list of weights, without those that a subclass adds.
    def save_own_variables(self, store):
        keras.layers.Layer.save_own_variables(self, store)

    def load_own_variables(self, store):
        keras.layers.Layer.load_own_variables(self, store)


@keras.saving.register_keras_serializable("tfgen")
class SpectralDense(SpectralNormalization, keras.layers.Dense):
    """`keras.layers.Dense` with spectral normalization."""


@keras.saving.register_keras_serializable("tfgen")
class SpectralConv2D(SpectralNormalization, keras.layers.Conv2D):
    """`keras.layers.Conv2D` with spectral normalization."""
