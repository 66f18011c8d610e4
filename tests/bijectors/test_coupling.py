import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.bijectors import AffineCoupling, ChannelCoupling, alternating_mask, channel_mask, checkerboard_mask
from tfgen.networks import conv_conditioner, mlp

tfb = tfp.bijectors
tfd = tfp.distributions

NORMAL = np.random.default_rng(1).normal(size=(4, 8, 8, 4)).astype(np.float32)


def test_masked_values_pass_unchanged(randomized):
    mask = checkerboard_mask((8, 8, 4), parity=1)
    coupling = AffineCoupling(randomized(conv_conditioner((8, 8, 4), 8, width=8)), mask)
    change = np.abs(coupling.forward(tf.constant(NORMAL)) - NORMAL)
    assert change[:, (mask == 1)[..., 0]].max() == 0.0
    assert change[:, (mask == 0)[..., 0]].min() > 0.0


def test_transformed_values_do_not_condition(randomized):
    mask = alternating_mask(6)
    coupling = AffineCoupling(randomized(mlp(6, (8,), 12)), mask)
    x = NORMAL[:, 0, 0, :1] * np.ones((4, 6), np.float32)
    nudged = x + (1.0 - mask) * [1, 2, 3, 4, 5, 6]
    scale = (coupling.forward(tf.constant(nudged, tf.float32)) - coupling.forward(tf.constant(x))) / (nudged - x + mask)
    log_det = coupling.forward_log_det_jacobian(tf.constant(x), event_ndims=1)
    np.testing.assert_allclose(np.log(scale.numpy()[:, mask == 0]).sum(axis=1), log_det, rtol=1e-4)


def test_a_network_that_ends_in_zeros_makes_the_identity():
    for coupling in (
        AffineCoupling(conv_conditioner((8, 8, 4), 8, width=8, block_size=2), checkerboard_mask((8, 8, 4))),
        ChannelCoupling(conv_conditioner((8, 8, 2), 4, width=8, blocks=1), 4),
    ):
        np.testing.assert_array_equal(coupling.forward(tf.constant(NORMAL)), NORMAL)
        assert not coupling.forward_log_det_jacobian(tf.constant(NORMAL), event_ndims=3).numpy().any()


@pytest.mark.parametrize("parity", [0, 1])
def test_channel_coupling_is_the_affine_coupling_of_the_channel_mask(randomized, parity):
    network = randomized(conv_conditioner((8, 8, 2), 4, width=8))

    def padded(event):
        # A network on all channels that reads one half and returns parameters of the other half.
        conditioning = event[..., :2] if parity == 0 else event[..., 2:]
        log_scale, shift = tf.split(network(conditioning), 2, axis=-1)
        zeros = tf.zeros_like(shift)
        order = (lambda part: [zeros, part]) if parity == 0 else (lambda part: [part, zeros])
        return tf.concat([*order(log_scale), *order(shift)], axis=-1)

    by_halves = ChannelCoupling(network, 4, parity)
    masked = AffineCoupling(padded, np.broadcast_to(channel_mask(4, parity), (8, 8, 4)))
    y = by_halves.forward(tf.constant(NORMAL))
    np.testing.assert_allclose(y, masked.forward(tf.constant(NORMAL)), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(
        by_halves.inverse_log_det_jacobian(tf.identity(y), event_ndims=3),
        masked.inverse_log_det_jacobian(tf.identity(y), event_ndims=3),
        rtol=1e-4,
        atol=1e-4,
    )


def test_the_log_scale_is_bounded():
    coupling = ChannelCoupling(lambda half: tf.concat([1e3 + half, half], axis=-1), 2, event_ndims=1, bound=2.0)
    x = tf.constant([[0.0, 1.0]])
    np.testing.assert_allclose(coupling.forward(x), [[0.0, np.exp(2.0)]], rtol=1e-6)


def convolutions(function, shape):
    graph = tf.function(function, autograph=False).get_concrete_function(tf.TensorSpec((2, *shape))).graph
    return sum(operation.type == "Conv2D" for operation in graph.get_operations())


@pytest.mark.parametrize(
    "ask",
    [
        lambda flow, y: flow.log_prob(y),
        lambda flow, y: (flow.bijector.inverse_log_det_jacobian(y, event_ndims=3), flow.bijector.inverse(y)),
        lambda flow, y: (flow.bijector.forward(y), flow.bijector.forward_log_det_jacobian(y, event_ndims=3)),
    ],
    ids=["log_prob", "inverse", "forward"],
)
def test_the_network_runs_once_per_pass(ask):
    couplings = [ChannelCoupling(conv_conditioner((8, 8, 2), 4, width=8), 4, index % 2) for index in range(3)]
    flow = tfd.TransformedDistribution(tfd.Sample(tfd.Normal(0.0, 1.0), (8, 8, 4)), tfb.Chain(couplings))
    assert convolutions(lambda y: ask(flow, y), (8, 8, 4)) == 3 * 3


def test_value_and_log_determinant_of_one_pass_have_the_gradients_of_two(randomized):
    network = randomized(conv_conditioner((8, 8, 2), 4, width=8, activation="gelu"))
    coupling = ChannelCoupling(network, 4)

    def loss(inverse):
        x, log_det = inverse()
        return tf.reduce_sum(x**2) + tf.reduce_sum(log_det)

    def by_cache():
        y = tf.constant(NORMAL)
        return coupling.inverse(y), coupling.inverse_log_det_jacobian(y, event_ndims=3)

    def by_hand():
        conditioning, transformed = tf.split(tf.constant(NORMAL), 2, axis=-1)
        raw, shift = tf.split(network(conditioning), 2, axis=-1)
        log_scale = 3.0 * tf.tanh(raw / 3.0)
        x = tf.concat([conditioning, (transformed - shift) * tf.exp(-log_scale)], axis=-1)
        return x, -tf.reduce_sum(log_scale, axis=(1, 2, 3))

    gradients = []
    for inverse in (by_cache, by_hand):
        with tf.GradientTape() as tape:
            value = loss(inverse)
        gradients.append(tape.gradient(value, [weight.value for weight in network.trainable_variables]))
    for cached, expected in zip(*gradients, strict=True):
        assert np.abs(expected).max() > 0
        np.testing.assert_allclose(cached, expected, rtol=2e-4, atol=1e-3)
