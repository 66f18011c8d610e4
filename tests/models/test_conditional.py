"""Every family has a conditional model p(x|y), which fulfils the contract with labels."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import slow_except
from tfgen import random
from tfgen.data import load
from tfgen.errors import ConfigError
from tfgen.models import family

CLASSES = tuple("0123456789")
MODELS = {
    "vae-mlp": ("vae", {"hidden": (32,), "latent_dim": 4}),
    "vae-conv": ("vae", {"arch": "conv", "filters": 4, "latent_dim": 4, "likelihood": "logistic_mixture"}),
    "vae-flow-prior": ("vae", {"hidden": (32,), "latent_dim": 4, "prior": "flow", "prior_hidden": (8,)}),
    "vae-hierarchical": (
        "vae",
        {"arch": "hierarchical", "filters": 4, "latent_channels": 2, "likelihood": "color_logistic_mixture"},
    ),
    "gan-mlp": ("gan", {"generator_hidden": (16,), "discriminator_hidden": (16,)}),
    "gan-conv": ("gan", {"arch": "conv", "filters": 4, "loss": "relativistic", "r1": 0.1, "r2": 0.1}),
    "gan-dcgan": ("gan", {"arch": "dcgan", "filters": 4}),
    "flow": ("flow", {"width": 8, "checkerboard": 2, "squeeze": (2, 2), "couplings": (2, 2)}),
    "flow-autoregressive": (
        "flow",
        {"width": 8, "blocks": 1, "checkerboard": 0, "squeeze": (4,), "couplings": (0,), "autoregressive": True},
    ),
}


@pytest.fixture(scope="module")
def train():
    return load("digits").train


# `tests/models/flow/test_conditional_flow.py` has quicker flows.
@pytest.fixture(scope="module", params=slow_except(MODELS, "vae-mlp", "gan-mlp"))
def model(request, train):
    name, options = MODELS[request.param]
    keras.utils.set_random_seed(0)
    model = family(name)((8, 8, 1), 17, classes=CLASSES, class_frequencies=[2, *[1] * 9], ema=0.9, **options)
    model.initialize_from(train.images[:64], label=tf.constant(train.labels[:64], tf.int32))
    model.compile(keras.optimizers.Adam(3e-3), clip_norm=100.0)
    model.fit(train.images[:512], train.labels[:512], batch_size=64, epochs=2, verbose=0)
    return model


def likelihood_only(model):
    if not model.can("log_prob"):
        pytest.skip("this family has no likelihood")


def test_the_label_changes_the_sample_of_a_seed(model):
    three, five = (model.sample(4, seed=3, label=label).numpy() for label in (3, "5"))
    assert three.shape == (4, 8, 8, 1)
    assert np.abs(three - five).max() > 1e-4


def test_labels_may_be_given_one_by_one_or_in_turn(model):
    each = model.sample(12, seed=5, label="each").numpy()
    listed = model.sample(12, seed=5, label=[*range(10), 0, 1]).numpy()
    np.testing.assert_array_equal(each, listed)
    np.testing.assert_allclose(model.sample(1, seed=8, label=3), each[3:4], atol=1e-5)


def test_without_a_label_the_class_of_a_sample_is_drawn_from_its_seed(model):
    drawn = model.labels_from_seeds(random.seeds_from(20, 6))
    np.testing.assert_array_equal(model.sample(6, seed=20), model.sample(6, seed=20, label=drawn))
    np.testing.assert_allclose(model.sample(1, seed=22), model.sample(6, seed=20)[2:3], atol=1e-5)


def test_decoding_needs_a_label(model):
    latents = model.prior_latents(random.seeds_from(0, 3), label=1)
    with pytest.raises(ConfigError, match="label: expected"):
        model.decode(latents)
    np.testing.assert_allclose(model.decode(latents, label=1), model.sample(3, seed=0, label=1), atol=1e-5)


def test_an_unknown_class_is_refused(model):
    with pytest.raises(ConfigError, match="label: expected one of the classes"):
        model.sample(2, label="ten")


def test_normal_from_is_the_inverse_of_latents_from_given_the_label(model):
    normal = model.normal_noise(random.seeds_from(4, 20))
    label = tf.range(20) % 10
    found = model.normal_from(model.latents_from(normal, label=label), label=label)
    np.testing.assert_allclose(found, normal, atol=1e-4)


def test_encoding_and_decoding_take_the_label(model, train):
    if not model.can("encode"):
        pytest.skip("this family has no encoder")
    label = tf.constant(train.labels[:20], tf.int32)
    latents = model.encode(train.images[:20], label=label)
    assert latents.shape == (20, *model.latent_shape)
    assert np.isfinite(model.decode(latents, label=label)).all()
    assert np.abs(latents - model.encode(train.images[:20], label=(label + 1) % 10)).max() > 1e-4


def test_the_marginal_likelihood_is_the_mean_of_the_classes_likelihoods(model, train):
    likelihood_only(model)
    images = train.images[:12]
    given = np.stack([model.log_prob(images, label=k).numpy() for k in range(10)], axis=1).astype(np.float64)
    prior = np.array([2, *[1] * 9]) / 11
    expected = np.log(np.sum(np.exp(given - given.max(axis=1, keepdims=True)) * prior, axis=1)) + given.max(axis=1)
    np.testing.assert_allclose(model.log_prob(images), expected, rtol=1e-5, atol=1e-3)


def test_bayes_rule_gives_the_probability_of_each_class(model, train):
    likelihood_only(model)
    images = train.images[:12]
    posterior = np.exp(model.class_log_posterior(images).numpy())
    np.testing.assert_allclose(posterior.sum(axis=1), 1.0, atol=1e-5)
    ratio = model.log_prob(images, label=4) - model.log_prob(images, label=7)
    expected = np.log(posterior[:, 4]) - np.log(posterior[:, 7])
    kept = (posterior[:, 4] > 1e-6) & (posterior[:, 7] > 1e-6)
    np.testing.assert_allclose(ratio.numpy()[kept], expected[kept], rtol=1e-3, atol=5e-3)


def test_the_probability_of_a_class_is_a_mean_over_draws_of_the_noise(model, train):
    likelihood_only(model)
    images, label = train.images[:6], [tf.fill((6,), k) for k in range(10)]
    prior, posteriors = np.array([2, *[1] * 9]) / 11, []
    for draw in range(3):
        joint = []
        for k in range(10):
            with random.StepRng(5, draw) as rng:
                joint.append(model.log_prob_with(images, rng, label[k]).numpy().astype(np.float64) + np.log(prior[k]))
        joint = np.stack(joint, axis=1)
        posteriors.append(np.exp(joint - np.logaddexp.reduce(joint, axis=1)[:, None]))
    # The draws differ, so that their mean is not one of them.
    assert np.abs(posteriors[0] - posteriors[1]).max() > 1e-3
    found = np.exp(model.class_log_posterior(images, samples=3, seed=5).numpy())
    np.testing.assert_allclose(found, np.mean(posteriors, axis=0), atol=1e-3)


def test_training_without_labels_is_refused(model, train):
    with pytest.raises(ConfigError, match=r"expected pairs|Expected pairs"):
        model.train_step(train.images[:64])


def test_every_variable_gets_a_gradient(model, train):
    batch = (tf.constant(train.images[:64]), tf.constant(train.labels[:64], tf.int32))
    for optimizer_step in model.optimizer_steps():
        with random.StepRng(0, 7) as rng:
            _, gradients = optimizer_step.gradients(optimizer_step.select(batch), rng)
        for variable, gradient in zip(optimizer_step.variables, gradients, strict=True):
            assert np.abs(gradient.numpy()).max() > 0, variable.path


def test_a_saved_and_loaded_model_has_the_same_classes_and_samples(model, tmp_path):
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.classes == CLASSES
    assert loaded.class_frequencies == model.class_frequencies
    np.testing.assert_array_equal(loaded.sample(4, seed=9, label="7"), model.sample(4, seed=9, label="7"))


def test_two_densities_of_one_tensor_with_two_labels_are_not_mixed_up_by_a_cache(model, train):
    likelihood_only(model)
    images = tf.constant(train.images[:8])
    first, second, again = (model.log_prob(images, label=k).numpy() for k in (0, 1, 0))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - second).max() > 1e-4
