"""Networks that see of each pixel only those that are made before it, and make an image a wavefront at a time."""

import keras
import numpy as np
import tensorflow as tf

from tfgen.networks.coupling import SoftRound
from tfgen.networks.gated_resnet import GatedBlock
from tfgen.networks.mlp import LAST, activation_layer

#: The time of pixel (r, c) is c + SLOPE · r: pixels of one time, a knight's move apart, are made at once.
SLOPE = 2
#: Distance of the pixels that a block's convolution sees, from block to block, over and over.
DILATIONS = 1, 2, 4


class Skew:
    """Images as wavefronts: pixel (r, c) of [n, H, W, …] is at (r, c + 2 r) of [n, H, T, …], T = W + 2 (H − 1).

    Row by row, an image is made in H W steps; but what a pixel needs to know of the row above is over two pixels after
    it, and the next row need not wait for the end of this one. By wavefronts it takes T steps, each of which makes a
    column of the sheared image: at most ⌈W / 2⌉ pixels.

    Args:
        height, width: H, W.

    Attributes:
        times: T.
        inside: bool [T, H], where the sheared image has a pixel of the image.
    """

    def __init__(self, height: int, width: int):
        self.height, self.width = height, width
        self.times = width + SLOPE * (height - 1)
        columns = np.arange(self.times)[:, None] - SLOPE * np.arange(height)
        self.inside = (columns >= 0) & (columns < width)
        # From the image's pixels in a row, and a zero after them; and back.
        self._to = np.where(self.inside, np.arange(height) * width + columns, height * width).T
        self._from = np.arange(height)[:, None] * (self.times + SLOPE) + np.arange(width)

    def __call__(self, images):
        """[n, H, W, C] → [n, H, T, C], zeros where the image has no pixels."""
        flat = tf.reshape(images, (-1, self.height * self.width, images.shape[-1]))
        padded = tf.concat([flat, tf.zeros_like(flat[:, :1])], axis=1)
        return tf.gather(padded, tf.constant(self._to, tf.int32), axis=1)

    def back(self, skewed):
        """[n, H, T, C] → [n, H, W, C]."""
        flat = tf.reshape(skewed, (-1, self.height * self.times, skewed.shape[-1]))
        return tf.gather(flat, tf.constant(self._from, tf.int32), axis=1)


