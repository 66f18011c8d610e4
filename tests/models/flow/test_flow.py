import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.datasets import load_digits

from tests.conftest import slow_except
from tfgen import random
from tfgen.bijectors import ActNorm
from tfgen.errors import ConfigError
from tfgen.models.flow import Flow
from tfgen.networks import AutoregressiveNetwork, SoftRound

DIGITS = load_digits().images.astype(np.uint8)[..., None]

SMALL = {"width": 8, "checkerboard": 1, "squeeze": (2, 2), "couplings": (2, 1), "alpha": 0.01}
TRANSFORMERS = {"width": 8, "checkerboard": 0, "squeeze": (1,), "couplings": (0,), "transformers": 2, "heads": 2}
SHAPES = {
    "digits": ((8, 8, 1), 17, SMALL),
    "mnist": ((28, 28, 1), 256, {**SMALL, "squeeze": (4, 1)}),
    "colour": ((32, 32, 3), 256, {**SMALL, "blocks": 1, "activation": "elu"}),
    "odd": ((5, 5, 3), 256, {**SMALL, "squeeze": (1, 5)}),
    "multiscale": (
        (8, 8, 1),
        17,
        {**SMALL, "squeeze": (2,), "couplings": (1,), "multiscale_passes": 2, "bins": 5, "blocks": 1},
    ),
    "variational": (
        (8, 8, 3),
        256,
        {**SMALL, "couplings": (2, 0), "multiscale_passes": 1, "dequantization": "variational"},
    ),
    "coarse": (
        (8, 8, 1),
        17,
        {**SMALL, "squeeze": (4, 2), "couplings": (0, 1), "multiscale_passes": 1, "group_size": (3, 2)},
    ),
    "autoregressive": (
        (8, 8, 1),
        17,
        {**SMALL, "checkerboard": 0, "squeeze": (4,), "couplings": (0,), "autoregressive": True, "blocks": 2, "bins": 5}
        | {"dequantization": "variational"},
    ),
    "dependent channels": (
        (5, 6, 3),
        256,
        {**SMALL, "checkerboard": 0, "squeeze": (4,), "couplings": (0,), "autoregressive": True, "blocks": 1, "bins": 5}
        | {"dequantization": "variational", "channel_autoregressive": True},
    ),
    "blocks of pixels, padded": (
        (5, 7, 3),
        256,
        {**SMALL, "checkerboard": 0, "squeeze": (2,), "couplings": (2,), "autoregressive": True, "blocks": 1, "bins": 5}
        | {"autoregressive_block": 2, "channel_autoregressive": True},
    ),
    "multiscale, padded": (
        (9, 6, 3),
        256,
        {**SMALL, "checkerboard": 0, "squeeze": None, "couplings": (1,), "multiscale_passes": 1, "group_size": (4,)}
        | {"channel_autoregressive": True, "blocks": 1, "bins": 4},
    ),
    "transformers": (
        (8, 8, 1),
        17,
        {**TRANSFORMERS, "patch": 2, "dequantization": "gaussian", "denoise": False},
    ),
    "transformers, padded": ((5, 7, 3), 256, {**TRANSFORMERS, "patch": 2, "transformers": 3}),
    "glow, padded": ((11, 19, 1), 256, {**SMALL, "squeeze": None, "couplings": (2,)}),
    "points": ((2,), None, {"hidden": (16, 16), "couplings": 4, "prior_scale": 0.3, "activation": "gelu"}),
}


def examples_of(shape, levels, n=6):
    generator = np.random.default_rng(3)
    if levels is None:
        return generator.normal(size=(n, *shape)).astype(np.float32)
    examples = generator.integers(0, levels, (n, *shape)).astype(np.uint8)
    examples[0], examples[1] = 0, levels - 1
    return examples


def perturbed(flow, scale=0.3, seed=0):
    """The flow with noise added to all weights. Couplings of a new flow are the identity."""
    generator = np.random.default_rng(seed)
    for variable in flow.trainable_variables:
        std = scale / math.sqrt(math.prod(variable.shape[:-1]) or 1) if len(variable.shape) > 1 else 0.1 * scale
        variable.assign(variable + std * generator.normal(size=variable.shape))
    return flow


#: Couplings of images and of points. The other parts of flows are checked in `test_conditional_flow.py`,
#: `tests/models/test_bits_of_pixels.py` and `tests/bijectors/test_contract.py` too.
QUICK = ("digits", "points")


@pytest.fixture(params=slow_except(SHAPES, *QUICK), scope="module")
def case(request):
    shape, levels, options = SHAPES[request.param]
    examples = examples_of(shape, levels)
    flow = Flow(shape, levels or 256, seed=1, **options)
    flow.initialize_from(examples)
    flow.compile("adam")
    return perturbed(flow, scale=0.1), examples


