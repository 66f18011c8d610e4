"""The hierarchical VAE: its objective, its latents, its classes, and pictures of odd and rectangular sizes."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tests.conftest import slow_except
from tfgen import random
from tfgen.config import VAEConfig
from tfgen.errors import ConfigError
from tfgen.models.vae import VAE

tfd = tfp.distributions
OPTIONS = {
    "arch": "hierarchical",
    "filters": 4,
    "latent_groups": 1,
    "latent_channels": 2,
    "blocks": 1,
    "likelihood": "color_logistic_mixture",
    "mixtures": 2,
}


def pictures(n: int, shape=(9, 13, 3)) -> np.ndarray:
    """Pictures of one color each with noise, uint8."""
    generator = np.random.default_rng(0)
    color = generator.integers(20, 200, (n, 1, 1, shape[-1]))
    return (color + generator.integers(0, 40, (n, *shape))).astype(np.uint8)


@pytest.fixture(scope="module")
def trained():
    keras.utils.set_random_seed(1)
    vae = VAE((9, 13, 3), 256, **OPTIONS)
    vae.compile(keras.optimizers.Adam(1e-2))
    vae.fit(pictures(256), batch_size=32, epochs=25, verbose=0)
    return vae


@pytest.mark.slow
def test_the_kl_divergence_equals_the_closed_form_given_the_groups_above_and_a_monte_carlo_estimate(trained):
    images = pictures(2)
    with random.StepRng(0, 0) as rng:
        losses = trained.losses_of(images, rng)
    with random.StepRng(0, 0) as rng:
        inputs, _ = trained.preprocess(images, rng)
        found = trained.infer(trained.features(inputs), rng.normal("posterior", (2, *trained.latent_shape)))
    mean, std = found.mean.numpy(), found.std.numpy()
    closed = 0.5 * np.sum(std**2 + mean**2 - 1.0 - 2.0 * np.log(std), axis=1)
    np.testing.assert_allclose(losses["kl"], closed, rtol=1e-4)
    assert closed.min() > 0.5

    rows = 4_000
    features = [tf.repeat(part[:1], rows, axis=0) for part in trained.features(inputs)]
    sampled = trained.infer(features, tf.random.stateless_normal((rows, *trained.latent_shape), (1, 3)))
    log_q = tf.reduce_sum(tfd.Normal(sampled.mean, sampled.std).log_prob(sampled.latent), axis=1)
    ratio = (log_q - trained.prior.log_prob(sampled.latent)).numpy()
    conditional = tfd.kl_divergence(tfd.Normal(sampled.mean, sampled.std), tfd.Normal(0.0, 1.0)).numpy().sum(axis=1)
    error = (ratio - conditional).std() / rows**0.5
    assert abs(ratio.mean() - conditional.mean()) < 5 * error


@pytest.mark.slow
def test_the_bound_is_reconstruction_plus_kl_and_rises_with_the_number_of_samples(trained):
    images = pictures(16)
    with random.StepRng(0, 0) as rng:
        losses = trained.losses_of(images, rng)
    np.testing.assert_allclose(trained.log_prob(images), -(losses["reconstruction"] + losses["kl"]), rtol=1e-6)
    bounds = [float(tf.reduce_mean(trained.log_prob(images, samples=k, seed=k))) for k in (1, 5, 100)]
    assert bounds == sorted(bounds)
    assert bounds[-1] - bounds[0] > 0.1


@pytest.mark.slow
def test_the_reconstruction_is_that_of_the_sampled_latents(trained):
    images = pictures(4)
    with random.StepRng(0, 0) as rng:
        losses = trained.losses_of(images, rng)
    with random.StepRng(0, 0) as rng:
        inputs, target = trained.preprocess(images, rng)
        latent = trained.infer(trained.features(inputs), rng.normal("posterior", (4, *trained.latent_shape))).latent
    np.testing.assert_allclose(-trained.reconstruction_log_prob(latent, target), losses["reconstruction"], rtol=1e-4)


@pytest.mark.slow
def test_training_beats_a_new_model_and_uses_latents(trained):
    images = pictures(64)
    assert trained.bits_per_dim(images).mean < VAE((9, 13, 3), 256, **OPTIONS).bits_per_dim(images).mean - 0.5
    assert trained.diagnostics(images)["active_units"] >= 1.0
    reconstructed = trained.decode(trained.encode(images)).numpy().mean(axis=(1, 2))
    original = images.mean(axis=(1, 2)) / 255.0
    assert np.corrcoef(reconstructed.ravel(), original.ravel())[0, 1] > 0.5


@pytest.mark.slow
def test_latents_are_standard_normal_noise(trained):
    normal = trained.normal_noise(random.seeds_from(3, 4))
    np.testing.assert_array_equal(trained.latents_from(normal), normal)
    np.testing.assert_array_equal(trained.normal_from(normal), normal)
    np.testing.assert_allclose(trained.decode(normal), trained.sample(4, seed=3), atol=1e-6)


@pytest.mark.parametrize("shape", slow_except([(48, 64, 3), (25, 18, 1), (5, 4, 2)], (25, 18, 1), (5, 4, 2)))
@pytest.mark.parametrize(
    "likelihood", slow_except(["bernoulli", "logistic_mixture", "color_logistic_mixture"], "color_logistic_mixture")
)
def test_pictures_of_any_size_are_encoded_decoded_and_sampled(shape, likelihood):
    vae = VAE(shape, 256, **{**OPTIONS, "likelihood": likelihood, "latent_groups": 2})
    images = pictures(2, shape)
    assert vae.encode(images).shape == (2, *vae.latent_shape)
    assert vae.sample(2).shape == vae.sample_pixels(2).shape == (2, *shape)
    assert np.isfinite(vae.log_prob(images)).all()


@pytest.mark.slow
def test_classes_change_latents_images_and_likelihood(tmp_path):
    keras.utils.set_random_seed(0)
    vae = VAE((9, 13, 3), 256, classes=("dark", "bright"), **OPTIONS)
    generator = np.random.default_rng(0)
    labels = np.arange(64) % 2
    images = (generator.integers(0, 60, (64, 9, 13, 3)) + 180 * labels[:, None, None, None]).astype(np.uint8)
    vae.compile(keras.optimizers.Adam(1e-2))
    vae.fit(images, labels, batch_size=16, epochs=30, verbose=0)
    dark, bright = (vae.sample(8, seed=1, label=label).numpy() for label in ("dark", "bright"))
    assert bright.mean() > dark.mean() + 0.3
    assert np.abs(vae.encode(images[:1], label=0) - vae.encode(images[:1], label=1)).max() > 1e-4
    np.testing.assert_array_equal(np.argmax(vae.class_log_posterior(images[:16]), axis=1), labels[:16])
    vae.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.sample(3, seed=2, label="bright"), vae.sample(3, seed=2, label="bright"))
    np.testing.assert_array_equal(loaded.encode(images[:3], label=1), vae.encode(images[:3], label=1))


def test_a_prior_flow_is_refused():
    with pytest.raises(ConfigError, match="prior: expected normal with --arch hierarchical"):
        VAEConfig(arch="hierarchical", prior="flow")


def test_points_are_refused_with_the_models_that_take_them():
    with pytest.raises(ConfigError, match=r"event_shape: expected pictures.*--model flow"):
        VAE((2,), None)
