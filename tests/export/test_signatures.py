import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import slow_except
from tfgen import random
from tfgen.export import parity
from tfgen.export.signatures import LARGEST_TEMPERATURE, signatures
from tfgen.models import latent_paths

FAMILIES = ("vae-mlp", "vae-conv", "vae-mixture", "vae-flow-prior", "gan", "mad-gan", "flow", "points")
INT32 = np.iinfo(np.int32)


class Traced:
    """An artefact that runs the traced signatures themselves, without a format."""

    def __init__(self, model):
        self._functions = {name: signature.traced() for name, signature in signatures(model).items()}
        self.names = list(self._functions)

    def run(self, name, inputs):
        return {key: value.numpy() for key, value in self._functions[name](*map(tf.constant, inputs.values())).items()}

    def __call__(self, name, *inputs):
        (value,) = self._functions[name](*map(tf.constant, inputs)).values()
        return value.numpy()


# `test_tflite.py` compares an image flow too.
@pytest.fixture(scope="module", params=slow_except(FAMILIES, "vae-mlp", "gan", "points"))
def family(request, tiny_models):
    return request.param, tiny_models(request.param)


@pytest.fixture(scope="module")
def model(family):
    return family[1]


@pytest.fixture(scope="module")
def ask(model):
    return Traced(model)


@pytest.fixture(scope="module")
def examples(family, tiny_data):
    name, model = family
    whole = tiny_data[name][:8]
    return (whole / np.float32(16) if model.is_image else whole).astype(np.float32)


def test_every_signature_has_the_output_of_the_keras_model(model, ask, examples):
    found = parity.compare(model, ask, examples, "float32")
    assert list(found) == ask.names
    parity.check("signatures", found)


def test_a_seed_has_the_same_picture_in_every_batch(model, ask):
    pictures = model.sample(5, seed=INT32.max - 2).numpy()  # the last two seeds wrap around
    seeds = np.asarray([INT32.max - 2, INT32.max - 1, INT32.max, INT32.min, INT32.min + 1], np.int32)
    np.testing.assert_allclose(ask("sample", seeds, np.ones(5, np.float32)), pictures, atol=1e-5)
    np.testing.assert_allclose(ask("sample", seeds[3:4], np.ones(1, np.float32)), pictures[3:4], atol=1e-5)


def test_an_interpolation_is_the_slerp_between_the_noises_of_two_samples(model, ask):
    positions = np.linspace(0, 1, 5, dtype=np.float32)
    row = ask("interpolate", np.full(5, 3, np.int32), np.full(5, -9, np.int32), positions)
    np.testing.assert_allclose(row[0], model.sample(1, seed=3)[0], atol=1e-5)
    np.testing.assert_allclose(row[-1], model.sample(1, seed=-9)[0], atol=1e-5)
    ends = tf.reshape(model.normal_noise([3, -9]), (2, -1))
    path = tf.reshape(latent_paths.slerp(ends[0], ends[1], 5), (5, *model.latent_shape))
    np.testing.assert_allclose(row, model.decode(model.latents_from(path)), atol=1e-5)


@pytest.mark.parametrize("temperature", [-1.0, np.nan, np.inf, -np.inf, 1e30])
def test_images_are_finite_for_every_temperature_and_seed(ask, temperature):
    seeds = np.asarray([INT32.min, -1, 0, INT32.max], np.int32)
    clipped = 1.0 if np.isnan(temperature) else np.clip(temperature, 0.0, LARGEST_TEMPERATURE)
    found = ask("sample", seeds, np.full(4, temperature, np.float32))
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(found, ask("sample", seeds, np.full(4, clipped, np.float32)))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30, -3.0])
def test_outputs_are_finite_for_every_latent_image_and_position(model, ask, examples, value):
    latents = np.full((2, *model.latent_shape), value, np.float32)
    latents[0, 1:] = 0.0
    assert np.isfinite(ask("decode", latents)).all()
    seeds = np.asarray([1, 2], np.int32)
    assert np.isfinite(ask("interpolate", seeds, seeds + 5, np.full(2, value, np.float32))).all()
    if model.can("encode"):
        odd = examples[:2].copy()
        odd[0, 0] = value
        assert np.isfinite(ask("encode", odd)).all()
        assert np.isfinite(ask("reconstruct", odd)).all()
        assert np.isfinite(ask("log_prob", odd, seeds) if model.is_image else ask("log_prob", odd)).all()