def test_decode_undoes_encode(case):
    flow, examples = case
    latent = flow.encode(examples)
    assert latent.shape == (len(examples), *flow.latent_shape)
    expected = examples / (flow.levels - 1.0) if flow.is_image else examples
    assert np.abs(flow.decode(latent) - expected).max() < 1e-4


def test_encode_undoes_decode(case):
    flow, _ = case
    # A small temperature, because float32 has no numbers between 1 and the sigmoid of large values.
    latent = flow.prior_latents(random.seeds_from(5, 4), temperature=0.5)
    data = flow.flow.bijector.forward(latent)
    np.testing.assert_allclose(flow.flow.bijector.inverse(tf.identity(data)), latent, atol=1e-3)


def test_samples_are_images_determined_by_their_seeds(case):
    flow, examples = case
    samples = flow.sample(3, seed=7).numpy()
    assert samples.shape == (3, *examples.shape[1:]) and np.isfinite(samples).all()
    if flow.is_image:
        assert samples.min() >= 0.0 and samples.max() <= 1.0
    np.testing.assert_allclose(samples[1:2], flow.sample(1, seed=8), atol=1e-5)
    # At temperature 0 all samples are equal.
    still = flow.sample(2, temperature=0.0).numpy()
    np.testing.assert_allclose(still[0], still[1], atol=1e-6)


def test_a_gradient_reaches_every_weight(case):
    flow, examples = case
    with random.StepRng(0, 0) as rng, tf.GradientTape() as tape:
        loss = tf.reduce_mean(flow.losses_of(examples, rng, training=True)["loss"])
    gradients = tape.gradient(loss, [variable.value for variable in flow.trainable_variables])
    for variable, gradient in zip(flow.trainable_variables, gradients, strict=True):
        assert gradient is not None and np.abs(gradient).max() > 0, variable.path


def test_a_saved_flow_is_the_same_flow(case, tmp_path):
    flow, examples = case
    flow.save(tmp_path / "flow.keras")
    loaded = keras.models.load_model(tmp_path / "flow.keras")
    np.testing.assert_array_equal(loaded.sample(4, seed=2), flow.sample(4, seed=2))
    np.testing.assert_array_equal(loaded.log_prob(examples), flow.log_prob(examples))
    # A loaded ActNorm is not initialized again.
    loaded.initialize_from(examples[:3])
    np.testing.assert_array_equal(loaded.sample(4, seed=2), flow.sample(4, seed=2))
    assert len(loaded.trainable_variables) == len(flow.trainable_variables) > 8


def test_every_conditioner_runs_once_per_pass(case):
    flow, _ = case

    def operations(function, shape):
        """(type, name) of all operations, those inside loops included."""
        concrete = tf.function(function, autograph=False).get_concrete_function(tf.TensorSpec((2, *shape)))
        graph = concrete.graph.as_graph_def()
        nodes = [*graph.node, *(node for inner in graph.library.function for node in inner.node_def)]
        return [(node.op, node.name) for node in nodes]

    to_latent = operations(flow.log_density, flow.event_shape)
    to_data = operations(flow.decode, flow.latent_shape)
    if not flow.is_image:
        for found in (to_latent, to_data):
            layers = [name for kind, name in found if kind == "MatMul" and ("dense" in name or "last" in name)]
            assert len(layers) == 3 * len(flow.conditioners)
        return
    if flow.config.transformers:
        products = [[kind for kind, _ in found].count("MatMul") for found in (to_latent, to_data)]
        # The first and the last layer, and six of each attention layer, without the products inside the attention.
        assert products == [(2 + 6 * flow.config.layers) * len(flow.conditioners)] * 2
        return
    convolutions = [[kind for kind, _ in found].count("Conv2D") for found in (to_latent, to_data)]
    if flow.config.autoregressive:
        # In the direction of generation, a causal convolution is a matrix product.
        (network,) = (found for found in flow.conditioners if isinstance(found, AutoregressiveNetwork))
        # The heads of the channels: an embedding and two convolutions of a block for each but the first, and the last.
        heads = 1 if network.heads is None else 3 * (network.heads.channels - 1) + network.heads.channels
        others = (4 if flow.config.blocks else 3) * (len(flow.conditioners) - 1)
        assert convolutions == [1 + 2 * len(network.blocks) + heads + others, len(network.blocks) + heads + others]
        products = [kind for kind, _ in to_data].count("MatMul") - len(flow.invertible_convs)
        assert products == 1 + len(network.blocks)
    else:
        assert convolutions == [(3 if flow.config.blocks == 0 else 4) * len(flow.conditioners)] * 2


