"""Flows of causal transformers: the bound with gaussian noise, its removal, and guidance."""

import math

import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf
import tensorflow_probability as tfp

from tests.conftest import slow_except
from tfgen import random
from tfgen.errors import ConfigError
from tfgen.models.flow import Flow
from tfgen.models.flow.gaussian_noise import _normal_cdf, add_gaussian_noise, remove_gaussian_noise
from tfgen.models.flow.transformer_chain import patch_of

SMALL = {"width": 8, "checkerboard": 0, "squeeze": (1,), "couplings": (0,), "transformers": 2, "heads": 2}
GAUSSIAN = {**SMALL, "dequantization": "gaussian"}


@pytest.fixture(autouse=True)
def same_initial_weights():
    keras.utils.set_random_seed(0)


def perturbed(flow, scale=0.5):
    generator = np.random.default_rng(0)
    for variable in flow.trainable_variables:
        std = scale / math.sqrt(math.prod(variable.shape[:-1])) if len(variable.shape) > 1 else 0.1 * scale
        variable.assign(variable + std * generator.normal(size=variable.shape))
    return flow


def test_probabilities_of_all_images_sum_to_one():
    """Two pixels of three levels make nine images. The mean of exp(bound) over the noise is their probability."""
    # The noise is wider than the density, so that p(y) P(x|y) / q(y|x) has a small variance.
    flow = perturbed(Flow((1, 2, 1), 3, patch=1, noise=0.4, prior_scale=0.4, **GAUSSIAN))
    images = np.stack(np.meshgrid(range(3), range(3)), axis=-1).reshape(9, 1, 2, 1).astype(np.uint8)
    log_probs = tf.function(flow.log_prob)(np.repeat(images, 4000, axis=0)).numpy()
    probabilities = np.exp(log_probs.reshape(9, 4000).astype(np.float64))
    error = np.sqrt(np.sum(probabilities.var(axis=1) / 4000))
    assert error < 0.02
    assert probabilities.mean(axis=1).sum() == pytest.approx(1.0, abs=4.0 * error)
    assert probabilities.mean(axis=1).std() > 0.01


def test_the_correction_of_gaussian_noise_is_that_of_uniform_noise_inside_of_the_range():
    """Far from black and white, the normal densities of all levels add up to the number of levels."""
    whole = tf.fill((4, 2, 3, 1), 128.0)
    normal = tf.constant(np.random.default_rng(0).normal(size=whole.shape), tf.float32)
    y, log_density = add_gaussian_noise(whole, normal, 256, 0.02)
    np.testing.assert_allclose(y, 128.5 / 256.0 + 0.02 * normal, rtol=1e-6)
    np.testing.assert_allclose(log_density, 0.0, atol=1e-4)
    _, at_black = add_gaussian_noise(0.0 * whole, 0.0 * normal, 256, 0.02)
    # At black, the levels below do not exist.
    expected = tfp.distributions.Normal(0.0, 0.02).log_cdf(0.5 / 256.0)
    np.testing.assert_allclose(at_black, tf.fill(at_black.shape, expected), rtol=1e-3)


@pytest.mark.parametrize(("levels", "deviation"), [(256, 0.0157), (256, 0.1), (17, 0.24), (64, 0.5), (17, 0.1)])
def test_the_density_of_the_noise_is_the_sum_over_the_levels(levels, deviation):
    """From 5 σ below black to 5 σ above white, compared with the sum in float64."""
    whole = tf.zeros((1, 1, 2001, 1))
    edge = 5.0 + 0.5 / (levels * deviation)
    shift = tf.linspace(-edge, edge - 1.0 / (levels * deviation) + 1.0 / deviation, 2001)[None, None, :, None]
    y, found = add_gaussian_noise(whole, shift, levels, deviation)
    middles = (np.arange(levels) + 0.5) / levels
    densities = np.exp(-0.5 * ((np.float64(y)[..., None] - middles) / deviation) ** 2)
    expected = np.log(densities.sum(axis=-1) / (levels * deviation * math.sqrt(2.0 * math.pi)))
    np.testing.assert_allclose(found, expected, atol=2e-4)


def test_the_distribution_function_has_a_small_relative_error_in_the_tail_too():
    t = np.linspace(-8.0, 8.0, 4001)
    expected = scipy.stats.norm.cdf(np.float32(t).astype(np.float64))
    np.testing.assert_allclose(_normal_cdf(tf.constant(t, tf.float32)), expected, rtol=1e-5)


