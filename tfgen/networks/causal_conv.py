"""Causal convolution, on whole images and on single columns of skewed images, and a residual block around it."""

from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from tfgen.networks.dilated_conv import dilated_conv
from tfgen.networks.gated_block import GatedBlock
from tfgen.networks.pointwise import pointwise
from tfgen.networks.skew import ROW_SHIFT, backs


@keras.saving.register_keras_serializable("tfgen")
class CausalConv(keras.layers.Layer):
    """A convolution whose output at a pixel depends on no later diagonal: [n, H, W, C] → [n, H, W, F].

    The window covers the pixel's row and some rows above. Of its offsets (Δr, Δc), those with Δc + 2 Δr ≤ 0 have
    weights, or those with Δc + 2 Δr < 0 if `strict`. After one strict convolution, any number of other causal
    convolutions keeps the output at a pixel independent of that pixel. A deep stack covers all earlier diagonals in the
    rows down to the pixel's own. PixelCNN's second stack for the rows above is not needed, because the window reaches
    to the right in those rows.

    On a skewed image (`tfgen.networks.skew.Skew`) the same weights give one column, from some columns before it and,
    unless `strict`, from the column itself:

        a list of [n, R, 1, C], one for each of the diagonals `backs` before → [n, R, 1, F]

    The call then takes two more arguments: the column's row of `Skew.window_index(offsets)`, and `column_kernel()`.

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

        diagonal = ROW_SHIFT * np.arange(-above, 1)[:, None] + np.arange(-left, right + 1)
        visible = diagonal < 0 if strict else diagonal <= 0
        self.visible = visible[..., None, None]
        #: (rows above, diagonals back) of each pixel of the window that has weights, row by row.
        self.offsets = [
            (dilation * int(above - row), -dilation * int(diagonal[row, column]))
            for row, column in np.argwhere(visible)
        ]

    @property
    def backs(self) -> list[int]:
        """Diagonals back, in decreasing order, of the columns that one column of the output depends on."""
        return backs(self.offsets)

    def build(self, input_shape):
        self.kernel = self.add_weight((*self.visible.shape[:2], input_shape[-1], self.filters), name="kernel")
        self.bias = self.add_weight((self.filters,), initializer="zeros", name="bias")
        self.built = True

    def call(self, inputs, index=None, kernel=None):
        return self._image(inputs) if index is None else self._skewed_column(inputs, index, kernel)

    def _image(self, inputs):
        above, left, right = (self.dilation * side for side in (self.above, self.left, self.right))
        kernel = tf.where(self.visible, self.kernel, tf.zeros((), self.kernel.dtype))
        padded = tf.pad(inputs, ((0, 0), (above, 0), (left, right), (0, 0)))
        return dilated_conv(padded, kernel, self.dilation, self.visible[..., 0, 0]) + self.bias

    def column_kernel(self) -> tf.Tensor:
        """The weights as a matrix [offsets · C, F], for the product of a column."""
        # Keras casts weights to the compute type inside of `call` only.
        kernel = tf.cast(self.kernel, self.compute_dtype)
        visible = self.visible[..., 0, 0].sum(axis=1)
        # The weights of a row that are visible are its first ones.
        rows = [kernel[row, :count] for row, count in enumerate(visible)]
        return tf.reshape(tf.concat(rows, axis=0), (-1, self.filters))

    def _skewed_column(self, columns, index, kernel):
        # A gather and a matrix product are faster than a convolution whose result is one column, and than strided
        # slices.
        rows, channels = columns[0].shape[1], columns[0].shape[-1]
        flat = [tf.reshape(column, (-1, rows, channels)) for column in columns]
        source = tf.concat([tf.zeros_like(flat[0][:, :1]), *flat], axis=1)
        windows = tf.reshape(tf.gather(source, index, axis=1), (-1, len(self.offsets) * channels))
        return tf.reshape(tf.matmul(windows, kernel) + self.bias, (-1, rows, 1, self.filters))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.filters)

    def get_config(self):
        config = {"filters": self.filters, "above": self.above, "left": self.left, "right": self.right}
        return {**super().get_config(), **config, "dilation": self.dilation, "strict": self.strict}


class Column(NamedTuple):
    """What a `CausalBlock` needs for one column of a skewed image, besides the column itself.

    Attributes:
        before: inputs of the convolution at the diagonals `CausalConv.backs` before, without the column itself.
        index: places of the pixels of each window, int [R · offsets], a row of `Skew.window_index`.
        kernel: `CausalConv.column_kernel`.
        inside: [R, 1, 1], 1 where the column has pixels of the image and 0 elsewhere.
    """

    before: list[tf.Tensor]
    index: tf.Tensor
    kernel: tf.Tensor
    inside: tf.Tensor


@keras.saving.register_keras_serializable("tfgen")
class CausalBlock(GatedBlock):
    """The gated residual block around a `CausalConv`.

        whole images   [n, H, W, C] → [n, H, W, C]
        one column     column [n, R, 1, C], `Column` → column [n, R, 1, C], inputs of its convolution [n, R, 1, C]

    `bias` [n, 1, 1, C] is added to the convolution.

    Args:
        filters, activation, dropout: see `GatedBlock`.
        dilation: see `CausalConv`.
    """

    def __init__(self, filters: int, activation: str = "relu", dropout: float = 0.0, dilation: int = 1, **kwargs):
        kwargs.pop("kernel", None)
        super().__init__(filters, activation, dropout, **kwargs)
        self.dilation = dilation
        self.first = CausalConv(filters, dilation=dilation)

    def call(self, inputs, column=None, bias=None, training=False):
        if column is None:
            return super().call(inputs, bias, training=training)
        current = self.act(inputs) * column.inside
        hidden = self.first([*column.before, current], column.index, column.kernel)
        hidden = self.act(hidden if bias is None else hidden + bias)
        value = pointwise(self.second, hidden, slice(self.filters))
        gate = pointwise(self.second, hidden, slice(self.filters, None))
        return inputs + value * tf.sigmoid(gate), current

    def get_config(self):
        return {**super().get_config(), "dilation": self.dilation}
