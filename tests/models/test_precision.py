"""Trainings in bfloat16, of whole networks or of products only. Weights, likelihoods and images stay float32."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import slow_except
from tfgen.config.presets import run_config
from tfgen.data.batches import Batches
from tfgen.errors import ConfigError
from tfgen.models import build
from tfgen.products import has_bfloat16_instructions
from tfgen.training.compiled import compile_training
from tfgen.training.optimizers import make_optimizer
from tfgen.training.prepare import uses_xla

SMALL = {
    "vae": {"hidden": (32,), "latent_dim": 4},
    "vae-conv": {"arch": "conv", "filters": 4, "blocks": 1, "latent_dim": 4, "prior": "flow", "prior_hidden": (8,)},
    "vae-mixture": {"arch": "conv", "filters": 4, "latent_dim": 4, "likelihood": "logistic_mixture"},
    "gan": {"generator_hidden": (32,), "discriminator_hidden": (32,)},
    "gan-conv": {"arch": "conv", "filters": 4},
    "flow": {"width": 16, "checkerboard": 1, "squeeze": (2,), "couplings": (2,)},
    "flow-splines": {
        "width": 16,
        "checkerboard": 0,
        "squeeze": (2,),
        "couplings": (1,),
        "multiscale_passes": 1,
        "dequantization": "variational",
    },
    "flow-autoregressive": {
        "width": 16,
        "checkerboard": 0,
        "squeeze": (2,),
        "couplings": (0,),
        "autoregressive": True,
        "blocks": 2,
    },
}


def trained(name, precision, images):
    config = run_config(name.partition("-")[0], precision=precision, **SMALL[name])
    keras.utils.set_random_seed(0)
    model = build(config, (8, 8, 1), 17)
    model.compile(make_optimizer(config.train, 10), clip_norm=config.train.clip_norm)
    model.initialize_from(images)
    losses = [model.train_step((images,))[model.loss_names[0]].numpy() for _ in range(3)]
    return model, losses


@pytest.mark.parametrize("name", slow_except(SMALL, "vae"))
def test_mixed_precision_has_nearly_the_losses_of_float32(name, digits):
    images = tf.constant(digits[:64])
    model, losses = trained(name, "mixed_bfloat16", images)
    _, expected = trained(name, "float32", images)
    # bfloat16 has 8 significant bits, so that the first two to three digits of the losses agree.
    np.testing.assert_allclose(losses, expected, rtol=2e-2)
    assert losses != expected
    in_bfloat16 = [layer for layer in model._flatten_layers() if layer.compute_dtype == "bfloat16"]
    assert any(isinstance(layer, (keras.layers.Dense, keras.layers.Conv2D)) for layer in in_bfloat16)
    assert all(variable.dtype == "float32" for variable in model.trainable_variables)
    assert model.sample(2).dtype == tf.float32
    if model.can("log_prob"):
        assert model.log_prob(images[:2]).dtype == tf.float32
    assert keras.config.dtype_policy().name == "float32"


def test_a_loaded_model_computes_in_float32(digits, tmp_path):
    images = tf.constant(digits[:64])
    model, _ = trained("vae", "mixed_bfloat16", images)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras", compile=False)
    assert all(layer.compute_dtype == "float32" for layer in again._flatten_layers())
    np.testing.assert_allclose(again.sample(4), model.sample(4), atol=2e-2)
    for one, other in zip(again.weights, model.weights, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


@pytest.mark.skipif(not has_bfloat16_instructions(), reason="the processor has no instructions for bfloat16")
@pytest.mark.parametrize("name", slow_except(SMALL, "vae"))
def test_products_in_bfloat16_have_nearly_the_losses_of_float32(name, digits):
    images = Batches(digits[:64], 64, seed=0)
    weights = {}
    for precision in ("float32", "bfloat16_products"):
        config = run_config(name.partition("-")[0], precision=precision, **SMALL[name])
        keras.utils.set_random_seed(0)
        model = build(config, (8, 8, 1), 17)
        model.compile(make_optimizer(config.train, 10), clip_norm=config.train.clip_norm)
        model.initialize_from(images.at(0))
        run = compile_training(model, images, xla=False, bfloat16_products=precision != "float32")
        assert run(tf.constant(3, tf.int64))
        losses = [float(value) for value in model.get_metrics_result().values()]
        weights[precision] = losses, [variable.numpy() for variable in model.trainable_variables]
    np.testing.assert_allclose(weights["bfloat16_products"][0], weights["float32"][0], rtol=2e-2)
    pairs = zip(weights["bfloat16_products"][1], weights["float32"][1], strict=True)
    assert any(not np.array_equal(one, other) for one, other in pairs)


def test_products_in_bfloat16_are_for_steps_without_xla(digits):
    with pytest.raises(ConfigError, match="expected --xla off or auto"):
        run_config("vae", precision="bfloat16_products", xla="on")
    config = run_config("vae", precision="bfloat16_products", **SMALL["vae"])
    model = build(config, (8, 8, 1), 17)
    assert model.is_fully_connected and not uses_xla(config, model)
    assert all(layer.compute_dtype == "float32" for layer in model._flatten_layers())