@pytest.mark.slow
@pytest.mark.parametrize("blocks", [0, 1])
def test_dropout_is_active_in_training_only_and_a_function_of_the_step(blocks):
    options = {**SMALL, "blocks": blocks, "multiscale_passes": 1}
    flow = perturbed(Flow((8, 8, 1), 17, seed=1, dropout=0.5, **options), scale=0.1)
    without = Flow((8, 8, 1), 17, seed=1, **options)
    for ours, theirs in zip(without.weights, flow.weights, strict=True):
        ours.assign(theirs)
    examples = examples_of((8, 8, 1), 17)

    def losses(model, step, training):
        with random.StepRng(0, step) as rng:
            return model.losses_of(examples, rng, training=training)["loss"].numpy()

    dropped = losses(flow, 3, True)
    np.testing.assert_array_equal(losses(flow, 3, True), dropped)
    np.testing.assert_array_equal(losses(flow, 3, False), losses(without, 3, False))
    assert (losses(flow, 3, False) == dropped).all() == (blocks == 0)
    # After training too.
    np.testing.assert_array_equal(flow.log_prob(examples), without.log_prob(examples))
    np.testing.assert_allclose(flow.decode(flow.encode(examples)), examples / 16.0, atol=1e-4)


def test_new_weights_give_a_new_density_of_the_same_tensor(case):
    flow, _ = case
    y = tf.constant(examples_of(flow.event_shape, None) * 0.01 + 0.5)
    before = flow.log_density(y).numpy()
    weight = flow.conditioners[0].trainable_variables[0]
    change = 0.1 * (1.0 + np.random.default_rng(0).normal(size=weight.shape))
    weight.assign_add(change)
    after = flow.log_density(y).numpy()
    weight.assign_sub(change)
    assert np.abs(after - before).min() > 1e-5
    np.testing.assert_allclose(flow.log_density(y), before, rtol=1e-5, atol=1e-3)


def test_actnorm_normalizes_every_level_on_the_first_batch(monkeypatch):
    flow = perturbed(Flow((8, 8, 1), 17, seed=1, **SMALL), scale=1.0)
    flow.initialize_from(DIGITS[:200])
    normalized = []
    inverse = ActNorm._inverse
    monkeypatch.setattr(ActNorm, "_inverse", lambda self, y: normalized.append(inverse(self, y)) or normalized[-1])
    with random.StepRng(1, 0) as rng:
        flow.flow.bijector.inverse(tf.identity(flow.dequantize(DIGITS[:200], rng)[0]))
    assert len(normalized) == len(flow.normalizations) == 4
    for events in normalized:
        np.testing.assert_allclose(tf.reduce_mean(events, axis=(0, 1, 2)), 0.0, atol=1e-3)
        np.testing.assert_allclose(tf.math.reduce_std(events, axis=(0, 1, 2)), 1.0, rtol=1e-3)


def test_the_density_of_points_integrates_to_one():
    flow = perturbed(Flow((2,), None, **SHAPES["points"][2]), scale=1.0)
    side = np.linspace(-4.0, 4.0, 400, dtype=np.float32)
    grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    density = np.exp(flow.log_prob(grid).numpy().astype(np.float64))
    assert density.sum() * (side[1] - side[0]) ** 2 == pytest.approx(1.0, abs=2e-3)
    # The density differs from the prior.
    prior = np.exp(-0.5 * (grid / 0.3) ** 2).prod(axis=1) / (2 * np.pi * 0.09)
    assert np.abs(density - prior).max() > 0.1


def test_probabilities_of_all_images_sum_to_one():
    # Two pixels of three levels make nine images. The average over u converges to their probabilities.
    flow = perturbed(Flow((1, 2, 1), 3, checkerboard=2, squeeze=(1,), couplings=(0,), width=4, alpha=0.05), scale=1.0)
    images = np.stack(np.meshgrid(range(3), range(3)), axis=-1).reshape(9, 1, 2, 1).astype(np.uint8)
    log_probs = tf.function(flow.log_prob)(images, samples=1000).numpy()
    # The sum is less than 1 by the density outside of the unit square, which the logit keeps small but not zero.
    inside = mass_in_the_unit_square(flow)
    assert np.exp(log_probs).sum() == pytest.approx(inside, abs=0.02)
    assert np.exp(log_probs).std() > 0.01


def mass_in_the_unit_square(flow, n=300):
    side = (np.arange(n, dtype=np.float32) + 0.5) / n
    grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 1, 2, 1)
    return np.exp(flow.log_density(grid).numpy().astype(np.float64)).mean()


