"""The yardstick is the published one, and a set's likelihood is the mean over its pictures."""

import os

import numpy as np
import pytest

from tfgen.errors import UndefinedError
from tfgen.evaluation.likelihood import evaluate_likelihood, pixel_marginal_bits
from tfgen.models.gan import GAN
from tfgen.models.vae import VAE


def test_pixel_marginals_of_known_distributions():
    generator = np.random.default_rng(0)
    noise = generator.integers(0, 8, (20_000, 2, 2, 1)).astype(np.uint8)
    assert pixel_marginal_bits(noise[:10_000], noise[10_000:], 8) == pytest.approx(3.0, abs=0.01)
    biased = (generator.random((20_000, 2, 2, 1)) < 0.11).astype(np.uint8)
    entropy = -(0.11 * np.log2(0.11) + 0.89 * np.log2(0.89))
    assert pixel_marginal_bits(biased[:10_000], biased[10_000:], 2) == pytest.approx(entropy, abs=0.01)


def test_a_level_that_training_never_saw_costs_bits_but_not_infinitely_many():
    train = np.zeros((10, 1, 1, 1), np.uint8)
    assert pixel_marginal_bits(train, train + 3, 4) == pytest.approx(np.log2(14))


@pytest.mark.skipif("TFGEN_DATA" not in os.environ, reason="needs the MNIST files")
def test_mnist_yardsticks_are_the_published_ones():
    from tfgen.data import load

    mnist = load("mnist", train_size=60_000, validation_size=0)
    train, test = mnist.train.examples, mnist.test.examples
    assert pixel_marginal_bits(train, test, 256) == pytest.approx(1.690, abs=2e-3)
    bits = [(images > 127).astype(np.uint8) for images in (train, test)]
    assert pixel_marginal_bits(*bits, 2) == pytest.approx(0.3788, abs=5e-4)


@pytest.mark.parametrize("samples", [1, 3])
def test_a_set_in_batches(digits, samples):
    vae = VAE((8, 8, 1), 17, hidden=(16,), latent_dim=2)
    found = evaluate_likelihood(vae, digits[:25], samples=samples, batch_size=10)
    assert len(found.nats) == 25
    assert found.samples == samples
    assert found.estimator == vae.estimator(samples)
    direct = vae.log_prob(digits[10:20], samples=samples, seed=1)
    np.testing.assert_allclose(found.nats[10:20], direct, rtol=1e-4)


def test_a_model_without_likelihood_is_refused(digits):
    with pytest.raises(UndefinedError, match="GAN"):
        evaluate_likelihood(GAN((8, 8, 1), 17), digits[:5])
