"""The layer that rounds pixels to intensity levels softly."""

import math

import keras
import tensorflow as tf


# Files of earlier versions name the class Stairs.
@keras.saving.register_keras_serializable("tfgen")
@keras.saving.register_keras_serializable("tfgen", name="Stairs")
class SoftRound(keras.layers.Layer):
    """Pixels x on the logit scale to softly rounded intensities and their logits: [n, H, W, C] → [n, H, W, 2C].

        t = L (σ(s x) − α) / (1 − 2 α),    r = t + sin(2 π t) / (2 π), clipped to [0, L]
        outputs: r / L   and   log((r + 1/2) / (L + 1/2 − r))

    On the logit scale, the noise of dequantized black extends over a fifth of the values. r has slope 0 at the middle
    of each level and rises between the levels. A rounding error of a pixel at the middle of a level therefore does not
    reach the network. Without this layer, each coupling would multiply the error, and an image of low likelihood would
    not be reconstructed from its latent.

    Args:
        levels: L, intensity levels of the pixels.
        alpha: α of the logit (`tfgen.bijectors.logit`).
        scale: s, factor before the sigmoid.

    Reference: Agustsson, Theis: Universally quantized neural compression. NeurIPS 2020 (soft rounding; there another
    function).
    """

    def __init__(self, levels: int, alpha: float, scale: float, **kwargs):
        # float32 in any precision, because bfloat16 cannot represent 256 levels and the steps between them.
        super().__init__(**{"dtype": "float32", **kwargs})
        self.levels, self.alpha, self.scale = levels, alpha, scale

    def call(self, inputs):
        level = self.levels * (tf.sigmoid(self.scale * inputs) - self.alpha) / (1.0 - 2.0 * self.alpha)
        # Latents can decode to values below black and above white.
        rounded = tf.clip_by_value(level + tf.sin(2.0 * math.pi * level) / (2.0 * math.pi), 0.0, float(self.levels))
        return tf.concat(
            [rounded / self.levels, tf.math.log(rounded + 0.5) - tf.math.log(self.levels + 0.5 - rounded)], axis=-1
        )

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 2 * input_shape[-1])

    def get_config(self):
        return {**super().get_config(), "levels": self.levels, "alpha": self.alpha, "scale": self.scale}
