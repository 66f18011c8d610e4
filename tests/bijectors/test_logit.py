import numpy as np
import pytest
import tensorflow as tf

from tfgen.bijectors import logit


@pytest.mark.parametrize("alpha", [1e-5, 0.05])
def test_the_ends_of_the_range_are_finite_and_reconstructed(alpha):
    bijector = logit(alpha)
    y = tf.constant([[0.0, 1e-7, 1 / 512, 0.5, 1 - 1 / 512, 1 - 6e-8, 1.0]])
    x = bijector.inverse(y)
    assert np.isfinite(x).all() and np.isfinite(bijector.inverse_log_det_jacobian(tf.identity(y), event_ndims=1)).all()
    np.testing.assert_allclose(bijector.forward(tf.identity(x)), y, atol=2e-7)
    exact = y.numpy().astype(np.float64) * (1 - 2 * alpha) + alpha
    np.testing.assert_allclose(x, np.log(exact) - np.log1p(-exact), atol=1e-2 if alpha < 1e-3 else 1e-5)
