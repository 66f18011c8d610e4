"""The terms of the VAE's objective and its likelihoods equal the equations of the papers."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen import random
from tfgen.errors import ConfigError
from tfgen.models import logistic_mixture, pixels
from tfgen.models.vae import VAE

tfd = tfp.distributions
LOG2 = math.log(2.0)


@pytest.fixture(scope="module")
def trained(digits):
    keras.utils.set_random_seed(1)
    vae = VAE((8, 8, 1), 17, hidden=(64,), latent_dim=4)
    vae.compile(keras.optimizers.Adam(3e-3))
    vae.fit(digits, batch_size=64, epochs=5, verbose=0)
    return vae


def test_the_kl_divergence_equals_the_closed_form_and_a_monte_carlo_estimate(trained, digits):
    with random.StepRng(0, 0) as rng:
        losses = trained.losses_of(digits[:5], rng)
        inferred = trained.infer(trained.features(trained.preprocess(digits[:5], rng)[0]), noise=0.0)
    mean, std = inferred.mean.numpy(), inferred.std.numpy()
    posterior = tfd.MultivariateNormalDiag(mean, std)
    closed = 0.5 * np.sum(std**2 + mean**2 - 1.0 - 2.0 * np.log(std), axis=1)
    np.testing.assert_allclose(losses["kl"], closed, rtol=1e-5)
    assert closed.min() > 0.05  # The KL divergence of a collapsed posterior is 0 in every formula.

    latent = posterior.sample(100_000, seed=3)
    estimates = (posterior.log_prob(latent) - trained.prior.log_prob(latent)).numpy()
    error = estimates.std(axis=0) / math.sqrt(len(estimates))
    assert np.all(np.abs(estimates.mean(axis=0) - closed) < 5 * error)


def test_the_kl_divergence_of_two_known_normal_distributions():
    # Two examples of the tutorial.
    standard = tfd.Normal(0.0, 1.0)
    assert float(tfd.kl_divergence(tfd.Normal(0.1, 1.0), standard)) == pytest.approx(0.005, abs=1e-6)
    assert float(tfd.kl_divergence(tfd.Normal(0.0, math.sqrt(10.0)), standard)) == pytest.approx(3.349, abs=1e-3)


def test_the_elbo_is_reconstruction_plus_kl_in_nats_and_in_bits_per_dim(trained, digits):
    with random.StepRng(0, 0) as rng:
        losses = trained.losses_of(digits[:7], rng)
    np.testing.assert_allclose(losses["loss"], losses["reconstruction"] + losses["kl"], rtol=1e-6)
    np.testing.assert_allclose(losses["bits_per_dim"], losses["loss"] / (64 * LOG2), rtol=1e-6)
    np.testing.assert_allclose(trained.log_prob(digits[:7]), -losses["loss"], rtol=1e-6)


def test_the_bernoulli_reconstruction_is_the_sum_of_the_pixels_log_probabilities(trained, digits):
    latent = tf.random.stateless_normal((6, 4), (1, 2))
    bits = pixels.binarize(pixels.unit_interval(digits[:6], 17), "threshold", random.StepRng(0, 0)).numpy()
    probability = trained.decode(latent).numpy().astype(np.float64)
    expected = np.sum(bits * np.log(probability) + (1 - bits) * np.log1p(-probability), axis=(1, 2, 3))
    np.testing.assert_allclose(trained.reconstruction_log_prob(latent, bits), expected, rtol=1e-4)


def test_the_importance_weighted_bound_rises_with_the_number_of_samples(trained, digits):
    bounds = [trained.bits_per_dim(digits[:200], samples=k, seed=k).mean for k in (1, 5, 50, 500)]
    assert bounds == sorted(bounds, reverse=True)
    assert bounds[0] - bounds[-1] > 0.005


class LinearGaussianVAE(VAE):
    """A VAE with p(z) = N(0, I) and p(x|z) = N(Wz + b, s² I), whose exact likelihood is N(b, W Wᵀ + s² I)."""

    scale = 0.7

    def preprocess(self, images, rng):
        return images, images

    def reconstruction_log_prob(self, latent, target, training=False):
        mean = self.decoder(latent)
        return tf.reduce_sum(tfd.Normal(mean, self.scale).log_prob(target), axis=(1, 2, 3))


def test_the_importance_weighted_bound_reaches_the_exact_likelihood_of_a_linear_gaussian_vae():
    vae = LinearGaussianVAE((2, 3, 1), 256, hidden=(), latent_dim=2)
    generator = np.random.default_rng(0)
    weight, bias = generator.normal(size=(2, 6)).astype("float32"), generator.normal(size=6).astype("float32")
    for variable, value in zip(vae.decoder.trainable_variables, (weight, bias), strict=True):
        variable.assign(value)
    covariance = weight.T @ weight + vae.scale**2 * np.eye(6)
    x = generator.multivariate_normal(bias, covariance, size=20).astype("float32")
    exact = tfd.MultivariateNormalFullCovariance(bias.astype("float64"), covariance).log_prob(x.astype("float64"))

    # The true posterior is N(S⁻¹ W (x − b) / s², S⁻¹) with S = I + W Wᵀ / s²; its diagonal part is a good proposal.
    precision = np.eye(2) + weight @ weight.T / vae.scale**2
    gain = np.linalg.solve(precision, weight / vae.scale**2)
    std = np.sqrt(np.diag(np.linalg.inv(precision)))
    kernel = np.concatenate([gain.T, np.zeros((6, 2))], axis=1)
    offset = np.concatenate([-gain @ bias, np.log(std)])
    for variable, value in zip(vae.encoder.trainable_variables, (kernel, offset), strict=True):
        variable.assign(value)

    images = x.reshape(-1, 2, 3, 1)
    # The numbers of this model are in no range, which `log_prob` would require.
    elbo = vae.log_prob_given(images, 1, 0, None).numpy()
    bound = vae.log_prob_given(images, 20_000, 5, None).numpy()
    assert elbo.mean() < exact.numpy().mean() - 0.01
    np.testing.assert_allclose(bound, exact, atol=0.05)


@pytest.mark.slow
def test_a_flow_prior_starts_as_the_normal_distribution_and_changes_in_training(digits):
    vae = VAE((8, 8, 1), 17, hidden=(32,), latent_dim=4, prior="flow", prior_couplings=3, prior_hidden=(16,))
    latent = tf.random.stateless_normal((9, 4), (1, 2))
    normal = tfd.MultivariateNormalDiag(tf.zeros(4), tf.ones(4))
    np.testing.assert_allclose(vae.prior.log_prob(tf.identity(latent)), normal.log_prob(latent), rtol=1e-5)
    vae.compile(keras.optimizers.Adam(1e-2))
    vae.fit(digits, batch_size=64, epochs=2, verbose=0)
    assert np.abs(vae.prior.log_prob(tf.identity(latent)) - normal.log_prob(latent)).max() > 0.01
    assert all(np.abs(network.layers[-1].kernel.numpy()).max() > 0 for network in vae.prior_networks)


def test_threshold_and_static_binarization_are_functions_of_the_image_and_dynamic_of_the_step(digits):
    unit = pixels.unit_interval(digits[:300], 17)
    rng = random.StepRng(0, 0)
    threshold = pixels.binarize(unit, "threshold", rng).numpy()
    np.testing.assert_array_equal(threshold, unit.numpy() > 0.5)
    static = [pixels.binarize(unit, "static", random.StepRng(seed, seed)).numpy() for seed in (0, 1)]
    np.testing.assert_array_equal(*static)  # not a function of the step
    np.testing.assert_array_equal(pixels.binarize(unit[7:9], "static", rng), static[0][7:9])
    dynamic = [pixels.binarize(unit, "dynamic", random.StepRng(0, step)).numpy() for step in (0, 1)]
    assert (dynamic[0] != dynamic[1]).mean() > 0.05
    for bits in (static[0], *dynamic):
        assert set(np.unique(bits)) == {0.0, 1.0}
        assert abs(bits.mean() - unit.numpy().mean()) < 0.01
        np.testing.assert_array_equal(bits[unit.numpy() == 0.0], 0.0)


def test_the_probabilities_of_the_logistic_mixture_over_all_levels_add_up_to_one():
    maps = 2.0 * tf.random.stateless_normal((1, 3, 2, 2 * 3 * 4), (5, 6))
    parameters = logistic_mixture.split_parameters(maps, mixtures=4, channels=2)
    total = np.zeros((3, 2, 2))
    for level in range(17):
        for y, x, c in np.ndindex(3, 2, 2):
            pixel = tuple(values[:, y : y + 1, x : x + 1, c : c + 1] for values in parameters)
            total[y, x, c] += np.exp(logistic_mixture.log_prob(pixel, tf.fill((1, 1, 1, 1), float(level)), 17)[0])
    np.testing.assert_allclose(total, 1.0, atol=1e-5)


def test_samples_of_the_logistic_mixture_have_its_probabilities():
    maps = tf.tile(2.0 * tf.random.stateless_normal((1, 1, 1, 3 * 3), (7, 6)), (40_000, 1, 1, 1))
    parameters = logistic_mixture.split_parameters(maps, mixtures=3, channels=1)
    uniform = tf.random.stateless_uniform((2, 40_000, 1, 1, 1), (1, 2), 1e-6)
    sampled = np.round(logistic_mixture.sample(parameters, uniform[0], uniform[1], 9).numpy().ravel() * 8)
    one = tuple(values[:9] for values in parameters)
    expected = np.exp(logistic_mixture.log_prob(one, tf.reshape(tf.range(9.0), (9, 1, 1, 1)), 9))
    np.testing.assert_allclose(np.bincount(sampled.astype(int), minlength=9) / 40_000, expected, atol=0.012)


def test_beta_warmup_and_free_bits_change_the_loss_but_not_the_metrics(digits):
    def losses(training, **options):
        keras.utils.set_random_seed(4)
        vae = VAE((8, 8, 1), 17, hidden=(16,), latent_dim=3, **options)
        vae.compile("sgd")
        with random.StepRng(0, 0) as rng:
            return {name: np.mean(value) for name, value in vae.losses_of(digits[:50], rng, training).items()}

    plain, double = losses(True), losses(True, beta=2.0)
    assert double["loss"] == pytest.approx(plain["reconstruction"] + 2 * plain["kl"], rel=1e-5)
    assert double["bits_per_dim"] == plain["bits_per_dim"]
    warming = losses(True, kl_warmup=10)
    assert warming["loss"] == pytest.approx(plain["reconstruction"] + 0.1 * plain["kl"], rel=1e-5)
    assert losses(False, kl_warmup=10)["loss"] == pytest.approx(plain["loss"], rel=1e-6)
    free = losses(True, free_bits=100.0)
    assert free["loss"] == pytest.approx(plain["reconstruction"] + 300.0, rel=1e-5)
    assert free["kl"] == plain["kl"]


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3), (8, 8, 1), (9, 13, 1)])
@pytest.mark.parametrize("blocks", [0, 1])
def test_convolutional_networks_encode_and_decode_images_of_any_size(shape, blocks):
    vae = VAE(shape, 256, arch="conv", filters=4, latent_dim=3, blocks=blocks, likelihood="logistic_mixture")
    images = np.random.default_rng(0).integers(0, 256, (2, *shape)).astype(np.uint8)
    assert vae.encode(images).shape == (2, 3)
    assert vae.sample(2).shape == (2, *shape)
    assert np.isfinite(vae.log_prob(images)).all()


def test_each_image_of_a_sample_is_a_function_of_its_seed(trained):
    together = trained.sample(5, seed=10).numpy()
    np.testing.assert_allclose(trained.sample(1, seed=13)[0], together[3], atol=1e-6)
    assert np.abs(together[0] - together[1]).max() > 0.01
    sampled = trained.sample_pixels(5, seed=10).numpy()
    assert set(np.unique(sampled)) <= {0.0, 1.0}
    np.testing.assert_array_equal(trained.sample_pixels(1, seed=13)[0], sampled[3])


def test_an_invalid_hyperparameter_raises_an_error_with_its_name():
    with pytest.raises(ConfigError, match=r"latnet_dim.*latent_dim"):
        VAE((8, 8, 1), 17, latnet_dim=3)
    with pytest.raises(ConfigError, match=r"beta.*at least 0"):
        VAE((8, 8, 1), 17, beta=-1.0)
    with pytest.raises(ConfigError, match=r"levels.*2 to 256"):
        VAE((8, 8, 1), 1000)
    with pytest.raises(ConfigError, match="event_shape"):
        VAE((8, 8), 17)


def test_collapsed_latent_dimensions_are_not_counted_as_active(digits):
    keras.utils.set_random_seed(0)
    vae = VAE((8, 8, 1), 17, hidden=(16,), latent_dim=4)
    kernel, bias = vae.encoder.trainable_variables[-2:]
    # The means of the dimensions 1 and 3 do not depend on the image. The last four outputs are log standard deviations.
    weights = np.tile(kernel.numpy(), 1)
    weights[:, [1, 3]] = 0.0
    kernel.assign(weights)
    bias.assign([0.0, 5.0, 0.0, -5.0, 0.0, 0.0, 0.0, 0.0])
    means = vae.encode(digits[:300]).numpy()
    assert means.var(axis=0)[[0, 2]].min() > 0.01
    assert vae.diagnostics(digits[:300]) == {"active_units": 2.0}


def test_the_width_of_the_posterior_is_bounded_and_the_kl_term_still_reduces_it(digits):
    vae = VAE((8, 8, 1), 17, hidden=(16,), latent_dim=3, likelihood="logistic_mixture", prior="flow", prior_hidden=(8,))
    last = vae.encoder.trainable_variables[-1]
    raw = np.zeros(6, np.float32)
    raw[3:] = 500.0  # exp(500) is infinite
    last.assign(raw)
    with random.StepRng(0, 0) as rng, tf.GradientTape() as tape:
        losses = vae.losses_of(digits[:32], rng)
        kl = tf.reduce_mean(losses["kl"])
    assert all(np.isfinite(values).all() for values in losses.values())
    inferred = vae.infer(vae.features(2.0 * digits[:4] / 16.0 - 1.0), noise=0.0)
    np.testing.assert_allclose(inferred.std, np.exp(2.0), rtol=1e-5)
    assert (tape.gradient(kl, last.value)[3:].numpy() > 0.0).all()
