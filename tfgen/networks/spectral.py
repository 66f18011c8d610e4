"""Layers whose weight matrix is divided by its largest singular value."""

from typing import Any

import keras
import tensorflow as tf

# Iterations on a new layer; from then on one for each step follows the slowly moving weights.
FIRST_ITERATIONS = 20


class SpectralNormalization:
    """Mixed into a Keras layer with a kernel W: its calls use W / σ(W) in place of W, so that no input is stretched.

        σ(W) = vᵀ W u,  u ← Wᵀ v / |Wᵀ v|,  v ← W u / |W u|          (power iteration)

    with W as a matrix [inputs, outputs], a convolution's kernel with its window among the inputs. A call changes
    nothing; whoever trains the layer calls `iterate` once before each step. So serving and validation leave u and v as
    they are, and every replica finds the same ones from the same W.

    Reference: Miyato et al.: Spectral normalization for generative adversarial networks. ICLR 2018.
    """

    left: Any
    right: Any

    def build(self, input_shape):
        super().build(input_shape)  # type: ignore[misc]
        inputs, outputs = self._matrix().shape
        for name, size in (("right", outputs), ("left", inputs)):
            # Equal on all replicas, as the weights are; any one's value is the value.
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

    def iterate(self, times: int = 1) -> None:
        """Move u and v closer to the first singular vectors of the present W."""
        matrix, right = self._matrix(), tf.convert_to_tensor(self.right)
        for _ in range(times):
            left = tf.math.l2_normalize(tf.linalg.matvec(matrix, right))
            right = tf.math.l2_normalize(tf.linalg.matvec(matrix, left, transpose_a=True))
        self.left.assign(left)
        self.right.assign(right)

    @property
    def kernel(self) -> tf.Tensor:
        """W / σ(W); the gradient flows through both."""
        matrix = self._matrix()
        norm = tf.tensordot(self.left.value, tf.linalg.matvec(matrix, self.right.value), 1)
        return super().kernel / norm  # type: ignore[misc]

    # Dense and Conv2D write their own weights and leave out what a subclass adds.
    def save_own_variables(self, store):
        keras.layers.Layer.save_own_variables(self, store)

    def load_own_variables(self, store):
        keras.layers.Layer.load_own_variables(self, store)


@keras.saving.register_keras_serializable("tfgen")
class SpectralDense(SpectralNormalization, keras.layers.Dense):
    """`keras.layers.Dense` under spectral normalization."""


@keras.saving.register_keras_serializable("tfgen")
class SpectralConv2D(SpectralNormalization, keras.layers.Conv2D):
    """`keras.layers.Conv2D` under spectral normalization."""
