import itertools

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.bijectors import MultiscaleAutoregressive, SplineCoupling
from tfgen.networks import multiscale_conditioner

tfb = tfp.bijectors


def test_it_equals_spline_couplings_conditioned_on_all_groups_before(randomized):
    first = randomized(multiscale_conditioner((4, 4, 1), 14, receives_features=False, width=8))
    second = randomized(multiscale_conditioner((4, 4, 1), 28, width=8), seed=1)
    multiscale = MultiscaleAutoregressive([first, second], [1, 2, 4], bins=5)

    def second_parameters(conditioning):
        features, _ = first(conditioning[..., :1])
        return second([features, conditioning[..., 1:]])[1]

    couplings = [
        SplineCoupling(second_parameters, (0, 2), (2, 4), bins=5),
        SplineCoupling(lambda conditioning: first(conditioning)[1], (0, 1), (1, 2), bins=5),
    ]
    chain = tfb.Chain(couplings)
    z = np.random.default_rng(0).normal(size=(3, 4, 4, 4)).astype(np.float32)
    x = multiscale.forward(tf.constant(z))
    assert np.abs(x - z)[..., 1:].min(axis=(0, 1, 2)).min() > 0 and np.abs(x - z)[..., 0].max() == 0.0
    np.testing.assert_allclose(x, chain.forward(tf.constant(z)), atol=1e-5)
    np.testing.assert_allclose(multiscale.inverse(tf.identity(x)), chain.inverse(tf.identity(x)), atol=1e-5)
    for method in ("forward_log_det_jacobian", "inverse_log_det_jacobian"):
        found, expected = (getattr(one, method)(tf.identity(x), event_ndims=3) for one in (multiscale, chain))
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_a_group_depends_on_no_later_group(randomized, jacobian):
    conditioners = [
        randomized(multiscale_conditioner((3, 3, 1), 14, receives_features=False, width=8)),
        *(randomized(multiscale_conditioner((3, 3, 1), 14, width=8), seed=seed) for seed in (1, 2)),
    ]
    multiscale = MultiscaleAutoregressive(conditioners, [0, 1, 2, 3], bins=5)
    z = np.random.default_rng(0).normal(size=(3, 3, 3)).astype(np.float32)
    by_groups = jacobian(multiscale.forward, z).reshape(9, 3, 9, 3).transpose(1, 3, 0, 2)
    for output, source in itertools.product(range(3), repeat=2):
        part = by_groups[output, source]
        if output < source:
            assert np.abs(part).max() == 0.0
        elif output == source:
            assert np.abs(part - np.diag(np.diag(part))).max() == 0.0 and np.diag(part).min() > 0.0
        else:
            assert np.abs(part).max() > 1e-3
