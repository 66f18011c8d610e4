import numpy as np
import tensorflow as tf
from tensorflow_probability import bijectors as tfb

from tfgen.bijectors import Squeeze, ZeroPad, inside_after_padding, inside_after_squeeze, padded_sides

IMAGE = np.random.default_rng(0).normal(size=(2, 3, 5, 2)).astype(np.float32)
INSIDE = inside_after_padding(np.ones((3, 5, 2), np.float32), 4)


def test_the_inverse_pads_with_zeros_and_forward_removes_them():
    pad = ZeroPad((3, 5, 2), INSIDE)
    padded = pad.inverse(tf.constant(IMAGE))
    np.testing.assert_array_equal(padded, np.pad(IMAGE, ((0, 0), (0, 1), (0, 3), (0, 0))))
    np.testing.assert_array_equal(pad.forward(tf.identity(padded)), IMAGE)
    assert float(pad.forward_log_det_jacobian(padded, event_ndims=3)) == 0.0


def test_the_inverted_bijector_makes_a_vector_without_the_padding():
    dense = tfb.Invert(ZeroPad((30,), INSIDE))
    padded = ZeroPad((3, 5, 2), INSIDE).inverse(tf.constant(IMAGE))
    np.testing.assert_array_equal(dense.inverse(padded), IMAGE.reshape(2, -1))
    np.testing.assert_array_equal(dense.forward(tf.constant(IMAGE.reshape(2, -1))), padded)
    assert dense.forward_event_shape((30,)) == (4, 8, 2) and dense.inverse_event_shape((4, 8, 2)) == (30,)


def test_the_mask_follows_a_squeeze():
    squeezed = Squeeze(4).inverse(tf.constant(INSIDE))
    np.testing.assert_array_equal(inside_after_squeeze(INSIDE, 4), squeezed)
    assert inside_after_squeeze(INSIDE, 4).sum() == IMAGE[0].size


def test_sides_that_fit_stay():
    assert padded_sides(35, 50, 2) == (36, 50) and padded_sides(33, 33, 4) == (36, 36)
    assert inside_after_padding(np.ones((8, 4, 1)), 4).shape == (8, 4, 1)
