import numpy as np
import pytest
import tensorflow as tf

from tfgen.networks.skew import Skew

SHAPES = [(1, 1), (1, 5), (5, 1), (2, 9), (6, 4), (9, 5), (28, 28)]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_skewed_image_has_each_pixel_in_the_column_of_its_diagonal(shape):
    height, width = shape
    image = tf.constant(np.random.default_rng(1).normal(size=(2, height, width, 3)).astype(np.float32))
    skew = Skew(height, width)
    skewed = skew(image).numpy()
    assert skewed.shape == (2, skew.rows, skew.diagonals, 3) and skew.diagonals == width + 2 * (height - 1)
    for row in range(height):
        for column in range(width):
            diagonal = column + 2 * row
            found = skewed[:, row - skew.first_rows[diagonal], diagonal]
            np.testing.assert_array_equal(found, image[:, row, column])
    assert (skewed != 0).sum() == image.shape.num_elements()
    np.testing.assert_array_equal(skew.inside.T, skewed[0, ..., 0] != 0)
    np.testing.assert_array_equal(skew.undo(tf.constant(skewed)), image)
    np.testing.assert_array_equal(skew.columns(image[0].numpy()), skewed[0].transpose(1, 0, 2))


@pytest.mark.parametrize("shape", SHAPES)
def test_a_column_has_no_more_rows_than_the_longest_diagonal_has_pixels(shape):
    skew = Skew(*shape)
    assert skew.rows == skew.inside.sum(axis=1).max() == min(shape[0], -(-shape[1] // 2))
    assert skew.first_rows.min() >= 0 and skew.first_rows.max() + skew.rows <= shape[0]
    assert set(np.diff(skew.first_rows)) <= {0, 1}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_window_index_names_the_pixels_above_and_on_earlier_diagonals(shape):
    height, width = shape
    skew, offsets = Skew(height, width), [(2, 5), (1, 0), (0, 3), (0, 0)]
    index = skew.window_index(offsets).reshape(skew.diagonals, skew.rows, len(offsets))
    assert index.shape[0] == skew.diagonals
    # Pixel numbers from 1 on, with 0 outside the image.
    numbers = skew.columns(1.0 + np.arange(height * width).reshape(height, width, 1))[..., 0]
    for diagonal in range(skew.diagonals):
        columns = [numbers[diagonal - back] if diagonal >= back else np.zeros(skew.rows) for back in (5, 3, 0)]
        found = np.concatenate([[0.0], *columns])[index[diagonal]]
        for at in np.flatnonzero(skew.inside[diagonal]):
            row = skew.first_rows[diagonal] + at
            for (above, back), number in zip(offsets, found[at], strict=True):
                r, c = row - above, diagonal - back - 2 * (row - above)
                assert number == (1 + r * width + c if r >= 0 and 0 <= c < width else 0)
