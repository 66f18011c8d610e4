"""Conditional GANs: a projection discriminator and a generator with an embedding, for every kind of networks."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import slow_except
from tfgen import random
from tfgen.errors import ConfigError
from tfgen.models.gan import GAN, MADGAN, DropoutGAN

CLASSES = ("a", "b", "c")
MODELS = {
    "mlp": (GAN, {"generator_hidden": (16,), "discriminator_hidden": (16,), "generator_dropout": 0.1}),
    "conv": (GAN, {"arch": "conv", "filters": 4}),
    "dcgan": (GAN, {"arch": "dcgan", "filters": 4, "spectral_norm": True, "loss": "hinge"}),
    "residual": (GAN, {"arch": "residual", "filters": 4, "loss": "relativistic", "r1": 0.1, "r2": 0.1}),
    "packing": (GAN, {"generator_hidden": (16,), "discriminator_hidden": (16,), "packing": 2, "loss": "wgan-gp"}),
    "steps": (GAN, {"generator_hidden": (16,), "discriminator_hidden": (16,), "discriminator_steps": 2}),
    "dropout-gan": (DropoutGAN, {"generator_hidden": (16,), "discriminator_hidden": (16,), "discriminators": 2}),
}


def build(name: str) -> GAN:
    kind, options = MODELS[name]
    keras.utils.set_random_seed(0)
    gan = kind((8, 8, 1), 17, classes=CLASSES, ema=0.9, latent_dim=4, **options)
    gan.compile(keras.optimizers.Adam(1e-3))
    return gan


@pytest.fixture(scope="module", params=slow_except(MODELS, "mlp"))
def gan(request, digits):
    model = build(request.param)
    model.fit(digits[:64], np.arange(64) % 3, batch_size=32, epochs=1, verbose=0)
    return model


def test_training_changes_every_trainable_variable(gan, digits):
    before = [variable.numpy() for variable in gan.trainable_variables]
    for _ in range(2):
        gan.train_step((tf.constant(digits[:64]), tf.range(64) % 3))
    same = [v.path for v, old in zip(gan.trainable_variables, before, strict=True) if np.array_equal(v.numpy(), old)]
    # A batch may drop all but one of the discriminators of a Dropout-GAN from the generator's loss only.
    assert not same


def test_an_example_depends_on_its_label(gan):
    latent = gan.prior_latents(random.seeds_from(0, 3))
    first, second = (gan.decode(latent, label).numpy() for label in ("a", "c"))
    assert first.shape == (3, 8, 8, 1)
    assert np.abs(first - second).max() > 1e-3
    np.testing.assert_allclose(gan.decode(latent, ["a", "c", "c"])[1], second[1], atol=1e-6)


def test_sample_decodes_the_latents_of_its_seeds_with_the_labels(gan):
    latent = gan.prior_latents(random.seeds_from(4, 5))
    np.testing.assert_allclose(gan.sample(5, seed=4, label="each"), gan.decode(latent, [0, 1, 2, 0, 1]), atol=1e-5)
    drawn = gan.labels_from_seeds(random.seeds_from(4, 5))
    np.testing.assert_allclose(gan.sample(5, seed=4), gan.decode(latent, drawn), atol=1e-5)


def test_a_saved_and_loaded_model_has_the_same_classes_and_samples(gan, tmp_path):
    gan.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.classes == CLASSES
    np.testing.assert_array_equal(loaded.sample(4, label="each"), gan.sample(4, label="each"))


def test_diagnostics_need_labels(gan, digits):
    found = gan.diagnostics(digits[:10], np.arange(10) % 3)
    assert np.isfinite(list(found.values())).all()
    with pytest.raises(ConfigError, match="label: expected one of the classes"):
        gan.diagnostics(digits[:10])


@pytest.mark.parametrize("name", ["mlp", "dcgan", "residual"])
def test_the_logit_is_that_of_the_features_plus_their_product_with_the_class_s_vector(name, digits):
    network = build(name).discriminator
    last, embedding = network.get_layer("last"), network.get_layer("embedding")
    images = tf.constant(digits[:5], tf.float32) / 8.0 - 1.0
    one_hot = tf.one_hot([0, 1, 2, 1, 0], 3)
    product = next(layer for layer in network.layers if isinstance(layer, keras.layers.Dot))
    features = keras.Model(network.inputs[0], product.input[0])(images).numpy()
    vectors = embedding.kernel.numpy()
    expected = features @ last.kernel.numpy()[:, 0] + np.sum(features * vectors[[0, 1, 2, 1, 0]], axis=1)
    if last.use_bias:
        expected += last.bias.numpy()
    np.testing.assert_allclose(network([images, one_hot])[:, 0], expected, rtol=1e-4, atol=1e-5)


def test_real_and_fake_in_a_row_have_the_same_label(digits):
    gan, seen = build("residual"), []
    original = gan.logits_of
    gan.logits_of = lambda d, x, training, one_hot=None: seen.append(one_hot) or original(d, x, training, one_hot)
    with random.StepRng(0, 0) as rng:
        gan.losses_of(tf.constant(digits[:6]), rng, label=tf.constant([0, 1, 2, 2, 1, 0]))
    assert len(seen) == 4
    for one_hot in seen:
        np.testing.assert_array_equal(np.argmax(one_hot, axis=1), [0, 1, 2, 2, 1, 0])


def test_a_pack_is_classified_with_the_labels_of_all_its_examples(digits):
    network = build("packing").discriminator
    assert [tuple(i.shape) for i in network.inputs] == [(None, 8, 8, 2), (None, 6)]


@pytest.mark.slow
def test_a_conditional_gan_learns_which_class_is_where():
    generator = np.random.default_rng(0)
    label = generator.integers(2, size=1024)
    points = (np.where(label, 2.0, -2.0)[:, None] + 0.1 * generator.standard_normal((1024, 2))).astype(np.float32)
    keras.utils.set_random_seed(0)
    options = {"generator_hidden": (32,), "discriminator_hidden": (32,), "discriminator_dropout": 0.0, "r1": 0.1}
    gan = GAN((2,), None, classes=("left", "right"), latent_dim=4, **options)
    gan.compile(keras.optimizers.Adam(3e-3, beta_1=0.5))
    gan.fit(points, label, batch_size=128, epochs=25, verbose=0)
    assert gan.sample(200, label="left").numpy()[:, 0].mean() < -1.5
    assert gan.sample(200, label="right").numpy()[:, 0].mean() > 1.5


def test_a_mad_gan_refuses_classes_in_a_sentence():
    with pytest.raises(ConfigError, match="classes: expected none for a MAD-GAN"):
        MADGAN((8, 8, 1), 17, classes=CLASSES)


def test_a_model_without_labels_has_one_input():
    gan = GAN((8, 8, 1), 17, arch="residual", filters=4)
    assert len(gan.generator.inputs) == len(gan.discriminator.inputs) == 1
    with pytest.raises(ConfigError, match="the model has no classes"):
        gan.decode(np.zeros((1, 32), np.float32), 0)
