import numpy as np
import pytest
import tensorflow as tf

from tfgen.networks.skew import Skew


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (5, 1), (6, 4), (28, 28)])
def test_a_skewed_image_has_each_pixel_in_the_column_of_its_diagonal(shape):
    height, width = shape
    image = tf.constant(np.random.default_rng(1).normal(size=(2, height, width, 3)).astype(np.float32))
    skew = Skew(height, width)
    skewed = skew(image).numpy()
    assert skewed.shape == (2, height, skew.diagonals, 3) and skew.diagonals == width + 2 * (height - 1)
    for row in range(height):
        np.testing.assert_array_equal(skewed[:, row, 2 * row : 2 * row + width], image[:, row])
    assert (skewed != 0).sum() == image.shape.num_elements()
    np.testing.assert_array_equal(skew.inside.T, skewed[0, ..., 0] != 0)
    assert skew.inside.sum(axis=1).max() == min(height, -(-width // 2))
    np.testing.assert_array_equal(skew.undo(tf.constant(skewed)), image)
