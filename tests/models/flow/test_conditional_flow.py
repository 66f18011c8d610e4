"""Flows with classes: p(x|y) differs between classes, is a density, and its latents and samples are its own."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import slow_except
from tfgen import random
from tfgen.models.flow import Flow

CLASSES = ("cat", "dog", "fox")
SMALL = {"width": 8, "checkerboard": 0, "alpha": 0.01, "blocks": 1, "bins": 4, "couplings": (0,), "squeeze": (2,)}
SHAPES = {
    "glow": ((4, 4, 1), {**SMALL, "blocks": 0, "checkerboard": 1, "couplings": (1,)}),
    "multiscale": ((4, 4, 1), {**SMALL, "multiscale_passes": 1}),
    "autoregressive": (
        (3, 4, 2),
        {**SMALL, "autoregressive": True, "channel_autoregressive": True, "dequantization": "variational"},
    ),
    "transformers": (
        (4, 4, 1),
        {"width": 8, "checkerboard": 0, "squeeze": (1,), "couplings": (0,), "transformers": 2, "heads": 2, "patch": 2},
    ),
    "points": ((2,), {"hidden": (8,), "couplings": 2, "activation": "gelu"}),
}


@pytest.fixture(params=slow_except(SHAPES, "glow", "points"), scope="module")
def case(request):
    shape, options = SHAPES[request.param]
    generator = np.random.default_rng(0)
    images = len(shape) == 3
    flow = Flow(shape, 17 if images else None, classes=CLASSES, seed=1, **options)
    examples = generator.integers(0, 17, (3, *shape)).astype(np.uint8) if images else generator.normal(size=(3, *shape))
    examples = examples if images else examples.astype(np.float32)
    flow.initialize_from(examples, [0, 1, 2])
    flow.compile("adam")
    for variable in flow.trainable_variables:
        std = 0.5 / math.sqrt(math.prod(variable.shape[:-1]) or 1) if len(variable.shape) > 1 else 0.05
        variable.assign(variable + std * generator.normal(size=variable.shape))
    return flow, examples


def test_the_same_tensor_has_another_latent_and_density_for_another_class(case):
    """TFP's bijectors remember results by the identity of a tensor, which does not tell classes apart."""
    flow, examples = case
    examples = tf.constant(examples)
    for method in (flow.encode, flow.log_prob):
        first, second, again = (method(examples, label=label).numpy() for label in ("cat", "dog", "cat"))
        assert np.abs(first - second).reshape(3, -1).max(axis=1).min() > 1e-4
        np.testing.assert_array_equal(again, first)
    latent = tf.identity(flow.encode(examples, label="fox"))
    first, second = (flow.decode(latent, label=label).numpy() for label in ("cat", "dog"))
    assert np.abs(first - second).max() > 1e-4


def test_decode_undoes_encode_given_the_class(case):
    flow, examples = case
    labels = [2, 0, 1]
    expected = examples / 16.0 if flow.is_image else examples
    np.testing.assert_allclose(flow.decode(flow.encode(examples, labels), labels), expected, atol=1e-4)
    assert flow.diagnostics(examples, labels)["inversion_error"] < 1e-4


def test_the_density_given_the_class_is_that_of_the_change_of_variables(case, jacobian):
    flow, _ = case
    event = (0.5 + 0.1 * np.random.default_rng(2).normal(size=flow.event_shape)).astype(np.float32)

    def to_latent(events):
        with flow._given(tf.fill((len(events),), 1)):
            return flow.flow.bijector.inverse(tf.identity(events))

    latent = to_latent(event[None])[0].numpy()
    _, log_det = np.linalg.slogdet(jacobian(to_latent, event))
    expected = (-0.5 * latent**2 - 0.5 * math.log(2 * math.pi)).sum() + log_det
    found = flow.log_density(event[None], tf.constant([1]))
    np.testing.assert_allclose(found[0], expected, rtol=1e-4, atol=2e-3)


def test_labels_of_rows_do_not_mix(case):
    flow, examples = case
    together = flow.log_prob(examples, label=[0, 1, 2])
    for row, name in enumerate(CLASSES):
        np.testing.assert_allclose(together[row], flow.log_prob(examples, label=name)[row], rtol=1e-5, atol=1e-4)


def test_samples_differ_by_class_and_are_determined_by_seed_and_class(case):
    flow, _ = case
    each = flow.sample(3, seed=5, label="each").numpy()
    for row, name in enumerate(CLASSES):
        np.testing.assert_allclose(flow.sample(1, seed=5 + row, label=name)[0], each[row], atol=1e-5)
    assert np.abs(flow.sample(1, seed=5, label=0) - flow.sample(1, seed=5, label=1)).max() > 1e-4


def test_a_gradient_reaches_every_weight_and_a_step_uses_the_labels(case):
    flow, examples = case
    with random.StepRng(0, 0) as rng, tf.GradientTape() as tape:
        loss = tf.reduce_mean(flow.losses_of(examples, rng, training=True, label=tf.constant([0, 1, 2]))["loss"])
    for variable, gradient in zip(
        flow.trainable_variables,
        tape.gradient(loss, [variable.value for variable in flow.trainable_variables]),
        strict=True,
    ):
        assert gradient is not None and np.abs(gradient).max() > 0, variable.path


def test_a_saved_flow_is_the_same_flow(case, tmp_path):
    flow, examples = case
    flow.save(tmp_path / "flow.keras")
    loaded = keras.models.load_model(tmp_path / "flow.keras")
    assert loaded.classes == CLASSES
    np.testing.assert_array_equal(loaded.log_prob(examples, label=[2, 1, 0]), flow.log_prob(examples, label=[2, 1, 0]))
    np.testing.assert_array_equal(loaded.sample(2, seed=2, label="dog"), flow.sample(2, seed=2, label="dog"))


@pytest.mark.slow
def test_training_learns_what_the_classes_are():
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 2, 640).astype(np.int32)
    points = (0.3 * generator.normal(size=(640, 2)) + np.array([[-2.0, 0.0], [2.0, 0.0]])[labels]).astype(np.float32)
    flow = Flow((2,), None, classes=("left", "right"), hidden=(16,), couplings=4)
    flow.initialize_from(points, labels)
    flow.compile(keras.optimizers.Adam(1e-2))
    flow.fit(points, labels, batch_size=64, epochs=12, verbose=0)
    # Without the class, the entropy of this mixture is higher by log 2 = 0.69 nats.
    posterior = flow.class_log_posterior(points).numpy()
    assert (posterior.argmax(axis=1) == labels).mean() > 0.99
    assert float(tf.reduce_mean(flow.sample(64, label="left")[:, 0])) < -1.0
