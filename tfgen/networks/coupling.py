"""Conditioners of coupling layers: networks that read one part of an image and say how to transform the other."""

import math

import keras
import tensorflow as tf

from tfgen.networks.gated_resnet import GatedBlock
from tfgen.networks.mlp import LAST, activation_layer


@keras.saving.register_keras_serializable("tfgen")
class Fold(keras.layers.Layer):
    """Blocks of pixels as channels: [n, H, W, C] → [n, H/b, W/b, b²C], or the other way.

    Args:
        block: b.
        unfold: whether channels become pixels again.
    """

    def __init__(self, block: int, unfold: bool = False, **kwargs):
        super().__init__(**kwargs)
        self.block, self.unfold = block, unfold

    def call(self, inputs):
        return (tf.nn.depth_to_space if self.unfold else tf.nn.space_to_depth)(inputs, self.block)

    def compute_output_shape(self, input_shape):
        rows, height, width, channels = input_shape
        if self.unfold:
            return rows, height * self.block, width * self.block, channels // self.block**2
        return rows, height // self.block, width // self.block, channels * self.block**2

    def get_config(self):
        return {**super().get_config(), "block": self.block, "unfold": self.unfold}


@keras.saving.register_keras_serializable("tfgen")
class AddCoordinates(keras.layers.Layer):
    """Row and column, from −1 to 1, in two channels more: [n, H, W, C] → [n, H, W, C + 2]."""

    def call(self, inputs):
        height, width = inputs.shape[1:3]
        rows, columns = tf.meshgrid(tf.linspace(-1.0, 1.0, height), tf.linspace(-1.0, 1.0, width), indexing="ij")
        place = tf.cast(tf.stack([rows, columns], axis=-1), inputs.dtype)
        # Not `tf.tile` by the number of rows: broadcasting is an operator of TensorFlow Lite for any batch.
        return tf.concat([inputs, tf.zeros_like(inputs[..., :1]) + place], axis=-1)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], input_shape[-1] + 2)


@keras.saving.register_keras_serializable("tfgen")
class SoftRound(keras.layers.Layer):
    """Pixels on the real line as a network had better see them: [n, H, W, C] → [n, H, W, 2C].

        t = L (σ(s x) − α) / (1 − 2 α) ∈ [0, L],    stair(t) = t + sin(2 π t) / (2 π)
        stair(t) / L    and    log((stair(t) + 1/2) / (L + 1/2 − stair(t)))

    The logit spreads dequantized black over a fifth of the real line, and all of it is noise. Here it is a step of a
    staircase, which rises between the levels and is level in their middles. There a rounding error of a pixel is none
    of the network's inputs, and goes no further: without that, an image that the model thinks unlikely comes back from
    its latent with an error that each coupling multiplies.

    Args:
        levels: L, of the pixels.
        alpha: α of the logit (`tfgen.bijectors.logit`).
        scale: s, by which values are multiplied before the sigmoid.
    """

    def __init__(self, levels: int, alpha: float, scale: float, **kwargs):
        # In float32 in any precision: 256 levels and their steps are more than bfloat16 can tell apart.
        super().__init__(**{"dtype": "float32", **kwargs})
        self.levels, self.alpha, self.scale = levels, alpha, scale

    def call(self, inputs):
        level = self.levels * (tf.sigmoid(self.scale * inputs) - self.alpha) / (1.0 - 2.0 * self.alpha)
        # Beyond the logit of black and white there is no image, but there are latents.
        rounded = tf.clip_by_value(level + tf.sin(2.0 * math.pi * level) / (2.0 * math.pi), 0.0, float(self.levels))
        return tf.concat(
            [rounded / self.levels, tf.math.log(rounded + 0.5) - tf.math.log(self.levels + 0.5 - rounded)], axis=-1
        )

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 2 * input_shape[-1])

    def get_config(self):
        return {**super().get_config(), "levels": self.levels, "alpha": self.alpha, "scale": self.scale}


