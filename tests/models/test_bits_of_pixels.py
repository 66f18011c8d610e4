"""The bits of an image, divided among its pixels."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import slow_except
from tfgen import random
from tfgen.bijectors import in_order_of_data, inverse_and_log_slopes
from tfgen.errors import ConfigError, UndefinedError
from tfgen.models import family
from tfgen.models.flow import Flow

NONE = {"checkerboard": 0, "squeeze": (1,), "couplings": (0,), "width": 8, "blocks": 1, "bins": 4}
#: Every kind of step of a flow of images, with and without padding, of grey and of colour images.
FLOWS = {
    "checkerboard": ((4, 6, 1), {**NONE, "checkerboard": 2}),
    "couplings": ((4, 6, 3), {**NONE, "squeeze": (2,), "couplings": (2,)}),
    "levels": ((8, 8, 1), {**NONE, "squeeze": (2, 2), "couplings": (2, 2)}),
    "levels with padding": ((7, 9, 3), {**NONE, "squeeze": (2, 2), "couplings": (2, 2)}),
    "passes": ((8, 8, 1), {**NONE, "squeeze": (4,), "multiscale_passes": 2}),
    "passes of colours with padding": (
        (6, 7, 3),
        {**NONE, "squeeze": (2, 2), "couplings": (0, 1), "multiscale_passes": 2, "channel_autoregressive": True},
    ),
    "splines": ((5, 6, 3), {**NONE, "autoregressive": True, "channel_autoregressive": True}),
    "splines of blocks": ((5, 6, 3), {**NONE, "autoregressive": True, "autoregressive_block": 2}),
    "variational": ((5, 6, 3), {**NONE, "squeeze": (2,), "couplings": (1,), "dequantization": "variational"}),
    "transformers": ((5, 6, 3), {**NONE, "transformers": 2, "heads": 2, "patch": 2, "dequantization": "gaussian"}),
}


def perturbed(model):
    generator = np.random.default_rng(0)
    for variable in model.trainable_variables:
        variable.assign(variable + 0.2 * generator.normal(size=variable.shape))
    return model


#: The cases that take longest. Quicker cases have the same steps, or other tests check their bijectors too.
LONG = ("levels", "passes", "passes of colours with padding", "splines of blocks")


@pytest.fixture(scope="module", params=slow_except(FLOWS, *FLOWS.keys() - LONG))
def flow(request):
    keras.utils.set_random_seed(0)
    shape, options = FLOWS[request.param]
    return perturbed(Flow(shape, 17, **options))


def images_for(model, n=3):
    return np.random.default_rng(1).integers(0, model.levels, (n, *model.event_shape)).astype(np.uint8)


def assert_terms_add_up(model, images, **given):
    with random.StepRng(5, 0) as rng:
        expected = model.log_prob_with(images, rng, **given)
    with random.StepRng(5, 0) as rng:
        terms, rest = model.log_prob_of_pixels_with(images, rng, **given)
    assert terms.shape == images.shape[:3] and rest.shape == (len(images),)
    np.testing.assert_allclose(tf.reduce_sum(terms, axis=(1, 2)) + rest, expected, rtol=2e-5, atol=1e-3)
    return terms, rest


def test_the_terms_of_the_pixels_add_up_to_the_log_likelihood_of_a_flow(flow):
    _, rest = assert_terms_add_up(flow, images_for(flow))
    np.testing.assert_array_equal(rest, 0.0)


def test_latents_and_log_determinant_are_those_of_the_bijector(flow):
    data = np.random.default_rng(2).uniform(0.1, 0.9, (2, *flow.event_shape)).astype(np.float32)
    latent, log_slopes = inverse_and_log_slopes(flow.flow.bijector, tf.constant(data))
    np.testing.assert_allclose(latent, flow.flow.bijector.inverse(tf.constant(data)), atol=1e-5)
    log_det = flow.flow.bijector.inverse_log_det_jacobian(tf.constant(data), event_ndims=3)
    np.testing.assert_allclose(tf.reduce_sum(log_slopes, axis=1), log_det, rtol=1e-5, atol=1e-3)


@pytest.mark.slow
def test_a_term_returns_to_the_place_of_its_value():
    """Without networks, each latent is a function of one value, whatever the steps that move values."""
    keras.utils.set_random_seed(0)
    for shape, options in FLOWS.values():
        # The networks of a new flow return zeros, which make identities; only a 1×1 convolution mixes values.
        flow = Flow(shape, 17, **{**options, "dequantization": "uniform", "invertible_1x1": False, "denoise": False})
        data = np.random.default_rng(3).uniform(0.1, 0.9, (1, *shape)).astype(np.float32)
        with tf.GradientTape() as tape:
            moved = tf.constant(data)
            tape.watch(moved)
            latent, _ = inverse_and_log_slopes(flow.flow.bijector, moved)
        slopes = tape.gradient(latent, moved)
        _, log_slopes = inverse_and_log_slopes(flow.flow.bijector, tf.constant(data))
        found = in_order_of_data(flow.flow.bijector, log_slopes)
        np.testing.assert_allclose(found, np.log(np.abs(slopes)), rtol=1e-4, atol=1e-4)


def test_a_changed_pixel_has_more_bits_than_before(digits):
    """A flow that has learned the digits is surprised by a white pixel in a black corner, and nowhere above it."""
    keras.utils.set_random_seed(0)
    flow = Flow((8, 8, 1), 17, **{**NONE, "autoregressive": True})
    flow.initialize_from(digits[:64])
    flow.compile(keras.optimizers.Adam(3e-3))
    flow.fit(digits[:1024], batch_size=64, epochs=2, verbose=0)
    original, changed = digits[:20], digits[:20].copy()
    changed[:, 7, 0] = 16
    before, after = (flow.bits_of_pixels(each, samples=4)[0] for each in (original, changed))
    assert (after[:, 7, 0] > before[:, 7, 0] + 2.0).all()
    np.testing.assert_allclose(after[:, :7], before[:, :7], atol=1e-3)


@pytest.mark.parametrize(
    "name",
    slow_except(
        ["vae-mlp", "vae-conv", "vae-mixture", "vae-hierarchical", "vae-flow-prior"],
        *("vae-mlp", "vae-mixture", "vae-flow-prior"),
    ),
)
def test_the_terms_of_the_pixels_and_the_latent_add_up_to_the_elbo(name, tiny_models, digits):
    model = tiny_models(name)
    terms, rest = assert_terms_add_up(model, digits[:5])
    # −KL of the latent, and log-probabilities of pixels.
    assert (terms.numpy() <= 0.0).all() and (rest.numpy() < 0.0).any()


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("vae", {"hidden": (8,), "latent_dim": 2}),
        pytest.param("flow", FLOWS["passes"][1], marks=pytest.mark.slow),
    ],
)
def test_a_conditional_model_needs_the_classes(kind, options):
    keras.utils.set_random_seed(0)
    model = perturbed(family(kind)((8, 8, 1), 17, classes=("a", "b"), **options))
    images = images_for(model)
    assert_terms_add_up(model, images, label=["b", "a", "b"])
    as_a, as_b = (model.bits_of_pixels(images, label=label)[0] for label in "ab")
    assert np.abs(as_a - as_b).max() > 1e-3
    with pytest.raises(ConfigError, match="expected the classes"):
        model.bits_of_pixels(images)


def test_bits_are_the_mean_over_the_samples_and_add_up_to_bits_per_dim(tiny_models, digits):
    model, images = tiny_models("flow"), digits[:4]
    bits, rest = model.bits_of_pixels(images, samples=3, seed=7)
    nats = []
    for index in range(3):
        with random.StepRng(7, index) as rng:
            nats.append(model.log_prob_with(images, rng).numpy())
    np.testing.assert_allclose(bits.sum(axis=(1, 2)) + rest, -np.mean(nats, axis=0) / math.log(2.0), rtol=1e-5)


def test_models_without_pixels_or_likelihood_refuse(tiny_models, tiny_data):
    with pytest.raises(UndefinedError, match="no pixels"):
        tiny_models("points").bits_of_pixels(tiny_data["points"][:2])
    with pytest.raises(UndefinedError, match="log_prob"):
        tiny_models("gan").bits_of_pixels(tiny_data["gan"][:2])


def test_a_bijector_of_another_kind_is_refused():
    from tensorflow_probability import bijectors as tfb

    for other in (tfb.Exp(), tfb.Invert(tfb.Exp())):
        with pytest.raises(TypeError, match="Expected a bijector of a flow"):
            inverse_and_log_slopes(tfb.Chain([other]), tf.ones((1, 2, 2, 1)))
