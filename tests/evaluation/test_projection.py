"""A projection finds the latents of pictures that a GAN can draw, without an encoder."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import slow_except
from tfgen.errors import ConfigError, UndefinedError
from tfgen.evaluation import projection
from tfgen.evaluation.projection import can_project, project, search, shell_penalty
from tfgen.models import family

GANS = ["gan", "gan-dcgan", "dropout-gan", "mad-gan"]
#: Seeds of pictures to search for. The search itself uses the seeds from 0.
OWN = 100_000


@pytest.fixture(scope="module")
def pretrained():
    from tfgen.runs import Run

    return Run.open("digits-gan").load_model()


def test_a_picture_that_the_gan_drew_is_found_and_no_random_picture_comes_as_near(pretrained):
    pictures = pretrained.sample(6, seed=OWN).numpy()
    first, *_, last = search(pretrained, pictures, steps=150)
    assert (first.distances > 0.05).all()
    assert (last.distances < 0.02).all()
    np.testing.assert_allclose(last.images, pretrained.decode(last.latents), atol=1e-5)
    np.testing.assert_allclose(last.errors, np.sqrt(((last.images - pictures) ** 2).mean(axis=(1, 2, 3))), atol=1e-6)


@pytest.mark.parametrize("name", slow_except(GANS, "gan"))
def test_every_gan_is_searched_and_comes_nearer_than_the_random_latents(tiny_models, name):
    model = tiny_models(name)
    pictures = model.sample(3, seed=OWN).numpy()
    first, *_, last = search(model, pictures, steps=60)
    assert last.latents.shape == (3, *model.latent_shape)
    assert last.distances.mean() < 0.5 * first.distances.mean()
    assert (first.step, last.step, last.steps) == (0, 60, 60)


def test_each_generator_of_a_mad_gan_has_an_equal_share_of_the_random_latents(tiny_models):
    model = tiny_models("mad-gan")
    latents = model.stratified_latents(tf.range(40)).numpy()
    np.testing.assert_array_equal(latents[:, 4:].argmax(axis=1), np.arange(40) % 4)
    drawn = model.normal_noise(tf.range(40)).numpy()
    np.testing.assert_array_equal(latents[:, :4], drawn[:, :4])
    np.testing.assert_array_equal(np.sort(latents[:, 4:], axis=1), np.sort(drawn[:, 4:], axis=1))


@pytest.mark.slow
def test_a_picture_of_one_generator_is_found_with_that_generator(tiny_models):
    model = tiny_models("mad-gan")
    latents = tf.random.stateless_normal((4, 8), (3, 4))
    for generator in range(4):
        pictures = model.decode(latents, generator=generator).numpy()
        found = project(model, pictures, steps=60)
        assert (found.latents[:, 4:].argmax(axis=1) == generator).mean() >= 0.5


def test_a_class_is_kept_if_it_is_given_and_found_if_it_is_not():
    # The search can end in a local minimum of some random networks.
    keras.utils.set_random_seed(0)
    model = family("gan")(
        (8, 8, 1), 17, classes=("a", "b", "c"), generator_hidden=(16,), discriminator_hidden=(16,), latent_dim=4
    )
    labels = np.array([2, 0, 2, 1], np.int32)
    pictures = model.sample(4, seed=OWN, label=labels).numpy()
    given = project(model, pictures, labels, steps=80)
    np.testing.assert_array_equal(given.labels, labels)
    assert (given.distances < 0.1).all()
    np.testing.assert_allclose(given.images, model.decode(given.latents, label=labels), atol=1e-5)
    # The order of the pictures does not matter.
    turned = project(model, pictures[::-1], labels[::-1], steps=80)
    np.testing.assert_allclose(turned.images[::-1], given.images, atol=1e-3)
    free = project(model, pictures, steps=80)
    assert (free.distances < 0.1).all()
    np.testing.assert_allclose(free.images, model.decode(free.latents, label=free.labels), atol=1e-5)


def test_a_seed_gives_the_same_latents_again_and_rows_do_not_depend_on_each_other(pretrained, digits):
    def latents(images, seed):
        return project(pretrained, images, steps=20, seed=seed).latents

    found = latents(digits[:3], 5)
    np.testing.assert_array_equal(found, latents(digits[:3], 5))
    np.testing.assert_allclose(found[1:2], latents(digits[1:2], 5), atol=1e-3)
    # The random latents are those of the seeds from the given one, so nearby seeds have many of them in common.
    assert not np.allclose(found, latents(digits[:3], 10_000), atol=1e-2)


def test_integers_and_fractions_of_the_same_picture_have_the_same_latent(tiny_models, digits):
    model = tiny_models("gan")
    whole, fraction = (project(model, images, steps=10) for images in (digits[:2], digits[:2] / np.float32(16)))
    np.testing.assert_array_equal(whole.latents, fraction.latents)


def test_the_penalty_is_0_on_the_shell_of_the_prior_and_grows_on_both_sides():
    radii = np.float32([[0.5], [1.0], [2.0]]) * np.sqrt(np.float32(15))
    direction = np.ones((1, 16), np.float32) / 4
    inside, on, outside = shell_penalty(tf.constant(radii * direction)).numpy()
    assert abs(on) < 1e-6 and inside > 0.1 and outside > 0.1
    # Up to a constant it is the negative logarithm of the χ density of the norm, for each dimension.
    from scipy.stats import chi

    densities = -chi(16).logpdf(radii[:, 0]) / 16
    np.testing.assert_allclose([inside - on, outside - on], densities[[0, 2]] - densities[1], atol=1e-5)
    np.testing.assert_allclose(shell_penalty(tf.constant([[0.0], [2.0]])), [0.0, 2.0], atol=1e-6)


@pytest.mark.slow
def test_the_penalty_keeps_the_latents_near_the_shell(pretrained, digits, monkeypatch):
    size = np.sqrt(pretrained.config.latent_dim)

    def farthest():
        norms = np.linalg.norm(project(pretrained, digits[:8], steps=100).latents, axis=1)
        return np.abs(norms / size - 1.0).max()

    kept = farthest()
    monkeypatch.setattr(projection, "SHELL_WEIGHT", 0.0)
    assert kept < 0.35 and kept < farthest()


@pytest.mark.slow
def test_features_of_a_classifier_are_compared_too(pretrained, digits):
    from tfgen.evaluation.find_classifier import classifier_for

    classifier = classifier_for("digits", (8, 8, 1), 17)
    plain, guided = (project(pretrained, digits[:8], classifier=each, steps=60) for each in (None, classifier))

    def differences(found):
        features = [classifier.classify(images).features for images in (digits[:8], found.images)]
        return np.mean((features[0] - features[1]) ** 2)

    assert differences(guided) < differences(plain)


def test_states_come_every_few_steps_and_progress_is_reported(tiny_models, digits):
    model = tiny_models("gan")
    assert [found.step for found in search(model, digits[:1], steps=25, every=10)] == [0, 10, 20, 25]
    done: list[int] = []
    project(model, digits[:1], steps=15, progress=done.append)
    assert done == [0, 10, 15]


def test_models_with_an_encoder_and_of_points_are_refused(tiny_models, digits):
    assert can_project(tiny_models("gan")) and not can_project(tiny_models("flow"))
    assert not can_project(family("gan")((2,), generator_hidden=(8,), discriminator_hidden=(8,)))
    with pytest.raises(UndefinedError, match="Received: one with an encoder"):
        project(tiny_models("flow"), digits[:1])
    with pytest.raises(ConfigError, match=r"steps: expected at least 1\. Received: 0"):
        project(tiny_models("gan"), digits[:1], steps=0)
