import numpy as np
import tensorflow as tf

from tfgen.bijectors import Squeeze


def test_a_block_of_pixels_becomes_the_channels_of_one_pixel():
    image = np.arange(2 * 4 * 4 * 3, dtype=np.float32).reshape(2, 4, 4, 3)
    squeezed = Squeeze(2).inverse(tf.constant(image)).numpy()
    np.testing.assert_array_equal(squeezed[1, 0, 1], image[1, 0:2, 2:4].reshape(-1))
    np.testing.assert_array_equal(Squeeze(2).forward(tf.constant(squeezed)), image)


def test_any_number_of_batch_dimensions():
    images = np.random.default_rng(0).normal(size=(2, 3, 4, 4, 1)).astype(np.float32)
    squeezed = Squeeze(2).inverse(tf.constant(images))
    assert squeezed.shape == (2, 3, 2, 2, 4)
    np.testing.assert_array_equal(squeezed[1, 2], Squeeze(2).inverse(tf.constant(images[1, 2])))