def test_images_are_in_the_unit_interval(model, ask):
    if model.is_image:
        warm = ask("sample", np.arange(64, dtype=np.int32), np.full(64, LARGEST_TEMPERATURE, np.float32))
        assert warm.min() >= 0.0
        assert warm.max() <= 1.0


def test_inputs_of_another_type_or_rank_are_rejected(ask):
    one = np.ones(1, np.float32)
    for seed in (one, np.ones((1, 1), np.int32), np.int32(1), np.ones(1, np.int64)):
        with pytest.raises((TypeError, ValueError)):
            ask("sample", seed, one)
    with pytest.raises((TypeError, ValueError)):
        ask("decode", np.zeros((1, 77), np.float32))


def test_a_likelihood_depends_on_the_image_and_the_seed_only(model, ask, examples):
    if not (model.is_image and model.can("log_prob")):
        pytest.skip("a likelihood without noise, or none")
    seeds = np.asarray([4, 4, -7, 5, 6, 7, 8, 9], np.int32)
    same = np.repeat(examples[:1], 8, axis=0)
    nats = ask("log_prob", same, seeds)
    np.testing.assert_allclose(nats[0], nats[1], rtol=1e-6)
    assert abs(nats[0] - nats[2]) > 1e-4
    np.testing.assert_allclose(
        ask("log_prob", examples[2:3], seeds[2:3]), ask("log_prob", examples, seeds)[2:3], rtol=1e-5
    )
    # Pixels are rounded to levels, so that a client's rounding error does not change the likelihood.
    np.testing.assert_array_equal(ask("log_prob", same * np.float32(1.0001), seeds), nats)
    np.testing.assert_allclose(ask("bits_per_dim", same, seeds), -nats / (64 * np.log(2)), rtol=1e-5)


def test_the_mean_likelihood_over_seeds_agrees_with_log_prob(model, ask, tiny_data, family):
    if not (model.is_image and model.can("log_prob")):
        pytest.skip("a likelihood without noise, or none")
    whole = np.repeat(tiny_data[family[0]][:1], 400, axis=0)
    rows = ask("log_prob", whole / np.float32(16), np.arange(400, dtype=np.int32))
    drawn = model.log_prob(whole, seed=1).numpy()
    error = np.sqrt((rows.var() + drawn.var()) / 400)
    assert abs(rows.mean() - drawn.mean()) < 4 * error


def test_a_model_has_signatures_for_the_methods_it_defines_only(tiny_models):
    assert list(signatures(tiny_models("gan"))) == ["sample", "interpolate", "decode"]
    assert list(signatures(tiny_models("points"))) == [
        "sample",
        "interpolate",
        "decode",
        "encode",
        "reconstruct",
        "log_prob",
    ]
    assert "bits_per_dim" in signatures(tiny_models("flow"))


def test_a_fixed_batch_size_applies_to_every_input(tiny_models):
    for signature in signatures(tiny_models("vae-mlp"), batch=3).values():
        assert {spec.shape[0] for spec in signature.inputs.values()} == {3}


def test_encoding_with_random_binarization_depends_on_the_image_only(tiny_models, tiny_data):
    model, images = tiny_models("vae-mlp"), tiny_data["vae-mlp"]
    assert model.config.binarize == "dynamic"
    np.testing.assert_allclose(model.encode(images[5:6]), model.encode(images[:8])[5:6], rtol=1e-5, atol=1e-6)
    with random.PerExampleRng(tf.constant([1, 1], tf.int32)) as rng:
        pair = model.preprocess(np.stack([images[0]] * 2), rng)[0].numpy()
    np.testing.assert_array_equal(pair[0], pair[1])


# -- conditional models --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ask_conditional(conditional_model):
    return Traced(conditional_model)


@pytest.fixture(scope="module")
def digits8(tiny_data):
    return (tiny_data["vae-mlp"][:8] / np.float32(16)).astype(np.float32)


def test_every_signature_of_a_conditional_model_has_the_output_of_the_keras_model(
    conditional_model, ask_conditional, digits8
):
    found = parity.compare(conditional_model, ask_conditional, digits8, "float32")
    assert list(found) == ask_conditional.names
    parity.check("signatures", found)