def conv_conditioner(
    image_shape: tuple[int, int, int],
    outputs: int,
    *,
    width: int = 64,
    blocks: int = 0,
    activation: str = "relu",
    dropout: float = 0.0,
    fold: int = 1,
    last: int = 3,
    name: str | None = None,
) -> keras.Model:
    """Images to parameters of the same resolution: [n, H, W, C] → [n, H, W, outputs].

    Convolutions 3×3, 1×1 and 3×3 as in Glow, or `blocks` gated residual blocks between two convolutions. The last one
    starts at zero: a coupling begins as the identity, and a deep flow with a finite likelihood. Of images of a single
    pixel, which have no neighbours, every convolution is 1×1.

    Args:
        image_shape: (H, W, C) of the conditioning part.
        outputs: channels of the result.
        width: filters inside.
        blocks: gated residual blocks; 0 for the plain network.
        activation: after each convolution but the last.
        dropout: rate inside the residual blocks.
        fold: side of the blocks of pixels that the network sees as channels. A masked image of one channel costs a
            quarter with 2, since a convolution of so few channels keeps no processor busy.
        last: side of the last convolution's kernel. With many outputs, as of splines, 3 would be most of the cost.
        name: of the network.
    """
    image = hidden = keras.Input(image_shape)
    side = _side(image_shape)
    if fold > 1:
        hidden = Fold(fold)(hidden)
    hidden = keras.layers.Conv2D(width, side, padding="same")(hidden)
    for _ in range(blocks):
        hidden = GatedBlock(width, activation, dropout, side)(hidden)
    hidden = activation_layer(activation)(hidden)
    if not blocks:
        hidden = activation_layer(activation)(keras.layers.Conv2D(width, 1)(hidden))
    # The result is float32 in any precision.
    hidden = keras.layers.Conv2D(
        outputs * fold**2, min(last, side), padding="same", kernel_initializer="zeros", dtype="float32", name=LAST
    )(hidden)
    if fold > 1:
        hidden = Fold(fold, unfold=True, dtype="float32")(hidden)
    return keras.Model(image, hidden, name=name)


def conv_stage(
    image_shape: tuple[int, int, int],
    outputs: int,
    *,
    carries: bool = True,
    width: int = 64,
    blocks: int = 1,
    activation: str = "relu",
    dropout: float = 0.0,
    soft_round: SoftRound | None = None,
    name: str | None = None,
) -> keras.Model:
    """A stage of the network of a `MultiscaleAutoregressive`: features found so far and new pixels → both of them.

        [h: [n, H, W, width], new: [n, H, W, C]] → [h′: [n, H, W, width], parameters: [n, H, W, outputs]]

    A convolution of the new pixels is added to what was found, and gated residual blocks follow. Each stage is told
    where in the image it is, since convolutions do not know beyond their reach from the border. Of images of a single
    pixel, which have no neighbours, every convolution is 1×1. The last one starts at zero, and new splines are the
    identity.

    Args:
        image_shape: (H, W, C) of the new pixels.
        outputs: how many parameters.
        carries: whether there is a stage before it; the first one is given the new pixels alone.
        width: filters inside.
        blocks: gated residual blocks; 0 for a convolution of 1×1 on the way to the parameters.
        activation: after each convolution but the last.
        dropout: rate inside the residual blocks.
        stairs: what the network sees pixels through, if through anything.
        name: of the network.
    """
    new = keras.Input(image_shape)
    side = _side(image_shape)
    seen = AddCoordinates()(soft_round(new) if soft_round else new)
    found = keras.layers.Conv2D(width, side, padding="same")(seen)
    before = [keras.Input((*image_shape[:2], width))] if carries else []
    if carries:
        found = keras.layers.Add()([*before, found])
    for _ in range(blocks):
        found = GatedBlock(width, activation, dropout, side)(found)
    hidden = activation_layer(activation)(found)
    if not blocks:
        hidden = activation_layer(activation)(keras.layers.Conv2D(width, 1)(hidden))
    parameters = keras.layers.Conv2D(outputs, 1, kernel_initializer="zeros", dtype="float32", name=LAST)(hidden)
    return keras.Model([*before, new] if carries else new, [found, parameters], name=name)


def _side(image_shape) -> int:
    """Of a convolution's kernel."""
    return 3 if max(image_shape[:2]) > 1 else 1
