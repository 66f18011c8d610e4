"""Muon orthogonalizes the steps of kernels. Adam updates everything else, each variable in one operation."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.config import TrainConfig
from tfgen.errors import ConfigError
from tfgen.models.flow import Flow
from tfgen.models.gan import GAN
from tfgen.models.vae import VAE
from tfgen.networks import conv_decoder, conv_encoder, mlp
from tfgen.networks.mlp import LAST
from tfgen.training.adam import Adam
from tfgen.training.optimizers import MUON_RMS, Muon, make_optimizer

RATE = 0.01


def step_of(optimizer, gradients, name="kernel", steps=1) -> list[np.ndarray]:
    """The movement of variables of zeros in the first steps."""
    variables = [keras.Variable(np.zeros_like(gradient), name=name) for gradient in gradients]
    optimizer.build(variables)
    for _ in range(steps):
        optimizer.apply([tf.constant(gradient) for gradient in gradients], variables)
    return [-np.asarray(variable) for variable in variables]


def gradient(*shape) -> np.ndarray:
    """A gradient whose singular values span a factor of 1000."""
    rng = np.random.default_rng(len(shape)).normal(size=(int(np.prod(shape[:-1])), shape[-1]))
    left, values, right = np.linalg.svd(rng, full_matrices=False)
    return (left * np.geomspace(1.0, 1e-3, len(values)) @ right).reshape(shape).astype(np.float32)


@pytest.mark.parametrize("shape", [(64, 32), (32, 64), (3, 3, 16, 32), (1, 1, 48, 96), (3, 3, 32, 16)])
def test_muon_moves_a_kernel_equally_far_in_every_singular_direction_of_its_gradient(shape):
    (step,) = step_of(Muon(RATE), [gradient(*shape)])
    rows, columns = int(np.prod(shape[:-1])), shape[-1]
    values = np.linalg.svd(step.reshape(rows, columns), compute_uv=False) / (
        RATE * MUON_RMS * np.sqrt(max(rows, columns))
    )
    # Five iterations bring singular values of at least a thirtieth of the largest to about 1.
    assert values.max() < 1.3
    assert np.median(values) > 0.65
    gradients = np.linalg.svd(gradient(*shape).reshape(rows, columns))
    strong = np.geomspace(1.0, 1e-3, len(values)) > 0.1
    aligned = gradients[0][:, : len(values)].T @ step.reshape(rows, columns) @ gradients[2][: len(values)].T
    off = aligned - np.diag(np.diag(aligned))
    assert np.abs(off).max() < 1e-3 * np.diag(aligned)[strong].min()


def test_muon_of_a_kernel_equals_keras_s_muon_of_its_matrix():
    kernel = gradient(3, 3, 16, 32)
    options = {"weight_decay": None, "adam_weight_decay": None, "rms_rate": MUON_RMS}
    (expected,) = step_of(keras.optimizers.Muon(RATE, **options), [kernel.reshape(144, 32)], steps=3)
    (found,) = step_of(Muon(RATE), [kernel], steps=3)
    np.testing.assert_allclose(found.reshape(144, 32), expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    ("name", "shape"), [("bias", (32,)), ("kernel", (3, 3, 1, 32)), ("kernel", (96, 15)), ("lower", (32, 32))]
)
def test_adam_updates_other_variables_and_narrow_kernels(name, shape):
    gradients = [np.random.default_rng(0).normal(size=shape).astype(np.float32)]
    found = step_of(make_optimizer(TrainConfig(optimizer="muon", learning_rate=RATE), 10), gradients, name, steps=3)
    expected = step_of(make_optimizer(TrainConfig(optimizer="adam", learning_rate=RATE), 10), gradients, name, steps=3)
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-5)


def test_adam_updates_the_last_kernel_of_a_network():
    flow = Flow((8, 8, 1), 17, width=16, checkerboard=0, squeeze=(2,), couplings=(2,), blocks=1)
    flow.compile(Muon(RATE))
    velocities = {
        id(variable): velocity
        for variable, velocity in zip(flow.trainable_variables, flow.optimizer.adam_velocities, strict=True)
    }
    for network in flow.conditioners:
        kernels = [weight for weight in network.weights if weight.name == "kernel"]
        assert [velocities[id(kernel)] is not None for kernel in kernels] == [False, False, False, True]
        assert kernels[-1].path.endswith("last/kernel")
    for other in (mlp(32, (32,), 32), conv_encoder((8, 8, 1), 32), conv_decoder(32, (8, 8, 1), 32)):
        assert other.layers[-1].name == LAST and len({layer.name for layer in other.layers}) == len(other.layers)


def test_a_network_without_a_named_output_layer_is_refused():
    class Forgetful(VAE):
        def _build_networks(self):
            super()._build_networks()
            self.decoder = keras.Sequential([keras.Input((20,)), keras.layers.Dense(64)], name="forgetful")

    with pytest.raises(ValueError, match=r"Expected an output layer named 'last'.*Received: forgetful, .*dense"):
        Forgetful((8, 8, 1), 17, hidden=(32,))


@pytest.mark.parametrize("shape", [(), (7,), (64, 33), (3, 3, 16, 32)])
@pytest.mark.parametrize("beta_1", [0.0, 0.9])
def test_adam_in_one_operation_equals_keras_s_adam(shape, beta_1):
    rng = np.random.default_rng(0)
    first = rng.normal(size=shape).astype(np.float32)
    gradients = [tf.constant(rng.normal(size=shape), tf.float32) for _ in range(20)]
    results = []
    for kind in (keras.optimizers.Adam, Adam):
        variable = keras.Variable(first)
        optimizer = kind(RATE, beta_1=beta_1, beta_2=0.99, epsilon=1e-8)
        optimizer.build([variable])
        for gradient in gradients:
            optimizer.apply([gradient], [variable])
        results.append([np.asarray(each) for each in (variable, *optimizer.variables)])
    for expected, found in zip(*results, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    assert np.abs(results[0][0] - first).max() > RATE


def test_the_update_of_a_variable_by_adam_is_one_operation():
    variables = [keras.Variable(np.zeros((3, 2), np.float32)) for _ in range(5)]
    for optimizer in (Adam(RATE), Muon(RATE)):
        optimizer.build(variables)

        @tf.function(autograph=False)
        def update(gradients, optimizer=optimizer):
            optimizer.apply(gradients, variables)

        graph = update.get_concrete_function([tf.zeros((3, 2))] * 5).graph
        kinds = [operation.type for operation in graph.get_operations()]
        assert kinds.count("ResourceApplyAdam") == 5
        assert "AssignSubVariableOp" not in kinds
        # That of the learning rate, which is corrected once for all variables.
        assert kinds.count("Sqrt") == 1


def test_adam_in_one_operation_has_no_amsgrad():
    with pytest.raises(ConfigError, match=r"amsgrad: expected false.*Received: true"):
        Adam(RATE, amsgrad=True)


@pytest.mark.parametrize(("kind", "expected"), [("muon", Muon), ("adam", Adam)])
def test_a_compiled_model_is_saved_with_its_optimizer(kind, expected, tmp_path):
    for model in (VAE((8, 8, 1), 17, hidden=(32,)), GAN((8, 8, 1), 17, generator_hidden=(32,))):
        model.compile(make_optimizer(TrainConfig(optimizer=kind, schedule="cosine"), 10))
        model.save(tmp_path / "model.keras")
        again = keras.models.load_model(tmp_path / "model.keras")
        for optimizer, other in zip(model.optimizers, again.optimizers, strict=True):
            assert isinstance(other, expected)
            assert other.get_config() == optimizer.get_config()


@pytest.mark.parametrize("kind", ["adam", "muon"])
def test_adam_uses_the_configured_decay_rates(kind):
    first, second, rate = 0.3, 0.7, 0.1
    optimizer = make_optimizer(TrainConfig(optimizer=kind, learning_rate=rate, beta_1=first, beta_2=second), 10)
    bias = keras.Variable(np.zeros(3, np.float32), name="bias")
    optimizer.build([bias])
    early, late = np.float32([1.0, -2.0, 0.5]), np.float32([-3.0, 1.0, 0.5])
    for gradient in (early, late):
        optimizer.apply([tf.constant(gradient)], [bias])
    mean = (first * (1 - first) * early + (1 - first) * late) / (1 - first**2)
    square = (second * (1 - second) * early**2 + (1 - second) * late**2) / (1 - second**2)
    expected = -rate * (np.sign(early) + mean / np.sqrt(square))
    np.testing.assert_allclose(bias.numpy(), expected, rtol=1e-5)