@keras.saving.register_keras_serializable("tfgen")
class CausalConv(keras.layers.Layer):
    """A convolution that sees the pixels of a window whose time is not after the pixel's: [n, H, W, C] → [n, H, W, F].

    The window is of the pixel's row and some above it, the offsets those with Δc + 2 Δr ≤ 0, or < 0 where `strict`.
    After one strict convolution any number of the others keeps a pixel from knowing itself, and a deep enough stack
    sees all that is earlier in the rows down to the pixel's: no second one for the rows above is needed, as it is row
    by row.

    On a sheared image (`Skew`) the same weights make a convolution that looks back along time alone:

        [n, H, `past` + 1, C] → [n, H, 1, F],   the column of one time, from those up to it (strict: those before it)

    Args:
        filters: F.
        above: rows above the pixel's that are seen.
        left, right: columns beside the pixel's that are seen.
        dilation: distance of the pixels seen.
        strict: whether pixels of the same time, the pixel itself among them, are hidden.

    Reference: van den Oord, Kalchbrenner, Kavukcuoglu: Pixel recurrent neural networks. ICML 2016 (masked convolutions
    row by row, and a skewed image to compute diagonals at once).
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
    def past(self) -> int:
        """How many columns before the present one a sheared convolution needs."""
        return self.dilation * (self.left + SLOPE * self.above)

    def build(self, input_shape):
        size = self.above + 1, self.left + 1 + self.right
        self.kernel = self.add_weight((*size, input_shape[-1], self.filters), name="kernel")
        self.bias = self.add_weight((self.filters,), initializer="zeros", name="bias")
        time = SLOPE * np.arange(-self.above, 1)[:, None] + np.arange(-self.left, self.right + 1)
        self.seen = (time < 0 if self.strict else time <= 0)[..., None, None]
        self.built = True

    def call(self, inputs, skewed=False):
        above, left, right = (self.dilation * side for side in (self.above, self.left, self.right))
        if not skewed:
            kernel = tf.where(self.seen, self.kernel, tf.zeros((), self.kernel.dtype))
            padded = tf.pad(inputs, ((0, 0), (above, 0), (left, right), (0, 0)))
            return tf.nn.conv2d(padded, kernel, 1, "VALID", dilations=self.dilation) + self.bias
        # As a product of matrices: a convolution with a result of one column takes longer, and so do slices with steps.
        height, times, channels = inputs.shape[1:]
        visible = [range(count) for count in self.seen[..., 0, 0].sum(axis=1)]
        places = [
            self.dilation * (row * (times + SLOPE) + column) for row, count in enumerate(visible) for column in count
        ]
        padded = tf.pad(inputs, ((0, 0), (above, 0), (0, 0), (0, 0)))
        padded = tf.reshape(padded, (-1, (height + above) * times, channels))
        index = tf.constant(times * np.arange(height)[:, None] + np.array(places), tf.int32)
        windows = tf.reshape(tf.gather(padded, index, axis=1), (-1, len(places) * channels))
        kernel = tf.concat([self.kernel[row, : len(count)] for row, count in enumerate(visible)], axis=0)
        found = tf.matmul(windows, tf.reshape(kernel, (-1, self.filters))) + self.bias
        return tf.reshape(found, (-1, height, 1, self.filters))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.filters)

    def get_config(self):
        config = {"filters": self.filters, "above": self.above, "left": self.left, "right": self.right}
        return {**super().get_config(), **config, "dilation": self.dilation, "strict": self.strict}


@keras.saving.register_keras_serializable("tfgen")
class CausalBlock(GatedBlock):
    """The gated residual block around a `CausalConv`: [n, H, W, C] → [n, H, W, C]; or, column by column,

        column [n, H, 1, C], before [n, H, past, C], inside [H, 1, 1] → column [n, H, 1, C], before of the next one

    where `before` is what the convolution has been given of the times before, at first zeros, and `inside` is 1 where
    the column has pixels of the image, 0 elsewhere.

    Args:
        filters, activation, dropout: see `GatedBlock`.
        dilation: see `CausalConv`.
    """

    def __init__(self, filters: int, activation: str = "relu", dropout: float = 0.0, dilation: int = 1, **kwargs):
        kwargs.pop("kernel", None)
        super().__init__(filters, activation, dropout, **kwargs)
        self.dilation = dilation
        self.first = CausalConv(filters, dilation=dilation)

    def call(self, inputs, before=None, inside=None, training=False):
        if before is None:
            return super().call(inputs, training=training)
        window = tf.concat([before, self.act(inputs) * inside], axis=2)
        return self.finish(inputs, self.first(window, skewed=True)), window[:, :, 1:]

    def get_config(self):
        return {**super().get_config(), "dilation": self.dilation}


@keras.saving.register_keras_serializable("tfgen")
class AutoregressiveNetwork(keras.layers.Layer):
    """Images to parameters of each pixel that depend on the pixels made before it: [n, H, W, C] → [n, H, W, outputs].

    A strict convolution with a window of 3×7, gated residual blocks with causal ones, and what is learned for each
    place of the image. The last convolution starts at zero. Column by column of the sheared image:

        state = begin(images)                                     of a new image, for any [n, H, W, C]
        parameters, state = network(column, state, time)          the column of `time` from that of the time before

    Args:
        image_shape: (H, W, C).
        outputs: how many parameters.
        width: filters inside.
        blocks: gated residual blocks, with dilations of 1, 2, 4, 1, 2, 4 and so on.
        activation: before each convolution but the first.
        dropout: rate inside the blocks, in training.
        stairs: what the network sees pixels through, if through anything.
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        outputs: int,
        width: int = 64,
        blocks: int = 6,
        activation: str = "relu",
        dropout: float = 0.0,
        soft_round: SoftRound | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.image_shape = height, columns, channels = tuple(image_shape)
        self.skew, self.soft_round = Skew(height, columns), soft_round
        self.first = CausalConv(width, above=2, left=3, right=3, strict=True)
        self.first.build((None, None, None, channels * (2 if soft_round else 1)))
        self.place = self.add_weight((height, columns, width), initializer="zeros", name="place")
        self.blocks = [
            CausalBlock(width, activation, dropout, DILATIONS[index % len(DILATIONS)]) for index in range(blocks)
        ]
        for block in self.blocks:
            block.build((None, None, None, width))
        self.act = activation_layer(activation)
        self.last = keras.layers.Conv2D(outputs, 1, kernel_initializer="zeros", dtype="float32", name=LAST)
        self.last.build((None, None, None, width))
        self.built = True

    def _seen(self, images):
        return self.soft_round(images) if self.soft_round else images

    def begin(self, images):
        """The state before the first column: what each convolution has been given, zeros."""
        none = tf.zeros_like(self._seen(images[:, :, :1]), self.compute_dtype)
        empty = none[..., :1]
        state = [tf.tile(none, (1, 1, self.first.past, 1))]
        return state + [tf.tile(empty, (1, 1, block.first.past, self.place.shape[-1])) for block in self.blocks]

    def call(self, images, state=None, time=None, training=False):
        if state is None:
            hidden = self.first(self._seen(images)) + self.place
            for block in self.blocks:
                hidden = block(hidden, training=training)
            return self.last(self.act(hidden))
        # Before the first column there is none.
        inside = tf.constant(np.pad(self.skew.inside, ((1, 0), (0, 0)))[..., None, None], self.compute_dtype)
        before, now = tf.gather(inside, time), tf.gather(inside, time + 1)
        window = tf.concat([state[0][:, :, 1:], tf.cast(self._seen(images), self.compute_dtype) * before], axis=2)
        place = tf.gather(self.skew(self.place[tf.newaxis]), time, axis=2)[:, :, tf.newaxis]
        hidden, states = self.first(window, skewed=True) + place, [window]
        for block, past in zip(self.blocks, state[1:], strict=True):
            hidden, past = block(hidden, past, now)
            states.append(past)
        return self.last(self.act(hidden)), states
