"""The likelihood of a set is computed batch by batch, and the baseline sees the pixels that the model observes."""

import numpy as np
import pytest

from tfgen.cli.train import main as train_main
from tfgen.errors import UndefinedError
from tfgen.evaluation.likelihood import baseline_bits_per_dim, evaluate_likelihood
from tfgen.evaluation.report import likelihood_summary
from tfgen.metrics.independent_pixels import independent_pixels_bits_per_dim
from tfgen.models.gan import GAN
from tfgen.models.vae import VAE
from tfgen.runs.evaluations import read_entries
from tfgen.runs.run import Run


@pytest.mark.parametrize("samples", [1, 3])
def test_a_set_is_evaluated_in_batches_with_seeds_of_their_own(digits, samples):
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


def test_the_baseline_of_binarized_pixels_is_that_of_the_binarization(digits):
    train, test = digits[:500], digits[500:700]
    models = {name: VAE((8, 8, 1), 17, hidden=(4,), latent_dim=2, binarize=name) for name in ("threshold", "dynamic")}
    bits = [(images > 8).astype(np.uint8) for images in (train, test)]
    assert baseline_bits_per_dim(models["threshold"], train, test) == independent_pixels_bits_per_dim(*bits, 2)
    generator = np.random.default_rng(0)
    drawn = [(16 * generator.random((50, *images.shape)) < images).astype(np.uint8) for images in (train, test)]
    means = [independent_pixels_bits_per_dim(first, second, 2) for first, second in zip(*drawn, strict=True)]
    assert baseline_bits_per_dim(models["dynamic"], train, test) == pytest.approx(np.mean(means), abs=2e-3)
    mixture = VAE((8, 8, 1), 17, hidden=(4,), latent_dim=2, likelihood="logistic_mixture", mixtures=2)
    assert baseline_bits_per_dim(mixture, train, test) == independent_pixels_bits_per_dim(train, test, 17)


@pytest.mark.slow
def test_a_single_test_image_has_a_likelihood_without_a_standard_error(tmp_path):
    """Twelve pictures of one's own leave one for the test."""
    images = np.random.default_rng(0).integers(0, 256, (12, 6, 6, 3), np.uint8)
    np.savez(tmp_path / "few.npz", images=images)
    options = "--model vae --preset quick --hidden 8 --epochs 1 --batch-size 4"
    train_main([*options.split(), "--data", str(tmp_path / "few.npz"), "--run", str(tmp_path / "run")])
    (entry,) = read_entries(Run.open(tmp_path / "run"))["likelihood"]
    assert entry.examples == 1
    assert np.isfinite(entry.bits_per_dim)
    assert entry.bits_per_dim_standard_error is None
    assert "±" in likelihood_summary(entry)
