import numpy as np
import tensorflow as tf

from tfgen.bijectors import SplineCoupling, spline_parameters
from tfgen.networks import conv_conditioner


def test_only_conditioning_channels_matter_and_only_transformed_channels_change(randomized):
    network = randomized(conv_conditioner((4, 4, 2), 3 * spline_parameters(4), width=8, last_kernel=1))
    coupling = SplineCoupling(network, conditioning=(1, 3), transformed=(4, 7), bins=4)
    x = np.random.default_rng(0).normal(size=(2, 4, 4, 9)).astype(np.float32)
    y = coupling.forward(tf.constant(x)).numpy()
    transformed = np.isin(np.arange(9), (4, 5, 6))
    assert np.abs(y - x)[..., ~transformed].max() == 0.0
    assert np.abs(y - x)[..., transformed].min(axis=(0, 1, 2)).max() > 0.0
    nudged = x.copy()
    nudged[..., [0, 3, 7, 8]] += 1.0
    np.testing.assert_array_equal(coupling.forward(tf.constant(nudged)).numpy()[..., transformed], y[..., transformed])
    nudged = x.copy()
    nudged[..., 1] += 1.0
    assert np.abs(coupling.forward(tf.constant(nudged)).numpy() - y)[..., transformed].max() > 1e-3
