"""Every model of every family fulfils the contract of `GenerativeModel`."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import slow_except
from tfgen import random
from tfgen.errors import ConfigError, UndefinedError
from tfgen.models import family

MODELS = {
    "vae-mlp": ("vae", {"hidden": (32,), "latent_dim": 4}),
    "vae-conv": ("vae", {"arch": "conv", "filters": 4, "latent_dim": 4}),
    "vae-flow-prior": (
        "vae",
        {"arch": "conv", "filters": 4, "blocks": 1, "prior": "flow", "prior_hidden": (8,), "dropout": 0.1},
    ),
    "vae-mixture": ("vae", {"hidden": (32,), "likelihood": "logistic_mixture"}),
    "vae-hierarchical": (
        "vae",
        {
            "arch": "hierarchical",
            "filters": 4,
            "latent_channels": 2,
            "blocks": 1,
            "dropout": 0.1,
            "likelihood": "color_logistic_mixture",
        },
    ),
    "gan-mlp": ("gan", {"generator_hidden": (16,), "discriminator_hidden": (16,), "generator_dropout": 0.1}),
    "gan-conv": ("gan", {"arch": "conv", "filters": 4}),
    "gan-dcgan": (
        "gan",
        {"arch": "dcgan", "filters": 4, "loss": "relativistic", "r1": 0.1, "r2": 0.1, "spectral_norm": True},
    ),
    "gan-residual": (
        "gan",
        {
            "arch": "residual",
            "filters": 4,
            "loss": "relativistic",
            "r1": 0.1,
            "r2": 0.1,
            "differentiable_augmentation": ("color", "translation", "cutout"),
            "ada_target": 0.6,
        },
    ),
    "gan-wgan": (
        "gan",
        {
            "generator_hidden": (16,),
            "discriminator_hidden": (16,),
            "loss": "wgan-gp",
            "packing": 2,
            "discriminator_steps": 2,
        },
    ),
    "dropout-gan": (
        "dropout_gan",
        {"generator_hidden": (16,), "discriminator_hidden": (16,), "discriminators": 3, "feedback_dropout": 0.3},
    ),
    "mad-gan": ("mad_gan", {"generator_hidden": (16, 16), "discriminator_hidden": (16,), "generators": 4}),
    "mad-gan-dcgan": ("mad_gan", {"arch": "dcgan", "filters": 4, "generators": 2, "own_layers": 1, "r1": 0.1}),
    "mad-gan-residual": ("mad_gan", {"arch": "residual", "filters": 4, "generators": 2}),
    "flow": ("flow", {"width": 8, "checkerboard": 1, "squeeze": (2, 2), "couplings": (1, 1)}),
    "flow-deep": ("flow", {"width": 8, "checkerboard": 2, "squeeze": (2, 2), "couplings": (2, 2)}),
}


#: One model of each family. The others have other networks, priors and losses, which have tests of their own.
QUICK = ("vae-mlp", "gan-mlp", "flow")


@pytest.fixture(scope="module", params=slow_except(MODELS, *QUICK))
def model(request, digits):
    name, options = MODELS[request.param]
    keras.utils.set_random_seed(0)
    model = family(name)((8, 8, 1), 17, ema=0.9, **options)
    model.initialize_from(digits[:64])
    model.compile(keras.optimizers.Adam(1e-3), clip_norm=100.0)
    model.fit(digits[:256], batch_size=64, epochs=2, verbose=0)
    return model


def test_samples_are_float32_images_in_the_unit_interval(model):
    images = model.sample(5, seed=3, temperature=0.7).numpy()
    assert images.shape == (5, 8, 8, 1)
    assert images.dtype == np.float32
    assert images.min() >= 0.0
    assert images.max() <= 1.0
    assert np.isfinite(images).all()


def test_an_image_is_a_function_of_its_seed_and_not_of_the_batch(model):
    many = model.sample(300, seed=-5).numpy()
    np.testing.assert_allclose(model.sample(2, seed=290).numpy(), many[295:297], atol=1e-5)


def test_all_images_are_equal_at_temperature_zero(model):
    cold = model.sample(3, seed=1, temperature=0.0).numpy()
    np.testing.assert_allclose(cold[0], cold[2], atol=1e-5)


@pytest.mark.parametrize("arguments", [{"n": 0}, {"temperature": -1.0}, {"temperature": float("nan")}])
def test_an_invalid_number_or_temperature_raises_an_error(model, arguments):
    with pytest.raises(ConfigError, match="expected"):
        model.sample(**{"n": 1, **arguments})


def test_sample_decodes_latents_of_the_prior(model):
    latents = model.prior_latents(random.seeds_from(4, 3))
    assert latents.shape == (3, *model.latent_shape)
    np.testing.assert_allclose(model.decode(latents), model.sample(3, seed=4), atol=1e-5)


def test_after_the_first_call_no_layer_runs_in_python(model, digits, monkeypatch):
    latents = model.prior_latents(random.seeds_from(4, 5))
    calls = {
        "sample": lambda n: model.sample(n, seed=4),
        "decode": lambda n: model.decode(latents[:n]),
        "encode": lambda n: model.encode(digits[:n]),
        "log_prob": lambda n: model.log_prob(digits[:n], seed=n),
        "bits_of_pixels": lambda n: model.bits_of_pixels(digits[:n], samples=2),
    }
    calls = {name: call for name, call in calls.items() if model.can("log_prob" if "bits" in name else name)}
    for call in calls.values():
        call(3)
    run = []
    call_layer = keras.Layer.__call__
    monkeypatch.setattr(keras.Layer, "__call__", lambda layer, *a, **k: run.append(layer) or call_layer(layer, *a, **k))
    for name, call in calls.items():
        call(5)
        assert not run, name


def test_normal_from_is_the_inverse_of_latents_from(model):
    normal = model.normal_noise(random.seeds_from(4, 50))
    found = model.normal_from(model.latents_from(normal))
    assert found.shape == (50, *model.latent_shape)
    np.testing.assert_allclose(found, normal, atol=1e-4)


def test_a_likelihood_states_its_estimator_samples_and_levels(model, digits):
    if not model.can("log_prob"):
        pytest.skip("this family has no likelihood")
    found = model.bits_per_dim(digits[:30], samples=2)
    assert found.samples == 2
    assert "2" in found.estimator
    assert found.dimensions == 64
    assert found.levels == model.observed_levels
    assert found.standard_error > 0
    np.testing.assert_allclose(found.bits_per_dim, -found.nats / (64 * np.log(2)))


def test_a_saved_and_loaded_model_has_the_same_weights_samples_and_next_training_step(model, digits, tmp_path):
    path = tmp_path / "model.keras"
    model.save(path)
    loaded = keras.models.load_model(path)
    assert type(loaded) is type(model)
    assert len(loaded.weights) > 4
    for mine, other in zip(model.weights, loaded.weights, strict=True):
        np.testing.assert_array_equal(mine.numpy(), other.numpy(), err_msg=mine.path)
    np.testing.assert_array_equal(loaded.sample(4, seed=9), model.sample(4, seed=9))
    # The loaded model is compiled, and its optimizer has the same state.
    assert loaded.clip_norm == 100.0
    before = [variable.numpy() for variable in model.variables]
    optimizer = [variable.numpy() for variable in model.optimizer.variables]
    for one in (model, loaded):
        one.train_step((tf.constant(digits[:64]),))
    for mine, other in zip(model.trainable_variables, loaded.trainable_variables, strict=True):
        np.testing.assert_array_equal(mine.numpy(), other.numpy(), err_msg=mine.path)
    for variable, value in zip(model.variables, before, strict=True):
        variable.assign(value)
    for variable, value in zip(model.optimizer.variables, optimizer, strict=True):
        variable.assign(value)


def test_a_model_that_was_not_compiled_can_be_saved_and_loaded(model, tmp_path):
    fresh = type(model).from_config(model.get_config())
    fresh.save(tmp_path / "fresh.keras")
    loaded = keras.models.load_model(tmp_path / "fresh.keras")
    np.testing.assert_array_equal(loaded.sample(2), fresh.sample(2))


def test_training_changes_every_trainable_variable(model, digits):
    before = [variable.numpy() for variable in model.trainable_variables]
    for _ in range(3):
        model.train_step((tf.constant(digits[:64]),))
    unchanged = [
        v.path for v, old in zip(model.trainable_variables, before, strict=True) if np.array_equal(v.numpy(), old)
    ]
    assert not unchanged


def test_every_optimizer_step_has_a_nonzero_gradient_for_each_of_its_variables(model, digits):
    for optimizer_step in model.optimizer_steps():
        with random.StepRng(1, 0) as rng:
            losses, gradients = optimizer_step.gradients(optimizer_step.select((tf.constant(digits[:64]),)), rng)
        assert np.isfinite(losses[optimizer_step.loss_name]).all()
        assert len(gradients) == len(optimizer_step.variables)
        for variable, gradient in zip(optimizer_step.variables, gradients, strict=True):
            assert np.abs(gradient).max() > 0.0, variable.path


def test_the_optimizer_steps_update_every_trainable_variable(model):
    updated = {id(variable) for step in model.optimizer_steps() for variable in step.variables}
    assert updated == {id(variable) for variable in model.trainable_variables}


def test_encode_gives_latents_from_which_decode_makes_images(model, digits):
    if not model.can("encode"):
        pytest.skip("this family has no encoder")
    latents = model.encode(digits[:3])
    assert latents.shape == (3, *model.latent_shape)
    assert model.decode(latents).shape == (3, 8, 8, 1)


def test_methods_that_a_family_does_not_have_raise_an_error_with_the_reason(model, digits):
    for method in ("encode", "log_prob", "bits_per_dim"):
        assert model.can(method) == (method not in model.undefined)
        if not model.can(method):
            with pytest.raises(UndefinedError) as caught:
                getattr(model, method)(digits[:2])
            assert type(model).__name__ in str(caught.value)
            assert model.undefined[method] in str(caught.value)
    assert not model.can("levitate")


def test_averaged_weights_differ_from_the_weights_and_the_weights_are_restored(model, digits):
    weights = [variable.numpy() for variable in model.averaged_variables]
    own = model.sample(2, seed=1).numpy()
    with model.averaged_weights():
        averaged = model.sample(2, seed=1).numpy()
        inside = [variable.numpy() for variable in model.averaged_variables]
    assert np.abs(own - averaged).max() > 0
    assert any(np.abs(a - b).max() > 0 for a, b in zip(weights, inside, strict=True))
    for variable, old in zip(model.averaged_variables, weights, strict=True):
        np.testing.assert_array_equal(variable.numpy(), old)


def test_evaluate_uses_the_same_noise_each_time(model, digits):
    first = model.evaluate(digits[:100], batch_size=50, verbose=0, return_dict=True)
    assert first == model.evaluate(digits[:100], batch_size=50, verbose=0, return_dict=True)


def test_the_noise_of_an_evaluation_does_not_depend_on_sample_weights(model, digits):
    batches = [tf.constant(digits[:50]), tf.constant(digits[:50])]

    def losses(weights):
        model.reset_metrics()
        model.test_step((batches[0], None, tf.constant(weights)))
        before = {name: float(tracker.total) for name, tracker in model.trackers.items()}
        model.test_step((batches[1], None, tf.ones(50)))
        return {name: float(tracker.total) - before[name] for name, tracker in model.trackers.items()}

    expected = losses(np.ones(50, np.float32))
    assert losses(np.full(50, 0.25, np.float32)) == pytest.approx(expected, rel=1e-4)
    assert losses(np.zeros(50, np.float32)) == pytest.approx(expected, rel=1e-4)


def test_a_model_can_be_built_from_its_config(model):
    again = type(model).from_config(model.get_config())
    assert again.config == model.config
    assert again.event_shape == model.event_shape
    assert again.levels == model.levels
    assert again.get_config() == model.get_config()
