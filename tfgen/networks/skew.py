"""Skewed images, in which the pixels of a diagonal stand in one column."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

#: Columns by which each row is shifted against the row above: pixel (r, c) is on diagonal c + ROW_SHIFT · r.
ROW_SHIFT = 2


def backs(offsets: Sequence[tuple[int, int]]) -> list[int]:
    """Return how many diagonals back the columns of a window are, in decreasing order.

    Args:
        offsets: (rows above, diagonals back) of each pixel of the window.
    """
    return sorted({back for _, back in offsets}, reverse=True)


class Skew:
    """The map from images to skewed images: pixel (r, c) of [n, H, W, …] moves to column d = c + 2 r of [n, R, T, …].

    A skewed image has T = W + 2 (H − 1) columns, one per diagonal. Row by row, an autoregressive model generates an
    image in H W steps. Diagonal by diagonal it needs T steps, each for at most R = ⌈W / 2⌉ pixels: a pixel depends on
    the row above up to two columns to its right, so that the next row need not wait for the end of this row.

    Column d has the R rows from s(d) on, which include all rows with a pixel on diagonal d. s(d + 1) is s(d) or
    s(d) + 1.

    Args:
        height, width: H, W.

    Attributes:
        diagonals: T.
        rows: R, at most H.
        first_rows: s, int [T].
        inside: bool [T, R], whether column d of the skewed image has a pixel of the image in row s(d) + i.

    Reference: van den Oord, Kalchbrenner, Kavukcuoglu: Pixel recurrent neural networks. ICML 2016, section 3.2.
    """

    def __init__(self, height: int, width: int):
        self.height, self.width = height, width
        self.diagonals = width + ROW_SHIFT * (height - 1)
        self.rows = min(height, -(-width // ROW_SHIFT))
        diagonal = np.arange(self.diagonals)
        # The first row r with a pixel on diagonal d has column d − 2 r < W.
        self.first_rows = np.clip(-((width - 1 - diagonal) // ROW_SHIFT), 0, height - self.rows)
        self._row = self.first_rows[:, None] + np.arange(self.rows)
        self._column = diagonal[:, None] - ROW_SHIFT * self._row
        self.inside = (self._column >= 0) & (self._column < width)
        # Indices into the flat image, which is followed by one zero for all positions outside, and into the flat
        # skewed image.
        self._to = np.where(self.inside, self._row * width + self._column, height * width).T
        self._from = np.empty((height, width), np.int64)
        self._from.flat[self._to[self.inside.T]] = np.flatnonzero(self.inside.T)

    def __call__(self, images):
        """The skewed images, [n, H, W, C] → [n, R, T, C], with zeros outside the image."""
        flat = tf.reshape(images, (-1, self.height * self.width, images.shape[-1]))
        padded = tf.concat([flat, tf.zeros_like(flat[:, :1])], axis=1)
        return tf.gather(padded, tf.constant(self._to, tf.int32), axis=1)

    def columns(self, image: np.ndarray) -> np.ndarray:
        """The columns of one skewed array, [H, W, C] → [T, R, C], with zeros outside the image."""
        columns = np.zeros((self.diagonals, self.rows, *image.shape[2:]), np.float32)
        columns[self.inside] = image[self._row[self.inside], self._column[self.inside]]
        return columns

    def undo(self, skewed):
        """The images of skewed images, [n, R, T, C] → [n, H, W, C]."""
        flat = tf.reshape(skewed, (-1, self.rows * self.diagonals, skewed.shape[-1]))
        return tf.gather(flat, tf.constant(self._from, tf.int32), axis=1)

    def window_index(self, offsets: Sequence[tuple[int, int]]) -> np.ndarray:
        """The places of the pixels that each pixel of a column depends on, int [T, R · offsets].

        Place 0 is a row of zeros. The places after it are the R rows of each column that the window touches, in the
        order of `backs`. A pixel outside of its column has place 0. Columns before the first diagonal are zero.

        Args:
            offsets: (rows above, diagonals back) of each pixel of the window.
        """
        touched = backs(offsets)
        diagonal = np.arange(self.diagonals)
        places = np.zeros((self.diagonals, self.rows, len(offsets)), np.int32)
        for at, (above, back) in enumerate(offsets):
            first = self.first_rows[np.maximum(diagonal - back, 0)]
            row = self._row - above - first[:, None]
            exists = (row >= 0) & (row < self.rows)
            places[..., at] = np.where(exists, 1 + touched.index(back) * self.rows + row, 0)
        return places.reshape(self.diagonals, -1)
