"""The GAN trains both networks by the losses of the papers."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen import random
from tfgen.errors import UndefinedError
from tfgen.models.gan import GAN
from tfgen.models.gan.penalties import interpolate, with_gradient_norm
from tfgen.models.gan.schedule import SlowedSchedule
from tfgen.networks import SpectralNormalization

SMALL = {"generator_hidden": (16,), "discriminator_hidden": (16,), "latent_dim": 4}


def small_gan(**options) -> GAN:
    keras.utils.set_random_seed(3)
    gan = GAN((8, 8, 1), 17, **{**SMALL, **options})
    gan.compile(keras.optimizers.SGD(0.1))
    return gan


def test_a_training_step_updates_each_network_by_the_gradient_of_its_own_loss(digits):
    gan = small_gan(discriminator_dropout=0.0)
    before = {
        name: [v.numpy() for v in getattr(gan, name).trainable_variables] for name in ("generator", "discriminator")
    }
    images = tf.constant(digits[:32])
    with random.StepRng(gan.seed, 0) as rng, tf.GradientTape() as tape:
        loss = tf.reduce_mean(gan.losses_of(images, rng, training=True)["discriminator_loss"])
    expected = tape.gradient(loss, [v.value for v in gan.discriminator.trainable_variables])
    gan.train_step((images,))
    for variable, old, gradient in zip(
        gan.discriminator.trainable_variables, before["discriminator"], expected, strict=True
    ):
        np.testing.assert_allclose(variable.numpy(), old - 0.1 * gradient.numpy(), atol=1e-6)
    for variable, old in zip(gan.generator.trainable_variables, before["generator"], strict=True):
        assert np.abs(variable.numpy() - old).max() > 0


PENALIZED = {
    "r1": {"r1": 3.0},
    "r1 and r2, relativistic": {"r1": 3.0, "r2": 5.0, "loss": "relativistic"},
    "wgan-gp": {"loss": "wgan-gp", "gradient_penalty": 7.0},
}


def linear_gan(**options) -> tuple[GAN, np.ndarray]:
    """A GAN of points with a linear discriminator, whose gradient at each example of a pack is [3, −4] with norm 5."""
    gan = GAN((2,), None, **{**SMALL, "discriminator_hidden": (), **options})
    weights = np.tile([[3.0], [-4.0]], (gan.packing, 1)).astype(np.float32)
    gan.discriminator.set_weights([weights, np.float32([0.5])][: len(gan.discriminator.weights)])
    return gan, weights[:, 0]


@pytest.mark.parametrize("packing", [1, 2])
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"r1": 3.0}, 0.5 * 3.0 * 25.0),
        ({"r2": 5.0}, 0.5 * 5.0 * 25.0),
        ({"r1": 3.0, "r2": 5.0, "loss": "relativistic"}, 0.5 * 8.0 * 25.0),
        ({"loss": "wgan-gp", "gradient_penalty": 7.0}, 7.0 * 16.0),
    ],
)
def test_penalties_of_a_linear_discriminator_equal_the_formulas(options, expected, packing):
    gan, _ = linear_gan(packing=packing, **options)
    if packing == 2:  # The gradient of a pack has the norm √2 · 5.
        expected = 7.0 * (np.sqrt(50.0) - 1.0) ** 2 if "loss" in options and "r1" not in options else 2 * expected
    points = np.random.default_rng(0).standard_normal((6, 2)).astype(np.float32)
    with random.StepRng(0, 0) as rng:
        found = gan.losses_of(points, rng)
    np.testing.assert_allclose(found["penalty"], np.full(6, expected), rtol=1e-5)
    np.testing.assert_allclose(
        found["discriminator_objective"], found["discriminator_loss"] + found["penalty"], rtol=1e-6
    )
    assert "penalty" in gan.loss_names


def test_the_metrics_have_no_penalty_if_none_is_configured():
    assert GAN((2,), None, **SMALL).loss_names == (
        "generator_loss",
        "discriminator_loss",
        "real_accuracy",
        "fake_accuracy",
    )


def test_the_relativistic_losses_pair_each_real_example_with_one_fake():
    gan, weights = linear_gan(loss="relativistic")
    points = np.random.default_rng(0).standard_normal((6, 2)).astype(np.float32)
    with random.StepRng(0, 0) as rng:
        found = gan.losses_of(points, rng)
    with random.StepRng(0, 0) as rng:
        fakes = gan.generate(6, rng).numpy()
    difference = points @ weights - fakes @ weights
    np.testing.assert_allclose(found["discriminator_loss"], np.log1p(np.exp(-difference)), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found["generator_loss"], np.log1p(np.exp(difference)), rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(found["accuracy"], difference > 0)
    assert "real_accuracy" not in gan.loss_names


def test_the_loss_of_a_pack_is_the_loss_of_each_of_its_examples():
    gan, weights = linear_gan(packing=3)
    points = np.random.default_rng(0).standard_normal((6, 2)).astype(np.float32)
    with random.StepRng(0, 0) as rng:
        found = gan.losses_of(points, rng)
    real = np.repeat(points.reshape(2, 6) @ weights + 0.5, 3)
    np.testing.assert_array_equal(found["real_accuracy"], real > 0)
    np.testing.assert_array_equal(found["generator_loss"][:3], np.repeat(found["generator_loss"][0], 3))
    assert found["generator_loss"][0] != found["generator_loss"][3]


# `test_penalties.py` compares the penalties with closed forms.
@pytest.mark.slow
@pytest.mark.parametrize("name", PENALIZED)
def test_a_penalty_reduces_the_gradient_norm_of_the_discriminator(name, digits):
    def mean_squared_norm(options):
        gan = small_gan(discriminator_dropout=0.0, **options)
        gan.fit(digits[:256], batch_size=64, epochs=8, verbose=0)
        with random.StepRng(1, 1) as rng:
            fake = gan.generate(64, rng)
        between = interpolate(gan.preprocess(digits[:64]), fake, tf.fill((64,), 0.5))
        return float(tf.reduce_mean(with_gradient_norm(lambda x: (gan.discriminator(x)[:, 0],), between)[1]))

    options = PENALIZED[name]
    without = {key: value for key, value in options.items() if key == "loss"} | {"gradient_penalty": 0.0}
    assert mean_squared_norm(options) < 0.5 * mean_squared_norm(without)


def test_each_discriminator_step_uses_another_share_of_the_batch(digits):
    gan, selected = small_gan(discriminator_steps=3, packing=2, latent_dim=4), []
    images = tf.constant(digits[:24])
    for optimizer_step in gan.optimizer_steps():
        selected.append(optimizer_step.select_batch(images).numpy())
    packs = digits[:24].reshape(4, 3, 2, 8, 8, 1)
    for number in range(3):
        np.testing.assert_array_equal(selected[number], packs[:, number].reshape(8, 8, 8, 1))
    np.testing.assert_array_equal(selected[3], selected[0])
    assert gan.batch_multiple == 6
    gan.train_step((images,))
    assert int(gan.discriminator_optimizer.iterations) == 3
    assert int(gan.optimizer.iterations) == int(gan.step) == 1


@pytest.mark.slow
def test_the_losses_are_computed_before_the_update_in_every_trace_of_the_graph(digits):
    # TensorFlow orders the operators of a graph anew at every trace. Without a control dependency, the update of the
    # last layer comes first in one trace of four.
    gan, images = small_gan(loss="wgan-gp", gradient_penalty=0.0, discriminator_steps=2), tf.constant(digits[:64])
    start, found = [variable.numpy() for variable in gan.state], set()
    for _ in range(15):
        for variable, value in zip(gan.state, start, strict=True):
            variable.assign(value)
        losses = tf.function(gan.update, autograph=False)(images)
        found.add(float(tf.reduce_mean(losses["discriminator_loss"])))
    assert len(found) == 1


def test_both_networks_have_the_same_learning_rate_when_the_discriminator_makes_more_steps():
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([10], [1.0, 0.1])
    gan = GAN((2,), None, discriminator_steps=5, **SMALL)
    gan.compile(keras.optimizers.Adam(schedule))
    config = keras.optimizers.serialize(gan.discriminator_optimizer)
    rate = keras.optimizers.deserialize(config).get_config()["learning_rate"]
    slowed = keras.optimizers.schedules.deserialize(rate)
    assert [float(slowed(step)) for step in (0, 54, 55)] == pytest.approx([1.0, 1.0, 0.1])


def test_a_schedule_saved_under_the_class_name_of_older_files_can_be_loaded():
    schedule = SlowedSchedule(keras.optimizers.schedules.PiecewiseConstantDecay([10], [1.0, 0.1]), 5)
    config = keras.optimizers.schedules.serialize(schedule)
    assert config["registered_name"] == "tfgen>SlowedSchedule"
    older = {**config, "class_name": "Divided", "module": "tfgen.models.gan", "registered_name": "tfgen>Divided"}
    loaded = keras.saving.deserialize_keras_object(older)
    assert type(loaded) is SlowedSchedule
    assert [float(loaded(step)) for step in (54, 55)] == pytest.approx([1.0, 0.1])


def test_spectral_norms_change_in_training_only(digits):
    gan = small_gan(spectral_norm=True, loss="hinge")
    layers = [layer for layer in gan.discriminator._flatten_layers() if isinstance(layer, SpectralNormalization)]
    assert len(layers) == 2
    vectors = [vector for layer in layers for vector in (layer.left, layer.right)]
    state = {id(variable) for variable in gan.state}
    assert all(id(vector.value) in state for vector in vectors)

    def values():
        return np.concatenate([vector.numpy() for vector in vectors])

    before = values()
    gan.sample(4)
    gan.evaluate(digits[:50], batch_size=25, verbose=0)
    np.testing.assert_array_equal(values(), before)
    gan.train_step((tf.constant(digits[:32]),))
    assert np.abs(values() - before).max() > 1e-6


@pytest.mark.parametrize("loss", ["nonsaturating", "relativistic", "wgan-gp"])
def test_diagnostics_are_the_metrics_of_the_given_examples(loss):
    gan, weights = linear_gan(loss=loss, packing=2, r1=1.0)
    points = np.random.default_rng(0).standard_normal((7, 2)).astype(np.float32)
    found = gan.diagnostics(points)
    assert found == gan.diagnostics(points)
    assert found["penalty"] == pytest.approx(25.0 + (0 if loss != "wgan-gp" else 10 * (50**0.5 - 1) ** 2), rel=1e-5)
    if loss == "nonsaturating":
        accuracy = (points[:6].reshape(3, 4) @ weights + 0.5 > 0).mean()
        assert found["real_accuracy"] == pytest.approx(accuracy)
    assert ("loss_ratio" in found) == (loss != "wgan-gp")
    if "loss_ratio" in found:
        assert found["loss_ratio"] == pytest.approx(found["generator_loss"] / found["discriminator_loss"])


def test_a_discriminator_without_loss_has_no_loss_ratio():
    gan, _ = linear_gan(loss="nonsaturating")
    points = np.zeros((4, 2), np.float32)
    found = gan.diagnostics(points)
    assert "loss_ratio" in found
    gan.losses_of = lambda *args, **given: dict.fromkeys(gan.loss_names, np.zeros(4, np.float32))
    assert gan.diagnostics(points)["discriminator_loss"] == 0.0
    assert "loss_ratio" not in gan.diagnostics(points)


def test_methods_that_a_gan_does_not_have_raise_an_error_with_the_reason(digits):
    gan = small_gan()
    assert gan.can("sample") and gan.can("decode")
    assert not gan.can("log_prob") and not gan.can("encode") and not gan.can("bits_per_dim")
    with pytest.raises(UndefinedError, match="no tractable likelihood"):
        gan.log_prob(digits[:2])
    with pytest.raises(UndefinedError, match="no tractable likelihood"):
        gan.bits_per_dim(digits[:2])
    with pytest.raises(UndefinedError, match="no encoder"):
        gan.encode(digits[:2])


@pytest.mark.parametrize("arch", ["conv", "dcgan"])
@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3)])
def test_a_convolutional_gan_generates_images_of_any_size(shape, arch):
    gan = GAN(shape, 256, arch=arch, filters=4, discriminator_filters=6)
    pictures = gan.sample(3).numpy()
    assert pictures.shape == (3, *shape)
    assert pictures.min() >= 0.0
    assert pictures.max() <= 1.0


def test_points_of_a_gan_are_not_bounded_by_a_tanh():
    gan = GAN((2,), None, **SMALL)
    gan.generator.trainable_variables[-1].assign([5.0, -5.0])
    assert np.abs(gan.sample(50).numpy()).max() > 3.0


def test_sample_does_not_use_dropout():
    gan = small_gan(generator_dropout=0.5)
    np.testing.assert_array_equal(gan.sample(4, seed=1), gan.sample(4, seed=1))
