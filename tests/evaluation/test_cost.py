"""Operations are counted according to the formulas of matrix products and convolutions."""

import functools
import itertools

import keras
import pytest

from tests.conftest import slow_except
from tfgen.evaluation.cost import BATCH, evaluate_cost, sampling_seconds, training_bytes, training_flops
from tfgen.models.gan import GAN
from tfgen.models.vae import VAE
from tfgen.networks.fused import SMALLEST_COMPILED

N = 32


def products(*sizes):
    """Number of multiplications when one example passes dense layers of these sizes."""
    return sum(a * b for a, b in itertools.pairwise(sizes))


def test_the_products_of_a_vae_of_dense_layers():
    model = VAE((8, 8, 1), 17, hidden=(256,), latent_dim=4, likelihood="bernoulli")
    layers = products(64, 256, 8) + products(4, 256, 64)
    # A layer has one product forward, one for the gradient of its weights, and, except for the first layer, one for
    # the gradient of its inputs.
    expected = 2 * (3 * layers - products(64, 256))
    found = training_flops(model, N)
    # Additions, activations and the likelihood add a little.
    assert expected < found < 1.1 * expected


@pytest.mark.slow
def test_both_optimizer_steps_of_a_gan_are_counted():
    model = GAN((8, 8, 1), 17, generator_hidden=(512,), discriminator_hidden=(512,), latent_dim=16)
    generator, discriminator, first = products(16, 512, 64), products(64, 512, 1), products(64, 512)
    on_discriminator = generator + 2 * (3 * discriminator - first)
    # Gradients of the discriminator's inputs but not of its weights, and gradients of the generator's weights.
    on_generator = 2 * discriminator + 3 * generator - products(16, 512)
    expected = 2 * (on_discriminator + on_generator)
    assert expected < training_flops(model, N) < 1.05 * expected


@pytest.mark.slow
def test_a_convolution_costs_filters_times_positions():
    @functools.cache
    def flops(filters):
        return training_flops(VAE((28, 28, 1), 256, arch="conv", filters=filters, latent_dim=2), 4)

    # The work between two layers of f filters is quadratic in f, at the image and the latent it is linear in f.
    assert 3.9 < (flops(32) - flops(16)) / (flops(16) - flops(8)) < 4.0
    # The first 3×3 convolution of 1 channel at 14×14 positions is counted forward and backward.
    assert flops(16) > 2 * 2 * 14 * 14 * 9 * 16


def test_counting_does_not_depend_on_the_batch_or_on_training(tiny_models):
    model = VAE((8, 8, 1), 17, hidden=(64,), latent_dim=4)
    alone = training_flops(model, N)
    model.compile(keras.optimizers.Adam(1e-3))
    assert training_flops(model, 2 * N) == pytest.approx(alone, rel=0.02)


def test_convolutions_after_compiled_activations_are_counted():
    model = VAE((28, 28, 1), 256, arch="conv", filters=8, latent_dim=2, likelihood="bernoulli", activation="gelu")
    few, many = 4, 256
    # XLA compiles the activations of the large batch only.
    assert few * 14 * 14 * 8 < SMALLEST_COMPILED < many * 14 * 14 * 8
    assert training_flops(model, many) == pytest.approx(training_flops(model, few), rel=0.05)
    assert 0.3 < training_bytes(model, many) / training_bytes(model, few) < 1.0


def test_bytes_are_those_of_activations_and_of_gradients():
    @functools.cache
    def written(batch, units):
        return batch * training_bytes(VAE((8, 8, 1), 17, hidden=(units,), latent_dim=4, likelihood="bernoulli"), batch)

    # Twice as many units have this many more weights, each with a gradient of four bytes,
    gradients = 4 * 256 * (64 + 8 + 4 + 64)
    # and this many more activations in encoder and decoder: product, bias, activation and gradient at least.
    activations = 4 * N * 2 * 256 * 4
    more = written(N, 512) - written(N, 256)
    assert gradients + activations < more < 1.3 * (gradients + 1.5 * activations)
    # The gradients do not grow with the batch.
    assert written(2 * N, 512) < 1.9 * written(N, 512)


@pytest.mark.parametrize("name", slow_except(["vae-conv", "gan", "flow", "points"], "points"))
def test_every_family_has_a_cost(tiny_models, name):
    model = tiny_models(name)
    before = [weights.copy() for weights in model.get_weights()]
    found = evaluate_cost(model, 64)
    assert found.weights == sum(variable.shape.num_elements() for variable in model.trainable_variables)
    assert found.training_flops_per_example > found.weights / 2
    assert 0 < found.sampling_seconds_per_example < 1
    assert found.sampling_batch == BATCH
    assert found.machine.cores >= 1
    assert all((old == new).all() for old, new in zip(before, model.get_weights(), strict=True))


class RecordingModel:
    """A model that records the calls of `sample`."""

    def __init__(self):
        self.calls = []

    def sample(self, n, seed):
        import tensorflow as tf

        self.calls.append((n, seed))
        return tf.zeros(n)


def test_every_timed_call_draws_other_samples():
    model = RecordingModel()
    assert sampling_seconds(model, batch=8, repeats=3) > 0  # type: ignore[arg-type]
    assert model.calls == [(8, 0), (8, 8), (8, 16), (8, 24)]