def test_the_noise_of_a_normal_distribution_is_removed_exactly():
    """For x ~ N(μ, s²) and y = x + σ ε, E[x|y] = (s² y + σ² μ) / (s² + σ²)."""
    mean, deviation, noise = 0.4, 0.3, 0.1
    noisy = tfp.distributions.Normal(mean, math.hypot(deviation, noise))
    y = tf.constant(np.random.default_rng(0).normal(size=(5, 2, 2, 1)), tf.float32)
    found = remove_gaussian_noise(y, lambda y: tf.reduce_sum(noisy.log_prob(y), axis=(1, 2, 3)), noise)
    expected = (deviation**2 * y + noise**2 * mean) / (deviation**2 + noise**2)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_decode_removes_the_noise_by_the_gradient_of_the_density():
    # With this scale of the latents no pixel is clipped to [0, 1].
    flow = Flow((4, 4, 1), 256, patch=2, noise=0.05, prior_scale=0.15, classes=("a", "b"), **GAUSSIAN)
    perturbed(flow, scale=0.1)
    with flow.decoding(denoise=False):
        raw = flow.sample(3, seed=1, label="b")
    denoised = flow.sample(3, seed=1, label="b")
    assert np.min(raw) > 0.0 and np.max(raw) < 1.0
    y = tf.constant((raw * 255.0 + 0.5) / 256.0)
    with tf.GradientTape() as tape:
        tape.watch(y)
        density = flow.log_density(y, tf.fill((3,), 1))
    expected = (y + 0.05**2 * tape.gradient(density, y)) * 256.0 / 255.0 - 0.5 / 255.0
    np.testing.assert_allclose(denoised, expected, atol=1e-4)
    assert np.abs(denoised - raw).max() > 1e-2


@pytest.mark.parametrize("classes", slow_except([(), ("a", "b")], ("a", "b")))
def test_guidance_zero_changes_nothing_and_a_weight_moves_samples_away_from_the_other_network(classes):
    flow = perturbed(Flow((4, 4, 1), 256, patch=2, classes=classes, **SMALL))
    label = "a" if classes else None
    plain = flow.sample(4, seed=3, label=label).numpy()
    with flow.decoding(guidance=0.0):
        np.testing.assert_array_equal(flow.sample(4, seed=3, label=label), plain)
    moved = []
    for weight in (1e-3, 2e-3):
        with flow.decoding(guidance=weight):
            moved.append(flow.sample(4, seed=3, label=label).numpy() - plain)
    # For small weights the change is linear in the weight.
    assert np.abs(moved[0]).max() > 1e-6
    np.testing.assert_allclose(moved[1], 2.0 * moved[0], atol=0.05 * np.abs(moved[1]).max() + 1e-6)
    assert flow.guidance == 0.0


def test_the_inversion_error_is_that_of_the_map_without_guidance_and_noise_removal():
    flow = perturbed(Flow((4, 4, 1), 256, patch=2, guidance=2.0, **GAUSSIAN))
    images = np.random.default_rng(0).integers(0, 256, (3, 4, 4, 1)).astype(np.uint8)
    assert float(tf.reduce_max(flow.inversion_error(images))) < 1e-4
    assert flow.guidance == 2.0 and flow.denoise


def test_part_of_the_labels_is_dropped_in_training_only(monkeypatch):
    flow = Flow((4, 4, 1), 256, patch=2, classes=("a", "b"), label_dropout=0.5, **SMALL)
    seen = []
    original = flow.log_density
    monkeypatch.setattr(flow, "log_density", lambda y, label, training: (seen.append(label), original(y, label))[1])
    images = np.zeros((400, 4, 4, 1), np.uint8)
    for training in (True, False):
        with random.StepRng(0, 0) as rng:
            flow.losses_of(images, rng, training=training, label=[0, 1] * 200)
    trained, evaluated = (label.numpy() for label in seen)
    assert 0.4 < np.mean(trained == -1) < 0.6
    np.testing.assert_array_equal(evaluated, [0, 1] * 200)
    np.testing.assert_array_equal(trained[trained >= 0], evaluated[trained >= 0])


@pytest.mark.parametrize(("side", "patch"), [(8, 1), (16, 2), (28, 4), (32, 4), (64, 8), (65, 16)])
def test_an_image_has_at_most_8_patches_along_a_side(side, patch):
    flow = Flow((side, 4, 1), 256, **SMALL)
    assert patch_of(flow) == patch


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"checkerboard": 1}, "transformers: expected no other couplings"),
        ({"heads": 3}, "heads: expected a divisor of the width 8"),
        ({"transformers": 0, "checkerboard": 1, "dequantization": "gaussian"}, "expected transformers with gaussian"),
        ({"patch": 9}, "patch: expected at most 8 pixels"),
    ],
)
def test_impossible_options_are_refused_with_the_reason(options, message):
    with pytest.raises(ConfigError, match=message):
        Flow((8, 8, 1), 17, **{**SMALL, **options})


@pytest.mark.slow
def test_the_noise_is_removed_for_weights_of_the_classes_too():
    """A path from class to class has such points. Weights of 0 and 1 are a class."""
    flow = perturbed(Flow((4, 4, 1), 17, classes=("a", "b"), noise=0.2, patch=2, **GAUSSIAN))
    latents = tf.constant(np.random.default_rng(0).normal(size=(2, 16)), tf.float32)
    expected = flow.decode(latents, ["b", "a"])
    np.testing.assert_allclose(flow.decode(latents, tf.constant([[0.0, 1.0], [1.0, 0.0]])), expected, atol=1e-6)
    between = flow.decode(latents, tf.fill((2, 2), 0.5)).numpy()
    assert np.isfinite(between).all()
    assert np.abs(between - expected).max() > 1e-3
