"""Operations are counted as the formulas of matrix products and convolutions say."""

import itertools

import keras
import pytest

from tfgen.evaluation.cost import BATCH, evaluate_cost, sampling_seconds, training_bytes, training_flops
from tfgen.models.gan import GAN
from tfgen.models.vae import VAE

N = 32


def products(*sizes):
    """Multiplications of one example's way through dense layers of these sizes."""
    return sum(a * b for a, b in itertools.pairwise(sizes))


def test_the_products_of_a_vae_of_dense_layers():
    model = VAE((8, 8, 1), 17, hidden=(256,), latent_dim=4, likelihood="bernoulli")
    layers = products(64, 256, 8) + products(4, 256, 64)
    # Each layer is multiplied forward, back to its weights, and, but for the first, back to its inputs.
    expected = 2 * (3 * layers - products(64, 256))
    found = training_flops(model, N)
    # The rest are additions, activations and the likelihood.
    assert expected < found < 1.1 * expected


def test_both_descents_of_a_gan_are_counted():
    model = GAN((8, 8, 1), 17, generator_hidden=(512,), discriminator_hidden=(512,), latent_dim=16)
    generator, discriminator, first = products(16, 512, 64), products(64, 512, 1), products(64, 512)
    on_discriminator = generator + 2 * (3 * discriminator - first)
    # Back through the discriminator to its inputs, but not to its weights; and through the generator to its weights.
    on_generator = 2 * discriminator + 3 * generator - products(16, 512)
    expected = 2 * (on_discriminator + on_generator)
    assert expected < training_flops(model, N) < 1.05 * expected


def test_a_convolution_costs_its_filters_times_its_places():
    def flops(filters):
        return training_flops(VAE((28, 28, 1), 256, arch="conv", filters=filters, latent_dim=2), 4)

    # Between layers of f filters, work is quadratic in f; at the picture and the latent it is linear.
    assert 3.9 < (flops(32) - flops(16)) / (flops(16) - flops(8)) < 4.0
    # The first convolution of 3×3 from 1 channel, at 14×14 places, is seen in both directions.
    assert flops(16) > 2 * 2 * 14 * 14 * 9 * 16


def test_counting_does_not_depend_on_the_batch_or_on_training(tiny_models):
    model = VAE((8, 8, 1), 17, hidden=(64,), latent_dim=4)
    alone = training_flops(model, N)
    model.compile(keras.optimizers.Adam(1e-3))
    assert training_flops(model, 2 * N) == pytest.approx(alone, rel=0.02)


def test_bytes_are_those_of_activations_and_of_gradients():
    def written(batch, units):
        return batch * training_bytes(VAE((8, 8, 1), 17, hidden=(units,), latent_dim=4, likelihood="bernoulli"), batch)

    # Twice as many units are so many weights more, each with a gradient of four bytes,
    gradients = 4 * 256 * (64 + 8 + 4 + 64)
    # and so many activations of encoder and decoder: at least the product, the bias, the activation and the way back.
    activations = 4 * N * 2 * 256 * 4
    more = written(N, 512) - written(N, 256)
    assert gradients + activations < more < 1.3 * (gradients + 1.5 * activations)
    # The gradients do not grow with the batch.
    assert written(2 * N, 512) < 1.9 * written(N, 512)


@pytest.mark.parametrize("name", ["vae-conv", "gan", "flow", "points"])
def test_every_family_has_a_cost(tiny_models, name):
    model = tiny_models(name)
    before = [weights.copy() for weights in model.get_weights()]
    found = evaluate_cost(model, 64)
    assert found["weights"] == sum(variable.shape.num_elements() for variable in model.trainable_variables)
    assert found["training_flops_per_example"] > found["weights"] / 2
    assert 0 < found["sampling_seconds_per_example"] < 1
    assert found["sampling_batch"] == BATCH
    assert found["machine"]["cores"] >= 1
    assert all((old == new).all() for old, new in zip(before, model.get_weights(), strict=True))


class Counting:
    def __init__(self):
        self.asked = []

    def sample(self, n, seed):
        import tensorflow as tf

        self.asked.append((n, seed))
        return tf.zeros(n)


def test_no_two_calls_draw_the_same_pictures():
    model = Counting()
    assert sampling_seconds(model, batch=8, repeats=3) > 0  # type: ignore[arg-type]
    assert model.asked == [(8, 0), (8, 8), (8, 16), (8, 24)]
