"""Skewed images, in which the pixels of a diagonal stand in one column."""

import numpy as np
import tensorflow as tf

#: Columns by which each row is shifted against the row above: pixel (r, c) is on diagonal c + ROW_SHIFT · r.
ROW_SHIFT = 2


class Skew:
    """The map from images to skewed images: pixel (r, c) of [n, H, W, …] moves to (r, c + 2 r) of [n, H, T, …].

    A skewed image has T = W + 2 (H − 1) columns, one per diagonal. Row by row, an autoregressive model generates an
    image in H W steps. Diagonal by diagonal it needs T steps, each for at most ⌈W / 2⌉ pixels: a pixel depends on the
    row above up to two columns to its right, so that the next row need not wait for the end of this row.

    Args:
        height, width: H, W.

    Attributes:
        diagonals: T.
        inside: bool [T, H], whether the skewed image has a pixel of the image at that column and row.

    Reference: van den Oord, Kalchbrenner, Kavukcuoglu: Pixel recurrent neural networks. ICML 2016, section 3.2.
    """

    def __init__(self, height: int, width: int):
        self.height, self.width = height, width
        self.diagonals = width + ROW_SHIFT * (height - 1)
        columns = np.arange(self.diagonals)[:, None] - ROW_SHIFT * np.arange(height)
        self.inside = (columns >= 0) & (columns < width)
        # Indices into the flat image, which is followed by one zero for all positions outside, and into the flat
        # skewed image.
        self._to = np.where(self.inside, np.arange(height) * width + columns, height * width).T
        self._from = np.arange(height)[:, None] * (self.diagonals + ROW_SHIFT) + np.arange(width)

    def __call__(self, images):
        """The skewed images, [n, H, W, C] → [n, H, T, C], with zeros outside the image."""
        flat = tf.reshape(images, (-1, self.height * self.width, images.shape[-1]))
        padded = tf.concat([flat, tf.zeros_like(flat[:, :1])], axis=1)
        return tf.gather(padded, tf.constant(self._to, tf.int32), axis=1)

    def columns(self, image: np.ndarray) -> np.ndarray:
        """The columns of one skewed array, [H, W, C] → [T, H, C], with zeros outside the image."""
        columns = np.zeros((self.diagonals, self.height, *image.shape[2:]), np.float32)
        for row in range(self.height):
            columns[ROW_SHIFT * row : ROW_SHIFT * row + self.width, row] = image[row]
        return columns

    def undo(self, skewed):
        """The images of skewed images, [n, H, T, C] → [n, H, W, C]."""
        flat = tf.reshape(skewed, (-1, self.height * self.diagonals, skewed.shape[-1]))
        return tf.gather(flat, tf.constant(self._from, tf.int32), axis=1)
