"""Every bijector has an inverse, the log-determinant of its Jacobian, and the shapes of its events."""

import itertools

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tests.conftest import slow_except
from tfgen.bijectors import (
    ActNorm,
    AffineCoupling,
    AutoregressiveAffine,
    AutoregressiveSpline,
    ChannelCoupling,
    FactorOut,
    Invertible1x1,
    LUMatrix,
    MultiscaleAutoregressive,
    ScaleAndShift,
    SplineCoupling,
    Squeeze,
    ZeroPad,
    alternating_mask,
    checkerboard_mask,
    inside_after_padding,
    inside_after_squeeze,
    logit,
)
from tfgen.networks import AutoregressiveNetwork, CausalTransformer, conv_conditioner, mlp, multiscale_conditioner

tfb = tfp.bijectors
tfd = tfp.distributions


def coupling_of_points(randomized):
    return AffineCoupling(randomized(mlp(5, (16, 16), 10, activation="gelu", zero_last=True)), alternating_mask(5, 1))


def checkerboard(randomized, block_size=2):
    network = randomized(conv_conditioner((28, 28, 1), 2, width=8, block_size=block_size))
    return AffineCoupling(network, checkerboard_mask((28, 28, 1), 1))


def channel_coupling(randomized, parity=0, channels=16):
    conditioning = (channels // 2, channels - channels // 2)[parity]
    network = conv_conditioner((7, 7, conditioning), 2 * (channels - conditioning), width=8, activation="gelu")
    return ChannelCoupling(randomized(network), channels, parity)


def gated_coupling(randomized):
    return ChannelCoupling(randomized(conv_conditioner((8, 8, 6), 12, width=8, blocks=1, activation="elu")), 12)


def spline_coupling(randomized, conditioning=(0, 5), transformed=(5, 8), bound=4.0):
    network = conv_conditioner((7, 7, max(1, conditioning[1] - conditioning[0])), 3 * 14, width=8, last_kernel=1)
    return SplineCoupling(randomized(network), conditioning, transformed, bins=5, bound=bound)


def multiscale(randomized, limits, shape=(4, 4), blocks=1, bound=4.0, inside=None):
    conditioners, newest = [], limits[0]
    for start, end in itertools.pairwise(limits):
        network = multiscale_conditioner(
            (*shape, max(1, newest)),
            14 * (end - start),
            receives_features=bool(conditioners),
            width=8,
            blocks=blocks,
            activation="elu",
        )
        conditioners.append(randomized(network, seed=start))
        newest = end - start
    return MultiscaleAutoregressive(conditioners, limits, bins=5, bound=bound, inside=inside)


def autoregressive(randomized, shape, blocks=2, bound=4.0, inside=None, gain=0.7, **options):
    network = AutoregressiveNetwork(shape, 14 * shape[-1], width=8, blocks=blocks, activation="elu", **options)
    return AutoregressiveSpline(randomized(network, gain=gain), bins=5, bound=bound, inside=inside)


def transformer(randomized, length, size, inside=None):
    network = CausalTransformer(length, size, 2 * size, width=8, layers=2, heads=2)
    return AutoregressiveAffine(randomized(network, gain=0.5), inside=inside)


def padded_transformer(randomized):
    """The same of the blocks of 2×2 pixels as a sequence."""

    def make(inside):
        sequence = tfb.Reshape(event_shape_out=inside.shape, event_shape_in=(6, 8))
        return tfb.Chain([sequence, transformer(randomized, 6, 8, inside.reshape(6, 8)), tfb.Invert(sequence)])

    return padded(make)


def padded(make, shape=(3, 5, 2)):
    """A bijector of blocks of 2×2 pixels of an image whose sides are odd, without the padding at both ends."""
    inside = inside_after_padding(np.ones(shape, np.float32), 2)
    blocks = inside_after_squeeze(inside, 2)
    return tfb.Chain(
        [ZeroPad(shape, inside), Squeeze(2), make(blocks), tfb.Invert(ZeroPad((inside.sum().astype(int),), blocks))]
    )


def padded_coupling(randomized, inside, parity):
    network = randomized(conv_conditioner((2, 3, 4), 8, width=8, activation="gelu"))
    return ChannelCoupling(network, 8, parity, inside=inside)


def padded_inner_flow(randomized):
    """A level whose inner flow pads its images of 3×3 pixels to 4×4."""
    inside = inside_after_padding(np.ones((3, 3, 2), np.float32), 2)
    blocks = inside_after_squeeze(inside, 2)
    inner = tfb.Chain(
        [
            ZeroPad((3, 3, 2), inside),
            Squeeze(2),
            ActNorm(randomized(ScaleAndShift(8)), blocks),
            tfb.Reshape(event_shape_out=(2, 2, 8), event_shape_in=(32,)),
        ]
    )
    everything = np.concatenate([blocks.reshape(-1), np.ones(27)])
    return tfb.Chain([FactorOut(inner, (3, 3, 5), 2, inner_size=32), tfb.Invert(ZeroPad((45,), everything))])


def factor_out(randomized):
    inner = tfb.Chain(
        [
            Squeeze(7),
            ActNorm(randomized(ScaleAndShift(98))),
            tfb.Reshape(event_shape_out=(2, 2, 98), event_shape_in=(392,)),
        ]
    )
    network = randomized(conv_conditioner((14, 14, 2), 4, width=8))
    return tfb.Chain([ChannelCoupling(network, 4), FactorOut(inner, (14, 14, 4))])


# name → (constructor, event shape on the latent side, on the data side)
BIJECTORS = {
    "affine coupling of points": (coupling_of_points, (5,), (5,)),
    "checkerboard coupling": (checkerboard, (28, 28, 1), (28, 28, 1)),
    "checkerboard coupling without blocks": (lambda r: checkerboard(r, block_size=1), (28, 28, 1), (28, 28, 1)),
    "channel coupling": (channel_coupling, (7, 7, 16), (7, 7, 16)),
    "channel coupling, second half": (lambda r: channel_coupling(r, 1), (7, 7, 16), (7, 7, 16)),
    "channel coupling, odd": (lambda r: channel_coupling(r, 0, 3), (7, 7, 3), (7, 7, 3)),
    "channel coupling, odd, second half": (lambda r: channel_coupling(r, 1, 3), (7, 7, 3), (7, 7, 3)),
    "channel coupling, gated": (gated_coupling, (8, 8, 12), (8, 8, 12)),
    "actnorm of images": (lambda r: ActNorm(r(ScaleAndShift(16))), (7, 7, 16), (7, 7, 16)),
    "actnorm of points": (lambda r: ActNorm(r(ScaleAndShift(2))), (2,), (2,)),
    "invertible 1x1": (lambda r: Invertible1x1(r(LUMatrix(12, seed=3), gain=0.5)), (8, 8, 12), (8, 8, 12)),
    "squeeze": (lambda r: Squeeze(4), (7, 7, 16), (28, 28, 1)),
    "spline coupling": (spline_coupling, (7, 7, 9), (7, 7, 9)),
    "spline coupling without conditioning channels": (
        lambda r: spline_coupling(r, (0, 0), (0, 3)),
        (7, 7, 9),
        (7, 7, 9),
    ),
    "spline coupling, some values outside the interval": (
        lambda r: spline_coupling(r, (6, 9), (0, 3), 0.7),
        (7, 7, 9),
        (7, 7, 9),
    ),
    "multiscale": (lambda r: multiscale(r, [2, 3, 5, 6]), (4, 4, 6), (4, 4, 6)),
    "multiscale without a first group": (lambda r: multiscale(r, [0, 1, 4], blocks=0), (4, 4, 4), (4, 4, 4)),
    "multiscale of one pixel": (lambda r: multiscale(r, [0, 1, 2, 4, 8], shape=(1, 1)), (1, 1, 8), (1, 1, 8)),
    "multiscale, some values outside the interval": (
        lambda r: multiscale(r, [1, 2, 3], bound=0.7),
        (4, 4, 3),
        (4, 4, 3),
    ),
    "autoregressive": (lambda r: autoregressive(r, (3, 4, 1)), (3, 4, 1), (3, 4, 1)),
    "autoregressive of colours": (lambda r: autoregressive(r, (3, 3, 3), blocks=0), (3, 3, 3), (3, 3, 3)),
    "autoregressive of dependent colours": (
        lambda r: autoregressive(r, (3, 4, 3), channel_autoregressive=True),
        (3, 4, 3),
        (3, 4, 3),
    ),
    "autoregressive of padded blocks": (
        lambda r: padded(
            lambda inside: autoregressive(r, (2, 3, 8), 1, inside=inside, gain=0.4, channel_autoregressive=True)
        ),
        (30,),
        (3, 5, 2),
    ),
    "autoregressive affine": (lambda r: transformer(r, 5, 3), (5, 3), (5, 3)),
    "autoregressive affine of one element": (lambda r: transformer(r, 1, 2), (1, 2), (1, 2)),
    "autoregressive affine of padded blocks": (padded_transformer, (30,), (3, 5, 2)),
    "multiscale of padded blocks": (
        lambda r: padded(lambda inside: multiscale(r, [0, 2, 3, 8], (2, 3), inside=inside)),
        (30,),
        (3, 5, 2),
    ),
    "channel coupling of padded blocks": (
        lambda r: padded(lambda inside: padded_coupling(r, inside, 0)),
        (30,),
        (3, 5, 2),
    ),
    "channel coupling of padded blocks, second half": (
        lambda r: padded(lambda inside: padded_coupling(r, inside, 1)),
        (30,),
        (3, 5, 2),
    ),
    "actnorm of padded blocks": (
        lambda r: padded(lambda inside: ActNorm(r(ScaleAndShift(8)), inside)),
        (30,),
        (3, 5, 2),
    ),
    "invertible 1x1 of padded blocks": (
        lambda r: padded(lambda inside: Invertible1x1(r(LUMatrix(8, seed=3), gain=0.5), inside)),
        (30,),
        (3, 5, 2),
    ),
    "factor out with a padded inner flow": (padded_inner_flow, (45,), (3, 3, 5)),
    "autoregressive of one pixel": (lambda r: autoregressive(r, (1, 1, 2)), (1, 1, 2), (1, 1, 2)),
    "autoregressive, some values outside the interval": (
        lambda r: autoregressive(r, (3, 2, 1), bound=0.7),
        (3, 2, 1),
        (3, 2, 1),
    ),
    "factor out": (factor_out, (784,), (14, 14, 4)),
    "logit": (lambda r: logit(0.05), (8, 8, 1), (8, 8, 1)),
}


#: Of the autoregressive bijectors, whose Jacobians take longest, the default suite has one. Its steps are splines.
QUICK = [name for name in BIJECTORS if not name.startswith("autoregressive") or name == "autoregressive"]


@pytest.fixture(params=slow_except(BIJECTORS, *QUICK), scope="module")
def case(request, randomized):
    make, latent_shape, data_shape = BIJECTORS[request.param]
    return make(randomized), latent_shape, data_shape


def latents(shape, n=3):
    return np.random.default_rng(5).normal(size=(n, *shape)).astype(np.float32)


def test_inverse_undoes_forward(case):
    bijector, latent_shape, data_shape = case
    x = latents(latent_shape)
    y = bijector.forward(tf.constant(x))
    assert y.shape == (3, *data_shape)
    assert np.abs(y - x.reshape(y.shape)).max() > 1e-3, "expected a bijector that is not the identity"
    # A copy, because the cache of the bijector would return x for the tensor y.
    np.testing.assert_allclose(bijector.inverse(tf.identity(y)), x, atol=2e-5)


def test_forward_undoes_inverse(case):
    bijector, latent_shape, data_shape = case
    y = 0.5 + 0.1 * latents(data_shape)
    x = bijector.inverse(tf.constant(y))
    assert x.shape == (3, *latent_shape)
    np.testing.assert_allclose(bijector.forward(tf.identity(x)), y, atol=2e-5)


def test_log_determinants_are_those_of_the_jacobian(case, jacobian):
    bijector, latent_shape, data_shape = case
    x = latents(latent_shape, n=1)
    matrix = jacobian(bijector.forward, x[0])
    sign, expected = np.linalg.slogdet(matrix)
    assert sign != 0
    forward = bijector.forward_log_det_jacobian(tf.constant(x), event_ndims=len(latent_shape))
    np.testing.assert_allclose(tf.reshape(forward, ()), expected, rtol=1e-4, atol=1e-3)
    y = tf.identity(bijector.forward(tf.constant(x)))
    inverse = bijector.inverse_log_det_jacobian(y, event_ndims=len(data_shape))
    np.testing.assert_allclose(tf.reshape(inverse, ()), -expected, rtol=1e-4, atol=1e-3)


def test_event_shapes(case):
    bijector, latent_shape, data_shape = case
    assert bijector.forward_event_shape(tf.TensorShape(latent_shape)) == data_shape
    assert bijector.inverse_event_shape(tf.TensorShape(data_shape)) == latent_shape
    assert tuple(bijector.forward_event_shape_tensor(tf.constant(latent_shape)).numpy()) == data_shape
    assert tuple(bijector.inverse_event_shape_tensor(tf.constant(data_shape)).numpy()) == latent_shape


def test_a_distribution_can_use_it(case):
    bijector, latent_shape, data_shape = case
    distribution = tfd.TransformedDistribution(tfd.Sample(tfd.Normal(0.0, 1.0), latent_shape), bijector)
    assert distribution.event_shape == data_shape
    assert distribution.batch_shape == ()
    assert distribution.sample((2, 3), seed=1).shape == (2, 3, *data_shape)
    assert distribution.sample(seed=1).shape == data_shape
    x = latents(latent_shape)
    y = tf.identity(bijector.forward(tf.constant(x)))
    expected = -0.5 * (x.reshape(3, -1) ** 2 + np.log(2 * np.pi)).sum(axis=1) - np.reshape(
        bijector.forward_log_det_jacobian(tf.constant(x), event_ndims=len(latent_shape)), (-1,)
    )
    np.testing.assert_allclose(distribution.log_prob(y), expected, rtol=1e-4, atol=1e-2)
