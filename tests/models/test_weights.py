"""A model's weights in a small file: everything it answers by, rounded to 16 or 24 bits, and nothing else."""

import hashlib

import keras
import numpy as np
import pytest

from tfgen.errors import RunError
from tfgen.models.weights import FORMATS, inference_variables, load_weights, rounded, save_weights

NAMES = ["vae-mlp", "vae-conv", "vae-mixture", "vae-flow-prior", "gan", "flow", "points"]


@pytest.fixture
def fresh(tiny_models):
    """A function from a name to an untrained model of that configuration."""

    def make(name, **more):
        model = tiny_models(name)
        return type(model).from_config({**model.get_config(), **more})

    return make


def halved(value):
    return np.asarray(value).astype(np.float16).astype(np.float32)


def answers(model, examples):
    """Everything that a model says of seeds and of examples, by question."""
    found = {"sample": model.sample(8, seed=3)}
    if model.can("encode"):
        found["encode"] = model.encode(examples)
    if model.can("log_prob"):
        found["log_prob"] = model.log_prob(examples, samples=2, seed=1)
    return {question: np.asarray(answer) for question, answer in found.items()}


@pytest.mark.parametrize("name", NAMES)
def test_a_model_built_anew_answers_exactly_as_the_one_with_rounded_weights(
    name, tiny_models, fresh, tiny_data, tmp_path
):
    model = tiny_models(name)
    # The reference is Keras's own copy, every variable of which is rounded where it stands.
    model.save(tmp_path / "model.keras")
    reference = keras.models.load_model(tmp_path / "model.keras", compile=False)
    for variable in reference.weights:
        variable.assign(halved(variable))
    sha256 = save_weights(model, tmp_path / "weights.npz")
    unpacked = fresh(name)
    load_weights(unpacked, tmp_path / "weights.npz", sha256)
    for ours, theirs in zip(unpacked.weights, model.weights, strict=True):
        np.testing.assert_array_equal(ours, halved(theirs))
    expected = answers(reference, tiny_data[name][:16])
    found = answers(unpacked, tiny_data[name][:16])
    for question, answer in expected.items():
        np.testing.assert_array_equal(found[question], answer, err_msg=question)
    # And rounding is what it is: close to the model itself, but not equal.
    assert not np.array_equal(found["sample"], np.asarray(model.sample(8, seed=3)))


@pytest.mark.parametrize("name", ["vae-mlp", "gan", "flow"])
def test_averages_are_stored_in_place_of_the_weights_and_not_beside_them(name, fresh, tiny_data, tmp_path):
    model = fresh(name, ema=0.9)
    model.initialize_from(tiny_data[name][:64])
    model.compile(keras.optimizers.Adam(1e-2))
    model.fit(tiny_data[name], batch_size=64, epochs=2, verbose=0)
    own = np.asarray(model.sample(8))
    with model.averaged_weights():
        averaged = np.asarray(model.sample(8))
        model.save(tmp_path / "model.keras")
    assert np.abs(own - averaged).max() > 1e-3
    loaded = keras.models.load_model(tmp_path / "model.keras", compile=False)
    sha256 = save_weights(loaded, tmp_path / "weights.npz")
    unpacked = fresh(name)
    load_weights(unpacked, tmp_path / "weights.npz", sha256)
    assert len(inference_variables(loaded)) == len(unpacked.weights) < len(loaded.weights)
    for variable in loaded.weights:
        variable.assign(halved(variable))
    np.testing.assert_array_equal(unpacked.sample(8), loaded.sample(8))
    np.testing.assert_allclose(unpacked.sample(8), averaged, atol=2e-3)