def test_a_label_gives_the_sample_of_its_class_and_minus_one_the_class_that_the_seed_draws(
    conditional_model, ask_conditional
):
    seeds, ones = np.arange(6, dtype=np.int32), np.ones(6, np.float32)
    labels = np.asarray([0, 1, 2, 0, 1, 2], np.int32)
    np.testing.assert_allclose(
        ask_conditional("sample", seeds, ones, labels), conditional_model.sample(6, seed=0, label=labels), atol=1e-5
    )
    np.testing.assert_allclose(
        ask_conditional("sample", seeds, ones, np.full(6, -1, np.int32)), conditional_model.sample(6, seed=0), atol=1e-5
    )


def test_labels_out_of_range_are_replaced(ask_conditional):
    seeds, ones = np.zeros(4, np.int32), np.ones(4, np.float32)
    found = ask_conditional("sample", seeds, ones, np.asarray([3, INT32.max, 2, INT32.min], np.int32))
    np.testing.assert_allclose(found[:2], found[[2, 2]], atol=1e-6)
    drawn = ask_conditional("sample", seeds[:1], ones[:1], np.asarray([-1], np.int32))
    np.testing.assert_allclose(found[3:], drawn, atol=1e-6)


def test_an_interpolation_goes_from_class_to_class_at_a_fixed_latent(conditional_model, ask_conditional):
    seeds, position = np.full(3, 5, np.int32), np.asarray([0.0, 0.5, 1.0], np.float32)
    labels = np.zeros(3, np.int32), np.full(3, 2, np.int32)
    found = ask_conditional("interpolate", seeds, seeds, position, *labels)
    np.testing.assert_allclose(found[:1], conditional_model.sample(1, seed=5, label="cat"), atol=1e-5)
    np.testing.assert_allclose(found[2:], conditional_model.sample(1, seed=5, label="owl"), atol=1e-5)
    half = conditional_model.decode(conditional_model.prior_latents([5], label=0), tf.constant([[0.5, 0.0, 0.5]]))
    np.testing.assert_allclose(found[1:2], half, atol=1e-5)


def test_the_ends_of_an_interpolation_without_labels_are_the_samples_of_its_seeds(conditional_model, ask_conditional):
    none = np.full(2, -1, np.int32)
    seeds = np.full(2, 3, np.int32), np.full(2, 4, np.int32)
    found = ask_conditional("interpolate", *seeds, np.asarray([0.0, 1.0], np.float32), none, none)
    np.testing.assert_allclose(found, conditional_model.sample(2, seed=3), atol=1e-5)


def test_the_likelihood_without_a_label_is_the_marginal(conditional_model, ask_conditional, digits8):
    seeds = np.asarray(random.seeds_from(0, 8))
    found = ask_conditional("log_prob", digits8, seeds, np.full(8, -1, np.int32))
    whole = np.rint(digits8 * 16).astype(np.uint8)
    np.testing.assert_allclose(found, conditional_model.log_prob(whole, seed=0), rtol=1e-4)
    of_class = ask_conditional("log_prob", digits8, seeds, np.full(8, 1, np.int32))
    np.testing.assert_allclose(of_class, conditional_model.log_prob(whole, seed=0, label="dog"), rtol=1e-4)
    assert np.abs(found - of_class).max() > 1e-2


CONDITIONAL = {
    "vae": {"hidden": (16,), "latent_dim": 3, "likelihood": "logistic_mixture", "mixtures": 2},
    "vae-flow-prior": {"hidden": (16,), "latent_dim": 4, "prior": "flow", "prior_couplings": 2, "prior_hidden": (8,)},
    "gan": {"generator_hidden": (16,), "discriminator_hidden": (16,), "latent_dim": 4},
    "flow": {"width": 8, "checkerboard": 2, "squeeze": (2, 2), "couplings": (2, 2)},
}


# The default suite compares `conditional_model`.
@pytest.mark.slow
@pytest.mark.parametrize("name", CONDITIONAL)
def test_conditional_models_of_every_family_have_the_output_of_the_keras_model(name):
    import keras

    from tfgen.data import load
    from tfgen.models import family

    train = load("digits").train
    keras.utils.set_random_seed(0)
    model = family(name.partition("-")[0])((8, 8, 1), 17, classes=tuple("0123456789"), **CONDITIONAL[name])
    model.compile(keras.optimizers.Adam(3e-3))
    model.fit(train.images[:256], train.labels[:256], batch_size=64, verbose=0)
    found = parity.compare(model, Traced(model), (train.images[:12] / np.float32(16)).astype(np.float32), "float32")
    assert set(found) == set(signatures(model))
    parity.check("signatures", found)
