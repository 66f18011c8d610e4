"""The probability of the augmentation follows the discriminator's accuracy in training."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen import random
from tfgen.errors import ConfigError
from tfgen.models.gan import GAN
from tfgen.models.gan.ada import AdaptiveProbability

SMALL = {"arch": "residual", "filters": 4, "max_filters": 8, "latent_dim": 4}
ADA = {"differentiable_augmentation": ("color", "translation"), "ada_target": 0.6, "ada_images": 640}


def small(**options) -> GAN:
    keras.utils.set_random_seed(3)
    gan = GAN((8, 8, 1), 17, **{**SMALL, "augmentation_probability": 0.5, **ADA, **options})
    gan.compile(keras.optimizers.Adam(1e-3))
    return gan


@pytest.mark.parametrize(("correct", "change"), [(8, 0.2), (7, 0.2), (6, 0.0), (5, -0.2), (0, -0.2)])
def test_p_rises_above_the_target_and_falls_below_it(correct, change):
    # An accuracy of 6/8 gives r = 0.5.
    adaptive = AdaptiveProbability(start=0.5, target=0.5, images=40)
    adaptive.update(tf.constant([1.0] * correct + [0.0] * (8 - correct)))
    assert float(adaptive.probability) == pytest.approx(0.5 + change)


def test_p_stays_between_0_and_1():
    adaptive = AdaptiveProbability(start=0.5, target=0.6, images=5)
    adaptive.update(tf.ones((10,)))
    assert float(adaptive.probability) == 1.0
    adaptive.update(tf.zeros((10,)))
    assert float(adaptive.probability) == 0.0


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["relativistic", "nonsaturating"])
def test_a_discriminator_that_knows_the_training_set_raises_p_and_one_that_does_not_lowers_it(loss, digits):
    """Eight training images are memorized while the generator does not learn."""
    gan = small(loss=loss, ada_images=64_000)
    gan.optimizer.learning_rate.assign(0.0)
    gan.discriminator_optimizer.learning_rate.assign(3e-3)
    images, update = tf.constant(np.tile(digits[:8], (8, 1, 1, 1))), tf.function(gan.update, autograph=False)
    for _ in range(60):
        update(images)
    before = float(gan.augmentation_probability)
    for _ in range(20):
        metrics = update(images)
    assert float(gan.augmentation_probability) > before + 0.01
    assert float(metrics["augmentation_probability"][0]) > before
    gan.discriminator_optimizer.learning_rate.assign(0.0)
    for network in gan.discriminators:  # Constant logits: the discriminator is never correct.
        last = network.layers[-1]
        last.kernel.assign(tf.zeros_like(last.kernel))
        if last.use_bias:
            last.bias.assign([-1.0])
    before = float(gan.augmentation_probability)
    for _ in range(3):
        update(images)
    assert float(gan.augmentation_probability) == pytest.approx(before - 3 * 64 / 64_000)


def test_p_is_part_of_the_state_and_of_a_saved_model(digits, tmp_path):
    gan = small()
    gan.train_step((tf.constant(digits[:64]),))
    p = float(gan.augmentation_probability)
    assert p != 0.5
    assert any(variable is gan.adaptive.probability.value for variable in gan.state)
    gan.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert float(loaded.augmentation_probability) == p
    for model in (gan, loaded):
        model.train_step((tf.constant(digits[:64]),))
    assert float(loaded.augmentation_probability) == float(gan.augmentation_probability)
    for mine, other in zip(gan.weights, loaded.weights, strict=True):
        np.testing.assert_array_equal(mine.numpy(), other.numpy(), err_msg=mine.path)


@pytest.mark.slow
def test_validation_neither_augments_nor_adapts(digits):
    gan = small(augmentation_probability=1.0)
    plain = small(differentiable_augmentation=(), ada_target=None)
    plain.generator.set_weights(gan.generator.get_weights())
    plain.discriminator.set_weights(gan.discriminator.get_weights())
    assert gan.diagnostics(digits[:20]).items() >= plain.diagnostics(digits[:20]).items()
    gan.evaluate(digits[:20], verbose=0)
    assert float(gan.augmentation_probability) == 1.0


def test_without_a_target_the_probability_is_constant_and_no_variable():
    gan = small(ada_target=None)
    assert gan.augmentation_probability == 0.5
    assert "augmentation_probability" not in gan.loss_names


@pytest.mark.parametrize(
    ("shape", "options", "message"),
    [
        ((2,), {"differentiable_augmentation": ("color",), "ada_target": None}, "expected none for points"),
        ((8, 8, 1), {"differentiable_augmentation": ()}, "ada_target: expected differentiable_augmentation too"),
        ((8, 8, 1), {"spectral_norm": True}, "spectral_norm: expected off with arch residual"),
    ],
)
def test_options_that_contradict_each_other_raise_an_error(shape, options, message):
    with pytest.raises(ConfigError, match=message):
        GAN(shape, 17, **{**SMALL, **ADA, **options})


def test_the_generator_s_gradient_passes_through_the_augmentation(digits):
    gan = small(augmentation_probability=1.0, ada_target=None)
    step = gan.optimizer_steps()[-1]
    with random.StepRng(0, 0) as rng:
        _, gradients = step.gradients((tf.constant(digits[:16]),), rng)
    last = gradients[-1].numpy()
    assert np.isfinite(last).all()
    assert np.abs(last).max() > 0
