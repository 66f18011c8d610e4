"""Causal convolution, on whole images and on single columns of skewed images, and a residual block around it."""

import keras
import numpy as np
import tensorflow as tf

from tfgen.networks.dilated_conv import dilated_conv
from tfgen.networks.gated_block import GatedBlock
from tfgen.networks.skew import ROW_SHIFT


@keras.saving.register_keras_serializable("tfgen")
class CausalConv(keras.layers.Layer):
    """A convolution whose output at a pixel depends on no later diagonal: [n, H, W, C] → [n, H, W, F].

    The window covers the pixel's row and some rows above. Of its offsets (Δr, Δc), those with Δc + 2 Δr ≤ 0 have
    weights, or those with Δc + 2 Δr < 0 if `strict`. After one strict convolution, any number of other causal
    convolutions keeps the output at a pixel independent of that pixel. A deep stack covers all earlier diagonals in the
    rows down to the pixel's own. PixelCNN's second stack for the rows above is not needed, because the window reaches
    to the right in those rows.

    On a skewed image (`tfgen.networks.skew.Skew`) the same weights give one column, from the columns up to it:

        [n, H, `cached_columns` + 1, C] → [n, H, 1, F]

    If `strict`, the last column of the input does not matter and may be left out.

    Args:
        filters: F.
        above: rows of the window above the pixel's row.
        left, right: columns of the window beside the pixel's column.
        dilation: distance between neighbouring pixels of the window.
        strict: whether the pixels of the same diagonal are excluded, the pixel itself among them.

    Reference: van den Oord, Kalchbrenner, Kavukcuoglu: Pixel recurrent neural networks. ICML 2016 (masked convolutions,
    skewed images).
    """

    def __init__(
        self,
        filters: int,
        above: int = 1,
        left: int = 1,
        right: int = 2,
        dilation: int = 1,
        strict: bool = False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.filters, self.dilation, self.strict = filters, dilation, strict
        self.above, self.left, self.right = above, left, right

    @property
    def cached_columns(self) -> int:
        """Number of earlier columns of a skewed image that one column of the output depends on."""
        return self.dilation * (self.left + ROW_SHIFT * self.above)

    def build(self, input_shape):
        size = self.above + 1, self.left + 1 + self.right
        self.kernel = self.add_weight((*size, input_shape[-1], self.filters), name="kernel")
        self.bias = self.add_weight((self.filters,), initializer="zeros", name="bias")
        diagonal = ROW_SHIFT * np.arange(-self.above, 1)[:, None] + np.arange(-self.left, self.right + 1)
        self.visible = (diagonal < 0 if self.strict else diagonal <= 0)[..., None, None]
        self.built = True

    def call(self, inputs, skewed=False):
        return self._skewed_column(inputs) if skewed else self._image(inputs)

    def _image(self, inputs):
        above, left, right = (self.dilation * side for side in (self.above, self.left, self.right))
        kernel = tf.where(self.visible, self.kernel, tf.zeros((), self.kernel.dtype))
        padded = tf.pad(inputs, ((0, 0), (above, 0), (left, right), (0, 0)))
        return dilated_conv(padded, kernel, self.dilation) + self.bias

    def _skewed_column(self, inputs):
        # A gather and a matrix product are faster than a convolution whose result is one column, and than strided
        # slices.
        height, columns, channels = inputs.shape[1:]
        visible = [range(count) for count in self.visible[..., 0, 0].sum(axis=1)]
        offsets = [
            self.dilation * (row * (columns + ROW_SHIFT) + column)
            for row, count in enumerate(visible)
            for column in count
        ]
        padded = tf.pad(inputs, ((0, 0), (self.dilation * self.above, 0), (0, 0), (0, 0)))
        padded = tf.reshape(padded, (-1, (height + self.dilation * self.above) * columns, channels))
        index = tf.constant(columns * np.arange(height)[:, None] + np.array(offsets), tf.int32)
        windows = tf.reshape(tf.gather(padded, index, axis=1), (-1, len(offsets) * channels))
        kernel = tf.concat([self.kernel[row, : len(count)] for row, count in enumerate(visible)], axis=0)
        outputs = tf.matmul(windows, tf.reshape(kernel, (-1, self.filters))) + self.bias
        return tf.reshape(outputs, (-1, height, 1, self.filters))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.filters)

    def get_config(self):
        config = {"filters": self.filters, "above": self.above, "left": self.left, "right": self.right}
        return {**super().get_config(), **config, "dilation": self.dilation, "strict": self.strict}


@keras.saving.register_keras_serializable("tfgen")
class CausalBlock(GatedBlock):
    """The gated residual block around a `CausalConv`.

        whole images   [n, H, W, C] → [n, H, W, C]
        one column     column [n, H, 1, C], cache [n, H, P, C], inside [H, 1, 1] → column [n, H, 1, C], next cache

    The cache holds the inputs of the convolution at the P = `cached_columns` columns before, initially zeros. `inside`
    is 1 where the column has pixels of the image and 0 elsewhere. `bias` [n, 1, 1, C] is added to the convolution.

    Args:
        filters, activation, dropout: see `GatedBlock`.
        dilation: see `CausalConv`.
    """

    def __init__(self, filters: int, activation: str = "relu", dropout: float = 0.0, dilation: int = 1, **kwargs):
        kwargs.pop("kernel", None)
        super().__init__(filters, activation, dropout, **kwargs)
        self.dilation = dilation
        self.first = CausalConv(filters, dilation=dilation)

    def call(self, inputs, cache=None, inside=None, bias=None, training=False):
        if cache is None:
            return super().call(inputs, bias, training=training)
        window = tf.concat([cache, self.act(inputs) * inside], axis=2)
        hidden = self.first(window, skewed=True)
        return self.add_gated(inputs, hidden if bias is None else hidden + bias), window[:, :, 1:]

    def get_config(self):
        return {**super().get_config(), "dilation": self.dilation}