@pytest.mark.slow
def test_the_importance_weighted_bound_rises_with_the_samples():
    flow = perturbed(Flow((8, 8, 1), 17, **SMALL))
    bounds = [flow.log_prob(DIGITS[:100], samples=k).numpy().mean() for k in (1, 3, 9)]
    assert bounds[0] < bounds[1] < bounds[2]
    likelihood = flow.bits_per_dim(DIGITS[:5], samples=2)
    assert "importance-weighted" in likelihood.estimator and likelihood.levels == 17 and likelihood.dimensions == 64
    np.testing.assert_allclose(likelihood.bits_per_dim, -likelihood.nats / (64 * math.log(2)))


def test_the_loss_is_the_bound_in_nats_per_dimension():
    flow = perturbed(Flow((8, 8, 1), 17, **SMALL))
    with random.StepRng(4, 0) as rng:
        losses = flow.losses_of(DIGITS[:5], rng)
    np.testing.assert_allclose(-64.0 * losses["loss"], flow.log_prob(DIGITS[:5], seed=4), rtol=1e-5)
    np.testing.assert_allclose(losses["bits_per_dim"], losses["loss"] / math.log(2.0), rtol=1e-6)


def test_float_and_integer_images_give_the_same_results():
    flow = perturbed(Flow((8, 8, 1), 17, **SMALL))
    unit = (DIGITS[:4] / 16.0).astype(np.float32)
    np.testing.assert_allclose(flow.log_prob(unit), flow.log_prob(DIGITS[:4]), rtol=1e-6)
    np.testing.assert_allclose(flow.encode(unit), flow.encode(DIGITS[:4]), rtol=1e-5, atol=1e-5)


@pytest.mark.slow
def test_training_lowers_the_loss_of_digits():
    flow = Flow((8, 8, 1), 17, width=16, checkerboard=0, squeeze=(2,), couplings=(2,))
    flow.initialize_from(DIGITS[:256])
    flow.compile(keras.optimizers.Adam(3e-3), clip_norm=1.0)
    update = tf.function(flow.update)
    losses = [float(tf.reduce_mean(update(DIGITS[start : start + 64])["loss"])) for start in range(0, 960, 64)]
    assert losses[-1] < losses[0] - 0.1


@pytest.mark.slow
def test_xla_compiles_the_update_of_points():
    generator = np.random.default_rng(0)
    points = (generator.choice([-1.0, 1.0], (2560, 1)) + 0.3 * generator.normal(size=(2560, 2))).astype(np.float32)
    flow = Flow((2,), None, actnorm=False, prior_scale=0.3, activation="gelu")
    flow.compile(keras.optimizers.Adam(3e-3))
    update = tf.function(flow.update, jit_compile=True)
    losses = [float(tf.reduce_mean(update(points[start : start + 256])["loss"])) for start in range(0, 2560, 256)]
    assert losses[-1] < 0.8 * losses[0]
    np.testing.assert_allclose(-flow.log_prob(points[:256]), update(points[:256])["loss"], rtol=1e-3, atol=1e-3)


def test_a_new_flow_of_the_tutorial_equals_its_prior():
    flow = Flow((2,), None, actnorm=False, prior_scale=0.3, activation="gelu")
    points = examples_of((2,), None)
    expected = (-0.5 * (points / 0.3) ** 2 - math.log(0.3 * math.sqrt(2 * math.pi))).sum(axis=1)
    np.testing.assert_allclose(flow.log_prob(points), expected, rtol=1e-4)
    assert flow.estimator(1) == "exact" and len(flow.conditioners) == 6
    assert [layer.units for layer in flow.conditioners[0].layers if hasattr(layer, "units")] == [64, 64, 4]
    np.testing.assert_allclose(np.std(flow.sample(2000)), 0.3, rtol=0.05)