def test_the_file_holds_half_precision_and_is_the_same_each_time(tiny_models, tmp_path):
    model = tiny_models("flow")
    first, second = tmp_path / "a.npz", tmp_path / "b.npz"
    assert save_weights(model, first) == save_weights(model, second)
    assert save_weights(model, first) == hashlib.sha256(first.read_bytes()).hexdigest()
    with np.load(first) as saved:
        assert {saved[name].dtype for name in saved.files} == {np.dtype(np.float16)}
        assert [name.split("-")[1] for name in saved.files] == [variable.name for variable in model.weights]


@pytest.mark.parametrize("form", FORMATS)
def test_rounding_takes_the_nearest_number_of_the_format_and_of_two_the_even_one(form):
    digits = FORMATS[form]
    rng = np.random.default_rng(0)
    # Above the numbers that float16 holds with fewer digits.
    numbers = rng.uniform(0.01, 1.0, 100_000) * rng.choice([-1.0, 1.0], 100_000) * 10.0 ** np.linspace(-2, 2, 100_000)
    mantissa, exponent = np.frexp(numbers.astype(np.float32).astype(np.float64))
    nearest = np.ldexp(np.rint(np.ldexp(mantissa, digits + 1)), exponent - digits - 1)
    found = rounded(numbers.astype(np.float32), form)
    np.testing.assert_array_equal(found.astype(np.float64), nearest)
    np.testing.assert_array_equal(rounded(found.astype(np.float32), form), found)
    # Halfway between two, above and below; and a carry that goes through to the exponent.
    step = 2.0**-digits
    ties = np.array([1 + step / 2, 1 + 3 * step / 2, -1 - step / 2, 2 - step / 4, 0.0], np.float32)
    np.testing.assert_array_equal(rounded(ties, form).astype(np.float64), [1, 1 + 2 * step, -1, 2, 0])
    assert rounded(np.array([3, 5]), form).dtype == np.int64
    assert rounded(numbers.astype(np.float32), form).dtype == (np.float16 if form == "float16" else np.float32)


def test_24_bits_keep_what_16_cannot_and_say_when_a_number_is_beyond_them(fresh, tmp_path):
    model = fresh("gan")
    kernel = model.generator.weights[0]
    kernel.assign(np.full(kernel.shape, 70_000.0, np.float32))
    unpacked = fresh("gan")
    load_weights(unpacked, tmp_path / "w.npz", save_weights(model, tmp_path / "w.npz", "float24"))
    np.testing.assert_array_equal(unpacked.generator.weights[0], np.full(kernel.shape, 70_000.0, np.float32))
    largest = np.finfo(np.float32).max
    for value in (np.nan, np.inf, largest):
        kernel.assign(np.full(kernel.shape, value, np.float32))
        with pytest.raises(RunError, match=r"Expected weights up to 3\.4"):
            save_weights(model, tmp_path / "w.npz", "float24")


@pytest.mark.parametrize("value", [np.nan, np.inf, 70_000.0])
def test_a_weight_that_half_precision_does_not_have_is_refused(value, fresh, tmp_path):
    model = fresh("gan")
    kernel = model.generator.weights[0]
    kernel.assign(np.full(kernel.shape, value, np.float32))
    with pytest.raises(RunError, match="Expected weights up to 65504"):
        save_weights(model, tmp_path / "weights.npz")
    assert not (tmp_path / "weights.npz").exists()


def test_damaged_weights_and_those_of_another_model_are_refused(tiny_models, fresh, tmp_path):
    file = tmp_path / "weights.npz"
    sha256 = save_weights(tiny_models("gan"), file)
    with pytest.raises(RunError, match=r"arrays of this model's weights in .*another version of tfgen packed it"):
        load_weights(fresh("flow"), file, sha256)
    whole = file.read_bytes()
    for damaged in (whole[:-100], b"", whole[:500] + bytes([whole[500] ^ 1]) + whole[501:]):
        file.write_bytes(damaged)
        with pytest.raises(RunError, match="the file is damaged"):
            load_weights(fresh("gan"), file, sha256)
    file.unlink()
    with pytest.raises(RunError, match="which is missing"):
        load_weights(fresh("gan"), file, sha256)
