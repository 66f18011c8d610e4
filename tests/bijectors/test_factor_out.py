import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.bijectors import FactorOut

tfb = tfp.bijectors


def test_the_first_channels_come_from_the_inner_flow_and_the_others_are_latents():
    inner = tfb.Chain([tfb.Scale(10.0), tfb.Reshape(event_shape_out=(2, 2, 1), event_shape_in=(4,))])
    factor = FactorOut(inner, (2, 2, 3))
    z = tf.constant([np.arange(1.0, 13.0)], tf.float32)
    y = factor.forward(z).numpy()
    np.testing.assert_array_equal(y[0, ..., 0].ravel(), [10, 20, 30, 40])
    np.testing.assert_array_equal(y[0, ..., 1:].ravel(), np.arange(5.0, 13.0))
    np.testing.assert_allclose(factor.forward_log_det_jacobian(z, event_ndims=1), [4 * np.log(10.0)], rtol=1e-6)