@pytest.mark.parametrize(
    ("shape", "options", "message"),
    [
        ((28, 28, 1), {"squeeze": (29,), "couplings": (1,)}, "squeeze: expected blocks of at most 28 pixels"),
        (
            (8, 4, 1),
            {"squeeze": (4, 4, 2), "couplings": (1,) * 3},
            "at most 2 pixels for images of 2×1 pixels at level 2",
        ),
        ((28, 28, 1), {"squeeze": None}, "couplings, group_size: expected one number for all levels"),
        ((28, 28, 1), {"squeeze": (2,), "couplings": (1, 1)}, "one number a level"),
        ((28, 28, 1), {"squeeze": (), "couplings": ()}, "one number a level"),
        ((28, 28, 1), {"squeeze": (1,), "couplings": (1,)}, "at least 2 channels"),
        ((28, 28, 1), {"squeeze": (2,), "couplings": (0,), "checkerboard": 0}, "at least one coupling"),
        ((1, 1, 4), {"squeeze": (1,), "couplings": (1,), "checkerboard": 1}, "at least two pixels"),
        (
            (8, 8, 1),
            {"squeeze": (1,), "couplings": (0,), "dequantization": "variational"},
            "dequantization: expected at least 2 channels",
        ),
        ((1,), {}, "at least 2 dimensions"),
        (
            (8, 8, 1),
            {"multiscale_passes": 1, "group_size": (2,)},
            r"group_size: expected one number a level.*\(2, 2\) and \(2,\)",
        ),
    ],
)
def test_impossible_flows_are_refused_with_the_reason(shape, options, message):
    with pytest.raises(ConfigError, match=message):
        Flow(shape, 256, **({"width": 4} if len(shape) == 3 else {}), **options)


@pytest.mark.slow
@pytest.mark.parametrize("levels", [256, 17])
def test_a_rounding_error_of_one_pixel_does_not_grow_from_pixel_to_pixel(levels):
    options = {
        "squeeze": (4, 2),
        "couplings": (0, 0),
        "multiscale_passes": 1,
        "checkerboard": 0,
        "alpha": 1e-4,
        "width": 16,
    }
    flow = perturbed(Flow((8, 8, 1), levels, **options), scale=0.5)
    noise = np.random.default_rng(1).integers(0, levels - 1, (50, 8, 8, 1)).astype(np.float32)
    shift = np.zeros((1, 8, 8, 1), np.float32)
    shift[:, ::4, ::4] = 0.01

    def change_of_others(part):
        """Largest change of the other pixels' latents when the coarsest pixels change by a hundredth of a level."""
        latents = [
            flow.flow.bijector.inverse(tf.constant((noise + part + offset) / levels)).numpy()
            for offset in (-shift, shift)
        ]
        changes = np.abs(latents[1] - latents[0])
        assert np.median(changes[:, :4]) > 1e-5  # the latents of the coarsest pixels change
        return changes[:, 4:].max()

    # Almost no change at the middle of a level, from which `encode` computes latents.
    assert change_of_others(0.5) < 0.02 * change_of_others(1.0)
    whole = noise.astype(np.uint8)
    whole[0], whole[1] = 0, levels - 1
    assert float(tf.reduce_max(flow.inversion_error(whole))) < 2e-5


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"multiscale_passes": 1}, 4),
        ({"multiscale_passes": 2}, 4),
        ({"multiscale_passes": 1, "checkerboard": 1}, 0),
        ({"multiscale_passes": 1, "squeeze": (2, 2), "couplings": (0, 0)}, 8),
        ({"multiscale_passes": 1, "squeeze": (2, 2), "couplings": (1, 0)}, 4),
        ({"multiscale_passes": 2, "squeeze": (2, 2), "couplings": (0, 0)}, 4),
    ],
)
def test_only_networks_that_read_pixels_have_soft_rounding(options, expected):
    flow = Flow((8, 8, 1), 17, **{"squeeze": (2,), "couplings": (1,), "checkerboard": 0, "width": 4, **options})
    found = [any(isinstance(layer, SoftRound) for layer in network.layers) for network in flow.conditioners]
    # One conditioner per pixel of a block, except for the first pixel in all levels but the last.
    last = len(flow.config.squeeze) == 1
    assert sum(found) == (expected if last else expected - 1)


@pytest.mark.parametrize("shape", [(8, 8, 1), (2,)])
def test_the_inversion_error_is_the_distance_from_the_reconstruction(shape, digits, monkeypatch):
    image = len(shape) == 3
    examples = digits[:20] if image else np.random.default_rng(0).standard_normal((20, 2)).astype(np.float32)
    flow = Flow(shape, 17 if image else None, **({"squeeze": (2,), "couplings": (2,), "width": 8} if image else {}))
    flow.initialize_from(examples)
    found = flow.diagnostics(examples)
    assert set(found) == {"inversion_error", "mean_inversion_error"}
    assert 0.0 < found["mean_inversion_error"] <= found["inversion_error"] < 1e-4
    back = flow.decode(flow.encode(examples)).numpy()
    back[3] += 0.5
    monkeypatch.setattr(flow, "decode", lambda latent, label=None: back)
    broken = flow.diagnostics(examples)
    assert broken["inversion_error"] == pytest.approx(0.5, abs=1e-4)
    assert broken["mean_inversion_error"] == pytest.approx(0.5 / 20, abs=1e-4)
