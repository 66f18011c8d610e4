"""Independent pixels: known entropies, and the published values on MNIST."""

import os

import numpy as np
import pytest

from tfgen.data.stored import StoredImages
from tfgen.metrics import independent_pixels
from tfgen.metrics.independent_pixels import independent_pixels_bits_per_dim


def test_the_entropy_of_known_distributions():
    generator = np.random.default_rng(0)
    noise = generator.integers(0, 8, (20_000, 2, 2, 1)).astype(np.uint8)
    assert independent_pixels_bits_per_dim(noise[:10_000], noise[10_000:], 8) == pytest.approx(3.0, abs=0.01)
    biased = (generator.random((20_000, 2, 2, 1)) < 0.11).astype(np.uint8)
    entropy = -(0.11 * np.log2(0.11) + 0.89 * np.log2(0.89))
    assert independent_pixels_bits_per_dim(biased[:10_000], biased[10_000:], 2) == pytest.approx(entropy, abs=0.01)


def test_a_level_that_no_training_image_has_costs_a_finite_number_of_bits():
    train = np.zeros((10, 1, 1, 1), np.uint8)
    assert independent_pixels_bits_per_dim(train, train + 3, 4) == pytest.approx(np.log2(14))


def test_images_in_a_file_have_the_same_value_as_in_memory(tmp_path, monkeypatch):
    images = np.random.default_rng(0).integers(0, 256, (60, 3, 2, 3)).astype(np.uint8)
    np.save(tmp_path / "images.npy", images)
    stored = StoredImages.from_npy(tmp_path / "images.npy")
    monkeypatch.setattr(independent_pixels, "PART", 7)
    for measure in (
        independent_pixels.independent_pixels_bits_per_dim,
        independent_pixels.independent_bernoulli_bits_per_dim,
    ):
        expected = measure(images[:40], images[40:], 256)
        assert measure(stored.view(slice(40)), stored.view(slice(40, None)), 256) == pytest.approx(expected)


@pytest.mark.skipif("TFGEN_DATA" not in os.environ, reason="needs the MNIST files")
def test_the_values_on_mnist_are_the_published_ones():
    from tfgen.data import load

    mnist = load("mnist", train_size=60_000, validation_size=0)
    train, test = mnist.train.examples, mnist.test.examples
    assert independent_pixels_bits_per_dim(train, test, 256) == pytest.approx(1.690, abs=2e-3)
    bits = [(images > 127).astype(np.uint8) for images in (train, test)]
    assert independent_pixels_bits_per_dim(*bits, 2) == pytest.approx(0.3788, abs=5e-4)
